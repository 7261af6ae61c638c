/**
 * One process of a server, in itself: it serves with the options that the primary has handed to it, reports to the primary, and lets
 * the primary decide when it stops.
 *
 * - SIGTERM, which the primary sends, stops it as it stops a server of one process; once is enough, and more of them change nothing,
 *   since a supervisor may signal the primary and all processes at once.
 * - SIGINT is left to the primary: Ctrl-C in a terminal signals all processes of the group.
 * - The end of the primary stops it as SIGTERM does. The port is closed by then, since only the primary listens at it.
 */
import cluster from "node:cluster"
import type * as Running from "../../../Running.ts"
import type * as Mailing from "../Mailing.ts"
import * as Serving from "../Serving.ts"
import type { ServeOptions } from "../ServeOptions.ts"
import * as StopTime from "../StopTime.ts"
import * as Report from "./Report.ts"

/** Sends a report. A primary that is gone needs none. */
const tell = (report: Report.Report): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve()
    process.send(report, undefined, undefined, () => resolve())
  })

const byPrimary: Running.StopRequests = (stop) => {
  let isAsked = false
  const once = () => {
    if (isAsked) return
    isAsked = true
    stop("SIGTERM")
  }
  const left = () => undefined
  const orphaned = () => {
    // Without this, Node ends the process in the middle of its requests.
    cluster.worker!.exitedAfterDisconnect = true
    once()
  }
  process.on("SIGINT", left).on("SIGTERM", once)
  cluster.worker!.on("disconnect", orphaned)
  return () => {
    process.off("SIGINT", left).off("SIGTERM", once)
    cluster.worker!.off("disconnect", orphaned)
  }
}

/** Serves until the process is stopped. A failure before it serves is reported to the primary, and said by no one else. */
export const run = async (options: ServeOptions, open: boolean, mailing: Mailing.Way): Promise<boolean> => {
  let isServing = false
  const surroundings: Serving.Surroundings = {
    onServing: (address, metrics) => {
      isServing = true
      void tell(Report.serving(address, metrics ?? null))
    },
    stopRequests: byPrimary,
    stopMillis: StopTime.of(options, mailing) + StopTime.BEYOND_MILLIS
  }
  try {
    return await Serving.runIn(surroundings, options, open, mailing)
  } catch (error) {
    if (isServing) throw error
    await tell(Report.failed(error))
    return false
  }
}
