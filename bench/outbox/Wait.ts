/**
 * Waiting for something that others do.
 */
import { setTimeout as sleep } from "node:timers/promises"

const LOOK_MILLIS = 5

/** What waits until it is so, looking often; whatever takes longer than that has failed. */
export const within =
  (longestMillis: number) =>
  async (isSo: () => boolean | Promise<boolean>, what: string): Promise<void> => {
    const deadline = performance.now() + longestMillis
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`waited too long until ${what}`)
      await sleep(LOOK_MILLIS)
    }
  }
