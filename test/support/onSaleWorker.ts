/**
 * A process that registers people during an on-sale. It registers five hundred people of its own for the hot event. Then it
 * registers every other one of them for all of the shared events in one batch, and each of the rest for one of these. Its
 * result is the time in milliseconds.
 *
 * Arguments: the database, its name, the hot event, the shared events.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Effect } from "effect"
import * as WorkerScript from "./WorkerScript.ts"

const PEOPLE = 500
const CALLERS = 64

const [url = "", actor = "", hot = "", ...shared] = process.argv.slice(2)

const sell = Effect.fnUntraced(function* (n: number) {
  const turnout = yield* Turnout
  const attendee = { email: `${actor}-${n}@example.com` }
  yield* turnout.register(hot, { attendee }, { actor })
  if (n % 2 === 1) return yield* turnout.register(shared[(n >> 1) % shared.length]!, { attendee }, { actor })
  // The batches name the shared events in both orders. A store that locked them in the order of a batch would deadlock.
  const order = n % 4 === 0 ? shared : shared.toReversed()
  return yield* turnout.executeAll(
    order.map((eventId) => ({
      command: {
        _tag: "Register" as const,
        eventId: eventId as EventId,
        attendee: fromInput(attendee),
        notes: "",
        registeredAt: null
      },
      options: { actor }
    }))
  )
})

await WorkerScript.run(
  url,
  Effect.gen(function* () {
    yield* Turnout.use((turnout) => turnout.ready)
    yield* WorkerScript.ready
    const began = performance.now()
    const people = Array.from({ length: PEOPLE }, (_, index) => index + 1)
    yield* Effect.forEach(people, sell, { concurrency: CALLERS, discard: true })
    return Math.round(performance.now() - began)
  })
)
