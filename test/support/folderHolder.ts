/**
 * A process, or a thread, that holds a data folder. It obeys four orders:
 *
 * - `{ open: folder }` opens the folder. The answer is `held`, or the reason why the folder cannot be held.
 * - `"write"` creates an event. The answer is its id.
 * - `"count"` counts the events. The answer is their number.
 * - `"close"` closes the folder. The answer is `closed`.
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
