/**
 * The contract of an outbox about reading the journal.
 */
import { assert, describe } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect } from "effect"
import * as Given from "../../../support/Given.ts"
import {
  use,
  newSink,
  claim,
  stream,
  another,
  readAll,
  versions,
  upTo,
  leaseOf,
  blockOf,
  type It
} from "./OutboxGiven.ts"

export const reading = (it: It): void => {
  describe("reading", () => {
    it.effect("O2, O3: gives a sink every entry from the beginning, each stream in order", () =>
      Effect.gen(function* () {
        const streams = yield* Effect.forEach(upTo(12), () => stream(4))
        for (const limit of [1, 3, 100]) {
          const sink = yield* newSink("beginning")
          const { deliveries } = yield* readAll(sink, yield* claim(sink), limit)
          for (const eventId of streams) assert.deepStrictEqual(versions(deliveries, eventId), upTo(6))
        }
      })
    )

    it.effect("gives a sink that begins now no entry from before", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(1)
        const sink = yield* newSink("now")
        yield* another(eventId, 2)
        const { deliveries } = yield* readAll(sink, yield* claim(sink))
        assert.deepStrictEqual(versions(deliveries, eventId), [4])
      })
    )

    it.effect("tells every listener of each commit, until it stops listening", () =>
      Effect.gen(function* () {
        const told: Array<string> = []
        const listen = (name: string) => use(({ onCommit }) => Effect.sync(() => onCommit(() => told.push(name))))
        const [stop, stopOther] = [yield* listen("first"), yield* listen("second")]
        // Creating and publishing the event are two commits.
        yield* stream(0)
        assert.deepStrictEqual(told.splice(0), ["first", "second", "first", "second"])
        stop()
        stop()
        yield* stream(0)
        assert.deepStrictEqual(told.splice(0), ["second", "second"])
        stopOther()
        yield* stream(0)
        assert.deepStrictEqual(told, [])
      })
    )

    it.effect("gives an entry as the journal has it", () =>
      Effect.gen(function* () {
        const sink = yield* newSink()
        const eventId = yield* stream(1)
        const traceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        const options = { actor: "ada", correlationId: "request 1", causationId: "click 1", traceParent }
        yield* Turnout.Turnout.use((turnout) => turnout.register(eventId, Given.person(2), options))
        const { deliveries } = yield* readAll(sink, yield* claim(sink))
        assert.deepStrictEqual(deliveries.at(-1)?.metadata, options)
        const { items } = yield* Turnout.Turnout.use((turnout) => turnout.listJournal(eventId))
        const own = deliveries.filter((delivery) => delivery.eventId === eventId)
        assert.deepStrictEqual(
          own.map(({ payload, ...rest }) => ({ ...rest, payload: JSON.parse(payload) as unknown })),
          items.map((entry) => ({ ...entry }))
        )
      })
    )

    it.effect("O2: gives entries again that were not acknowledged, and no others", () =>
      Effect.gen(function* () {
        const sink = yield* newSink()
        const eventId = yield* stream(2)
        const first = yield* claim(sink)
        const lease = leaseOf(first, eventId)
        const read = yield* readAll(sink, first)
        assert.deepStrictEqual(versions(read.deliveries, eventId), upTo(4))
        assert.deepStrictEqual(versions((yield* readAll(sink, first)).deliveries, eventId), upTo(4))
        yield* use((outbox) =>
          outbox.acknowledge(sink, [{ ...lease, position: read.positionOf(lease.slot), blocked: [] }])
        )
        yield* another(eventId, 3)
        yield* use((outbox) => outbox.release(sink, first))
        const { deliveries } = yield* readAll(sink, yield* claim(sink))
        assert.deepStrictEqual(versions(deliveries, eventId), [5])
      })
    )

    it.effect("keeps the positions of sinks apart", () =>
      Effect.gen(function* () {
        const [one, other] = [yield* newSink(), yield* newSink()]
        const eventId = yield* stream(1)
        const claims = yield* claim(one)
        const lease = leaseOf(claims, eventId)
        const { positionOf } = yield* readAll(one, claims)
        const acknowledgement = { ...lease, position: positionOf(lease.slot), blocked: [blockOf(eventId, 2)] }
        yield* use((outbox) => outbox.acknowledge(one, [acknowledgement]))
        const { deliveries } = yield* readAll(other, yield* claim(other))
        assert.deepStrictEqual(versions(deliveries, eventId), upTo(3))
      })
    )

    it.effect("does not move a sink that is registered again", () =>
      Effect.gen(function* () {
        const sink = yield* newSink()
        const eventId = yield* stream(1)
        yield* use((outbox) => outbox.register(sink, "now"))
        const { deliveries } = yield* readAll(sink, yield* claim(sink))
        assert.deepStrictEqual(versions(deliveries, eventId), upTo(3))
      })
    )
  })
}
