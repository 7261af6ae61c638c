/**
 * The contract of an outbox about what operators see and decide.
 */
import { assert, describe } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Effect } from "effect"
import {
  LONG,
  use,
  newSink,
  claim,
  stream,
  another,
  readAll,
  upTo,
  leaseOf,
  blockOf,
  blockedStream,
  due,
  type It
} from "./OutboxGiven.ts"

export const operators = (it: It): void => {
  describe("for its operators", () => {
    const operate = <A, E, R>(f: (operations: OutboxOperations["Service"]) => Effect.Effect<A, E, R>) =>
      OutboxOperations.use(f)

    const statusOf = (sink: string) =>
      Effect.map(
        operate(({ status }) => status),
        ({ sinks }) => sinks.find(({ name }) => name === sink) ?? assert.fail("the sink is not there")
      )
    const nobody = "00000000-0000-7000-8000-000000000000" as EventId

    it.effect("shows the backlog of a sink, its age, and the relays that deliver it", () =>
      Effect.gen(function* () {
        const sink = yield* newSink()
        assert.deepInclude(yield* statusOf(sink), { backlog: 0, oldest: null, relays: 0, retrying: 0, parked: 0 })
        assert.strictEqual(yield* operate(({ relays }) => relays(sink)), 0)
        const eventId = yield* stream(3)
        yield* stream(0)
        yield* use((outbox) => outbox.announce(sink, "worker", LONG))
        const claims = yield* claim(sink)
        const before = yield* statusOf(sink)
        assert.deepInclude(before, { backlog: 7, isBacklogLarger: false, relays: 1 })
        assert.strictEqual(yield* operate(({ relays }) => relays(sink)), 1)
        assert.strictEqual(
          yield* operate(({ relays }) => Effect.flip(relays("none")).pipe(Effect.map(({ _tag }) => _tag))),
          "SinkNotFound"
        )
        const { items } = yield* Turnout.Turnout.use((turnout) => turnout.listJournal(eventId))
        assert.deepStrictEqual(before.oldest, items[0]!.occurredAt)
        assert.deepStrictEqual(
          before.slots.map(({ epoch, owner, slot }) => ({ epoch, owner, slot })),
          upTo(SLOTS - 1, 0).map((slot) => ({ epoch: 1, owner: "worker", slot }))
        )
        const lease = leaseOf(claims, eventId)
        const { positionOf } = yield* readAll(sink, claims, 2)
        const acknowledgement = { ...lease, position: positionOf(lease.slot), blocked: [] }
        yield* use((outbox) => outbox.acknowledge(sink, [acknowledgement]))
        assert.isAtMost((yield* statusOf(sink)).backlog, 2)
      })
    )

    it.effect("O2: shows the blocked streams, and the entries that wait", () =>
      Effect.gen(function* () {
        const { eventId, sink } = yield* blockedStream({ retryAfterMillis: null, error: "it rained" })
        const page = { limit: 10, after: null }
        const [parked, ...others] = yield* operate((operations) => operations.blocked(sink, true, page))
        assert.deepStrictEqual(others, [])
        const { since, ...rest } = parked!
        const expected = { sink, stream: eventId, version: 3, attempts: 1, error: "it rained", retryAt: null }
        assert.deepStrictEqual(rest, expected)
        assert.deepStrictEqual(yield* operate((operations) => operations.blocked(sink, false, page)), [])
        assert.strictEqual((yield* operate((operations) => operations.blocked(sink, null, page))).length, 1)
        const behind = { limit: 10, after: eventId }
        assert.deepStrictEqual(yield* operate((operations) => operations.blocked(sink, null, behind)), [])
        const status = yield* statusOf(sink)
        assert.deepStrictEqual([status.parked, status.retrying, status.parkedSince], [1, 0, since])

        const shown = yield* operate((operations) => operations.blockedStream(sink, eventId, 2))
        assert.deepStrictEqual(shown.block, parked)
        assert.deepStrictEqual(
          shown.waiting.map(({ eventId: of, version }) => [of, version]),
          [
            [eventId, 3],
            [eventId, 4]
          ]
        )
      })
    )

    it.effect("tries a parked stream again, from the entry that failed", () =>
      Effect.gen(function* () {
        const blocked = yield* blockedStream({ retryAfterMillis: null, attempts: 9 })
        const { eventId, sink } = blocked
        yield* operate((operations) => operations.retry(sink, eventId, "ada"))
        const [retry] = yield* due(sink, blocked)
        assert.deepStrictEqual([retry?.version, retry?.attempts, retry?.deliveries.length], [3, 0, 3])
      })
    )

    it.effect("tries every parked stream of a sink again, and says for how long the first has been parked", () =>
      Effect.gen(function* () {
        const blocked = yield* blockedStream({ retryAfterMillis: null })
        yield* Effect.sleep(30)
        assert.isAtLeast(yield* use((outbox) => outbox.parkedMillis(blocked.sink)), 25)
        const other = yield* blockedStream({ retryAfterMillis: null })
        assert.strictEqual(yield* operate((operations) => operations.retryAll(blocked.sink, "ada")), 1)
        assert.strictEqual((yield* due(blocked.sink, blocked)).length, 1)
        assert.deepStrictEqual(yield* due(other.sink, other), [])
        assert.strictEqual(yield* operate((operations) => operations.retryAll(blocked.sink, "ada")), 0)
        assert.strictEqual(yield* use((outbox) => outbox.parkedMillis(blocked.sink)), 0)
        yield* Effect.sleep(5)
        assert.isAbove(yield* use((outbox) => outbox.parkedMillis(other.sink)), 0)
      })
    )

    it.effect("skips one entry, and discards all entries that wait", () =>
      Effect.gen(function* () {
        const blocked = yield* blockedStream({ retryAfterMillis: null })
        const { eventId, sink } = blocked
        const waiting = Effect.map(due(sink, blocked), ([retry]) => retry?.deliveries.map(({ version }) => version))
        yield* operate((operations) => operations.skip(sink, eventId, 3, "ada"))
        assert.deepStrictEqual(yield* waiting, [4, 5])
        const again = yield* Effect.flip(operate((operations) => operations.skip(sink, eventId, 3, "ada")))
        assert.deepInclude(again, { _tag: "StreamMovedOn", version: 4 })
        assert.deepStrictEqual(yield* waiting, [4, 5], "asked for twice, and done once")
        yield* operate((operations) => operations.discard(sink, eventId, "ada"))
        assert.deepStrictEqual(yield* waiting, [])
        // Later entries wait until the holder of the lease ends the block.
        yield* another(eventId, 4)
        const { positionOf } = yield* readAll(sink, [blocked])
        const [retry] = yield* due(sink, { slot: blocked.slot, position: positionOf(blocked.slot) })
        assert.deepStrictEqual(
          retry?.deliveries.map(({ version }) => version),
          [6]
        )
      })
    )

    it.effect("leaves out for good entries that were skipped or discarded, even those that were not read by then", () =>
      Effect.gen(function* () {
        const decisions: ReadonlyArray<
          (sink: string, stream: EventId) => Effect.Effect<unknown, unknown, OutboxOperations>
        > = [
          (sink, stream) => operate((operations) => operations.discard(sink, stream, "ada")),
          (sink, stream) =>
            Effect.forEach([3, 4, 5, 6, 7], (version) =>
              operate((operations) => operations.skip(sink, stream, version, "ada"))
            )
        ]
        for (const decide of decisions) {
          const blocked = yield* blockedStream({ retryAfterMillis: null })
          const { eventId, sink, slot } = blocked
          // Versions 6 and 7 come after the position that has been read.
          yield* another(eventId, 4)
          yield* another(eventId, 5)
          yield* decide(sink, eventId)
          assert.deepStrictEqual(yield* due(sink, blocked), [], "the entries that are left out have not been read")
          yield* another(eventId, 6)
          const { positionOf } = yield* readAll(sink, [blocked])
          const [retry] = yield* due(sink, { slot, position: positionOf(slot) })
          assert.deepStrictEqual(
            retry?.deliveries.map(({ version }) => version),
            [8]
          )
        }
      })
    )

    it.effect("has the last word: a result of the holder of the lease does not undo a decision made meanwhile", () =>
      Effect.gen(function* () {
        const blocked = yield* blockedStream()
        const { eventId, sink } = blocked
        yield* operate((operations) => operations.skip(sink, eventId, 3, "ada"))
        const block = blockOf(eventId, 3, { attempts: 2, retryAfterMillis: null })
        yield* use((outbox) => outbox.settle(sink, [{ ...blocked, stream: eventId, version: 3, block }]))
        const [retry] = yield* due(sink, blocked)
        assert.strictEqual(retry?.version, 4)
      })
    )

    it.effect("writes down who did what, and nothing if nothing was done", () =>
      Effect.gen(function* () {
        const { eventId, sink } = yield* blockedStream({ retryAfterMillis: null })
        yield* operate((operations) => operations.retry(sink, eventId, "ada"))
        yield* operate((operations) => operations.skip(sink, eventId, 3, "grace"))
        yield* operate((operations) => operations.discard(sink, eventId, "ada"))
        yield* Effect.flip(operate((operations) => operations.skip(sink, nobody, 1, "nobody")))
        const entries = yield* AuditLog.use((log) => log.list({ limit: 3, after: null }))
        assert.deepStrictEqual(
          entries.map(({ action, details, who }) => ({ action, details, who })),
          [
            { action: "outbox.discard", who: "ada", details: { sink, stream: eventId, version: 6 } },
            { action: "outbox.skip", who: "grace", details: { sink, stream: eventId, version: 4 } },
            { action: "outbox.retry", who: "ada", details: { sink, stream: eventId, version: 3 } }
          ]
        )
      })
    )

    it.effect("says which sink or stream is not there", () =>
      Effect.gen(function* () {
        const { sink } = yield* blockedStream()
        type About = (sink: string) => Effect.Effect<unknown, { readonly _tag: string }, OutboxOperations>
        const abouts: ReadonlyArray<About> = [
          (of) => operate((operations) => operations.retry(of, nobody, "ada")),
          (of) => operate((operations) => operations.skip(of, nobody, 1, "ada")),
          (of) => operate((operations) => operations.discard(of, nobody, "ada"))
        ]
        for (const about of abouts) {
          const unknown = yield* Effect.flip(about("none"))
          assert.strictEqual(unknown._tag, "SinkNotFound")
          const flowing = yield* Effect.flip(about(sink))
          assert.strictEqual(flowing._tag, "StreamNotBlocked")
        }
        const error = yield* Effect.flip(operate((operations) => operations.retryAll("none", "ada")))
        assert.strictEqual(error._tag, "SinkNotFound")
        const page = { limit: 10, after: null }
        const unlisted = yield* Effect.flip(operate((operations) => operations.blocked("none", null, page)))
        assert.strictEqual(unlisted._tag, "SinkNotFound")
      })
    )
  })
}
