/**
 * A process that sells. It registers five hundred people of its own for the hot event, and then every other one of them for
 * all of the shared events in one go, and the rest for one of these each. Its result is how many milliseconds that took.
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
  // In one order and in the other: whoever locks in the order of asking meets somebody head-on.
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
