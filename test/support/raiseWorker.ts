/**
 * A process that raises the capacity of an event, which makes more promotions due than one commit takes, and carries on
 * with the promotions until it ends. Its result is the answer. Arguments: the database, the event, the capacity.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import { Effect } from "effect"
import * as WorkerScript from "./WorkerScript.ts"

const [url = "", eventId = "", capacity = ""] = process.argv.slice(2)

await WorkerScript.run(
  url,
  Effect.gen(function* () {
    yield* Turnout.use((turnout) => turnout.ready)
    yield* WorkerScript.ready
    process.send!(yield* Turnout.use((turnout) => turnout.changeCapacity(eventId, { capacity: Number(capacity) })))
    return yield* Effect.never
  })
)
