/**
 * The contract of a store of replays, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my replays", layer)
 * ```
 *
 * Each test has a sink and events of its own.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { everything, type Selection } from "@turnout/core/delivery/domain/Replay"
import { slotOf } from "@turnout/core/journal/domain/Slot"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { type HeldReplay, Replays } from "@turnout/core/delivery/ports/Replays"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import { SPAN, stream } from "./outbox/OutboxGiven.ts"

const LONG = 120_000
const NOBODY = "00000000-0000-4000-8000-000000000000"

const use = <A, E, R>(f: (replays: Replays["Service"]) => Effect.Effect<A, E, R>) => Replays.use(f)

const newSink = Effect.gen(function* () {
  const sink = `sink ${randomUUID()}`
  yield* Outbox.use((outbox) => outbox.register(sink, "now"))
  return sink
})

const start = (sink: string, selection: Partial<Selection>, perSecond: number | null = null) =>
  use((replays) => replays.start({ sink, selection: { ...everything, ...selection }, perSecond, who: "ada" }))

const claim = (sink: string, ttlMillis = LONG) =>
  Effect.map(
    use((replays) => replays.claim(sink, "worker", ttlMillis)),
    (held) => held ?? assert.fail("there is nothing to claim")
  )

/** Reads all entries of a replay from its place on, and gives them and the place after them. */
const readAll = Effect.fnUntraced(function* ({ place: from, replay }: HeldReplay, limit = 100) {
  const entries = []
  let place = from
  while (true) {
    const slice = yield* use((replays) => replays.read(replay, place, limit))
    assert.isAtMost(slice.entries.length, limit)
    entries.push(...slice.entries)
    place = slice.place
    if (slice.isLast) return { entries, place }
  }
})

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | AuditLog | Outbox | OutboxOperations | Replays, E>
): void => {
  describe(`replays: ${name}`, () => {
    const services = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("gives the entries of a stream in order, in pages of any size, and counts them before", () =>
        Effect.gen(function* () {
          const sink = yield* newSink
          const eventId = yield* stream(5)
          yield* stream(1)
          const replay = yield* start(sink, { stream: eventId })
          assert.deepInclude(replay, { sink, state: "running", total: 7, sent: 0, who: "ada", error: null })
          const held = yield* claim(sink)
          assert.strictEqual(held.replay.id, replay.id)
          for (const limit of [1, 2, 7, 100]) {
            const { entries } = yield* readAll(held, limit)
            assert.deepStrictEqual(
              entries.map(({ delivery, slot }) => [delivery.eventId, delivery.version, slot]),
              [1, 2, 3, 4, 5, 6, 7].map((version) => [eventId, version, slotOf(eventId)])
            )
          }
          const { entries } = yield* readAll(held, 3)
          assert.include(entries.at(-1)?.delivery.metadata.traceParent, SPAN.traceId)
          const behind = yield* readAll({ ...held, place: entries[3]!.place })
          assert.deepStrictEqual(
            behind.entries.map(({ delivery }) => delivery.version),
            [5, 6, 7]
          )
        })
      )

      it.effect("selects by type, by time and by message, and by all of it together", () =>
        Effect.gen(function* () {
          const sink = yield* newSink
          const eventId = yield* stream(3)
          const all = yield* readAll(yield* Effect.andThen(start(sink, { stream: eventId }), claim(sink)))
          const [created, published, first, second] = all.entries.map(({ delivery }) => delivery)
          const versionsOf = Effect.fnUntraced(function* (selection: Partial<Selection>) {
            const own = yield* newSink
            const counted = yield* use((replays) => replays.count({ ...everything, ...selection }))
            const { total } = yield* start(own, selection)
            assert.strictEqual(total, counted)
            const { entries } = yield* readAll(yield* claim(own))
            assert.strictEqual(entries.length, total)
            return entries
              .filter(({ delivery }) => delivery.eventId === eventId)
              .map(({ delivery }) => delivery.version)
          })
          assert.deepStrictEqual(yield* versionsOf({ types: ["AttendeeRegistered"] }), [3, 4, 5])
          assert.deepStrictEqual(yield* versionsOf({ types: ["EventCreated", "EventPublished"] }), [1, 2])
          assert.deepStrictEqual(yield* versionsOf({ message: second!.id }), [4])
          assert.deepStrictEqual(yield* versionsOf({ message: randomUUID() }), [])
          const { occurredAt: from } = published!
          const expected = all.entries
            .map(({ delivery }) => delivery)
            .filter(({ occurredAt }) => occurredAt >= from)
            .map(({ version }) => version)
          assert.deepStrictEqual(yield* versionsOf({ from }), expected)
          const before = all.entries
            .map(({ delivery }) => delivery)
            .filter(({ occurredAt }) => occurredAt < first!.occurredAt)
            .map(({ version }) => version)
          assert.deepStrictEqual(yield* versionsOf({ to: first!.occurredAt }), before)
          assert.deepStrictEqual(yield* versionsOf({ to: created!.occurredAt, stream: eventId }), [])
        })
      )

      it.effect("does not include entries that are written after it began", () =>
        Effect.gen(function* () {
          const sink = yield* newSink
          const eventId = yield* stream(1)
          yield* start(sink, { stream: eventId })
          yield* Given.register(eventId, 2)
          const { entries } = yield* readAll(yield* claim(sink))
          assert.strictEqual(entries.length, 3)
        })
      )

      it.effect(
        "is carried out by one relay at a time, goes on where it was, and refuses a relay that has lost it",
        () =>
          Effect.gen(function* () {
            const sink = yield* newSink
            const eventId = yield* stream(3)
            const { id } = yield* start(sink, { stream: eventId })
            const first = yield* claim(sink, 100)
            assert.isUndefined(yield* use((replays) => replays.claim(sink, "another", LONG)))
            const { entries } = yield* readAll(first)
            const advance = (held: HeldReplay, sent: number, ttlMillis = LONG) =>
              use((replays) =>
                replays.advance(
                  { ...held, id, place: entries[sent - 1]!.place, sent, state: "running", error: null },
                  ttlMillis
                )
              )
            assert.deepInclude(yield* advance(first, 2, 100), { sent: 2, state: "running" })
            yield* Effect.sleep(150)
            const second = yield* claim(sink)
            assert.isAbove(second.epoch, first.epoch)
            assert.strictEqual((yield* readAll(second)).entries.length, 3)
            assert.isUndefined(yield* advance(first, 4), "its lease has been taken over")
            assert.deepInclude(yield* advance(second, 3), { sent: 3 })
            assert.deepInclude(yield* advance(second, 3), { sent: 3 }, "its answer may have been lost")
            assert.isUndefined(yield* advance(second, 2), "what is carried out late takes nothing back")
            yield* use((replays) => replays.release({ ...first, id }))
            assert.isUndefined(
              yield* use((replays) => replays.claim(sink, "another", LONG)),
              "a relay cannot give back a lease that it has lost"
            )
            yield* use((replays) => replays.release({ ...second, id }))
            const third = yield* use((replays) => replays.claim(sink, "another", LONG))
            assert.deepStrictEqual([third?.place, third?.replay.sent], [entries[2]!.place, 3])
          })
      )

      it.effect("is stopped, resumed, cancelled and finished, and says what is not possible", () =>
        Effect.gen(function* () {
          const sink = yield* newSink
          const eventId = yield* stream(1)
          const { id } = yield* start(sink, { stream: eventId })
          const held = yield* claim(sink)
          const end = (state: "stopped" | "finished", held: HeldReplay) =>
            use((replays) => replays.advance({ ...held, id, sent: 1, state, error: "no" }, LONG))
          const stopped = yield* end("stopped", held)
          assert.deepInclude(stopped, { state: "stopped", error: "no", endedAt: null })
          assert.isUndefined(yield* use((replays) => replays.claim(sink, "worker", LONG)))
          assert.deepInclude(yield* use((replays) => replays.resume(id, "grace")), { state: "running", error: null })
          const again = yield* Effect.flip(use((replays) => replays.resume(id, "grace")))
          assert.deepInclude(again, { _tag: "ReplayNotOpen", state: "running" })
          const finished = yield* end("finished", yield* claim(sink))
          assert.strictEqual(finished?.state, "finished")
          assert.isNotNull(finished?.endedAt)
          const over = yield* Effect.flip(use((replays) => replays.cancel(id, "grace")))
          assert.deepInclude(over, { _tag: "ReplayNotOpen", state: "finished" })

          const other = yield* start(sink, { stream: eventId })
          const running = yield* claim(sink)
          assert.strictEqual((yield* use((replays) => replays.cancel(other.id, "grace"))).state, "cancelled")
          const late = { ...running, id: other.id, sent: 1 }
          assert.isUndefined(
            yield* use((replays) => replays.advance({ ...late, state: "finished", error: null }, LONG)),
            "a replay that was cancelled stays so"
          )
          const audit = yield* AuditLog.use(({ list }) => list({ after: null, limit: 200 }))
          const own = audit.filter(({ details }) => details["sink"] === sink)
          assert.deepStrictEqual(
            own.map(({ action, who }) => [action, who]),
            [
              ["outbox.replay.cancel", "grace"],
              ["outbox.replay", "ada"],
              ["outbox.replay.resume", "grace"],
              ["outbox.replay", "ada"]
            ]
          )
        })
      )

      it.effect("lists the latest first, and says what is not there", () =>
        Effect.gen(function* () {
          const sink = yield* newSink
          const ids: Array<string> = []
          for (let n = 0; n < 3; n++) ids.push((yield* start(sink, { stream: NOBODY as never })).id)
          const [third, second, first] = yield* use((replays) => replays.list({ after: null, limit: 3 }))
          assert.deepStrictEqual([first?.id, second?.id, third?.id], ids)
          const next = yield* use((replays) => replays.list({ after: second!.id, limit: 1 }))
          assert.deepStrictEqual(next, [first!])
          assert.deepStrictEqual(yield* use((replays) => replays.get(ids[0]!)), first)
          assert.strictEqual((yield* Effect.flip(use((replays) => replays.get(NOBODY))))._tag, "ReplayNotFound")
          assert.strictEqual(
            (yield* Effect.flip(use((replays) => replays.cancel(NOBODY, "ada"))))._tag,
            "ReplayNotFound"
          )
          assert.strictEqual((yield* Effect.flip(start("nobody's", {})))._tag, "SinkNotFound")
        })
      )

      it.effect("is deleted when its sink is forgotten", () =>
        Effect.gen(function* () {
          const sink = yield* newSink
          const { id } = yield* start(sink, { stream: NOBODY as never })
          yield* OutboxOperations.use((operations) => operations.forget(sink, "ada"))
          assert.strictEqual((yield* Effect.flip(use((replays) => replays.get(id))))._tag, "ReplayNotFound")
          const { sinks } = yield* OutboxOperations.use(({ status }) => status)
          assert.isFalse(sinks.some(({ name }) => name === sink))
          const again = yield* Effect.flip(OutboxOperations.use((operations) => operations.forget(sink, "ada")))
          assert.strictEqual(again._tag, "SinkNotFound")
        })
      )
    })
  })
}
