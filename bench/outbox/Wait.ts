/**
 * Waits for other processes.
 */
import { setTimeout as sleep } from "node:timers/promises"

const LOOK_MILLIS = 5

/** Makes a function that looks every few milliseconds until `isSo` is true, and throws after `longestMillis`. */
export const within =
  (longestMillis: number) =>
  async (isSo: () => boolean | Promise<boolean>, what: string): Promise<void> => {
    const deadline = performance.now() + longestMillis
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`waited too long until ${what}`)
      await sleep(LOOK_MILLIS)
    }
  }
