/**
 * A process, or a thread of one, that holds a data folder when it is told to.
 *
 * It is told `{ open: folder }` and answers `held`, or why it does not hold the folder; `"write"`, and answers the id of an
 * event that it has created; `"count"`, and answers how many events there are; or `"close"`, and answers `closed`.
 */
import { createTurnout, type Turnout } from "turnout"
import { parentPort } from "node:worker_threads"
import * as Given from "./Given.ts"

export type Order = { readonly open: string } | "write" | "count" | "close"

let turnout: Turnout | undefined

const obey = async (order: Order): Promise<string> => {
  if (typeof order === "object") {
    turnout = createTurnout({ database: order.open })
    return turnout.ready().then(
      () => "held",
      (error: Error) => error.message
    )
  }
  if (order === "write") return (await turnout!.createEvent(Given.eventInput({}))).id
  if (order === "count") return String((await turnout!.listEvents({ limit: 100 })).items.length)
  await turnout!.close()
  return "closed"
}

const answer = (text: string) => (parentPort === null ? process.send!(text) : parentPort.postMessage(text, []))

;(parentPort ?? process).on("message", (order: Order) => void obey(order).then(answer))
answer("ready")
