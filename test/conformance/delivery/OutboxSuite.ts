/**
 * The contract of an outbox, as a suite. One line runs it on an outbox:
 *
 * ```ts
 * suite("my outbox", layer)
 * ```
 *
 * Each test has a sink and events of its own, so tests share a store and run on one that holds other data.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Block } from "@turnout/core/delivery/domain/Block"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Lease from "@turnout/core/delivery/domain/Lease"
import { SLOTS, slotOf } from "@turnout/core/journal/domain/Slot"
import { type Claim, type HeldLease, Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer, Result } from "effect"
import * as fc from "fast-check"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

/** A time that is longer than any test. */
const LONG = 120_000
/** A time that is shorter than any pause in a test. */
const SHORT = 1_000

const use = <A, E, R>(f: (outbox: Outbox["Service"]) => Effect.Effect<A, E, R>) => Outbox.use(f)

/** A sink that no other test has. */
const newSink = (from: "beginning" | "now" = "now") =>
  Effect.gen(function* () {
    const sink = `sink ${randomUUID()}`
    yield* use((outbox) => outbox.register(sink, from))
    return sink
  })

const claim = (sink: string, owner = "worker", ttlMillis = LONG, limit = SLOTS) =>
  use((outbox) => outbox.claim(sink, { owner, ttlMillis, limit }))

/** An event with this number of registrations: a stream of two entries and one for each registration. */
const stream = Effect.fnUntraced(function* (people: number) {
  const event = yield* Given.publishedEvent({ capacity: 1_000 })
  for (let person = 1; person <= people; person++) yield* Given.register(event.id, person)
  return event.id
})

const another = (eventId: EventId, person: number) => Given.register(eventId, person)

/** Reads from the positions of some slots to the end of the journal, and gives all entries. */
const readAll = Effect.fnUntraced(function* (sink: string, claims: ReadonlyArray<Claim>, limit = 100) {
  const positions = new Map(claims.map(({ position, slot }) => [slot, position]))
  const deliveries: Array<StoredEntry> = []
  while (true) {
    const asked = Array.from(positions, ([slot, position]) => ({ slot, position }))
    const slices = yield* use((outbox) => outbox.read(sink, asked, limit))
    for (const slice of slices) {
      positions.set(slice.slot, slice.position)
      assert.isAtMost(slice.deliveries.length, limit)
      assert.isTrue(slice.deliveries.every(({ eventId }) => slotOf(eventId) === slice.slot))
      deliveries.push(...slice.deliveries)
    }
    if (slices.every(({ deliveries }) => deliveries.length === 0)) break
  }
  return { deliveries, positionOf: (slot: number): Position => positions.get(slot)! }
})

const versions = (deliveries: ReadonlyArray<StoredEntry>, eventId: EventId) =>
  deliveries.filter((delivery) => delivery.eventId === eventId).map(({ version }) => version)

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

const leaseOf = (claims: ReadonlyArray<Claim>, eventId: EventId): Claim =>
  claims.find(({ slot }) => slot === slotOf(eventId)) ?? assert.fail("the slot was not claimed")

const blockOf = (eventId: EventId, version: number, rest: Partial<Block> = {}): Block => ({
  stream: eventId,
  version,
  attempts: 1,
  error: "it rained",
  retryAfterMillis: 0,
  ...rest
})

/** A sink that has read a stream of five entries and is blocked from the third one on. */
const blockedStream = Effect.fnUntraced(function* (rest: Partial<Block> = {}) {
  const sink = yield* newSink()
  const claims = yield* claim(sink)
  const eventId = yield* stream(3)
  const lease = leaseOf(claims, eventId)
  const { slot } = lease
  const { positionOf } = yield* readAll(sink, claims)
  const position = positionOf(slot)
  const blocked = [blockOf(eventId, 3, rest)]
  assert.deepStrictEqual(yield* use((outbox) => outbox.acknowledge(sink, [{ ...lease, position, blocked }])), [slot])
  return { ...lease, sink, eventId, position, acknowledged: position, claims }
})

const due = (sink: string, at: { readonly slot: number; readonly position: Position }, depth = 100) =>
  use((outbox) => outbox.due(sink, [at], { limit: 10, depth }))

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | AuditLog | Outbox | OutboxOperations, E>
): void => {
  describe(`outbox: ${name}`, () => {
    const layer = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
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
            const { deliveries } = yield* readAll(sink, yield* claim(sink))
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

      describe("leases", () => {
        it.effect("L1: gives each slot to one relay, however many ask at once", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            const claims = yield* Effect.forEach(upTo(8), (n) => claim(sink, `worker ${n}`, LONG, 10), {
              concurrency: "unbounded"
            })
            const slots = claims.flat().map(({ slot }) => slot)
            assert.strictEqual(new Set(slots).size, slots.length)
            assert.isAtMost(Math.max(...claims.map(({ length }) => length)), 10)
            const rest = yield* claim(sink, "late")
            assert.strictEqual(slots.length + rest.length, SLOTS)
            assert.deepStrictEqual(yield* claim(sink, "too late"), [])
          })
        )

        it.effect("L1: refuses an acknowledgement from a superseded lease, and changes nothing", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            const eventId = yield* stream(1)
            const stale = leaseOf(yield* claim(sink, "slow", SHORT), eventId)
            const { positionOf } = yield* readAll(sink, [stale])
            yield* Effect.sleep(SHORT * 2)
            const fresh = leaseOf(yield* claim(sink, "quick"), eventId)
            assert.strictEqual(fresh.epoch, stale.epoch + 1)

            const position = positionOf(stale.slot)
            const blocked = [blockOf(eventId, 2)]
            const refused = yield* use((outbox) => outbox.acknowledge(sink, [{ ...stale, position, blocked }]))
            assert.deepStrictEqual(refused, [])
            assert.deepStrictEqual(yield* use((outbox) => outbox.renew(sink, [stale], LONG)), [])
            assert.deepStrictEqual(yield* use((outbox) => outbox.release(sink, [stale])), [])
            assert.deepStrictEqual(yield* due(sink, { slot: stale.slot, position }), [])
            assert.deepStrictEqual(versions((yield* readAll(sink, [fresh])).deliveries, eventId), upTo(3))
            assert.deepStrictEqual(yield* use((outbox) => outbox.renew(sink, [fresh], LONG)), [fresh.slot])
          })
        )

        it.effect("L1: of several acknowledgements, writes those whose lease is held", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            const claims = yield* claim(sink)
            const [gone, ...kept] = claims.slice(0, 4)
            yield* use((outbox) => outbox.release(sink, [gone!]))
            const held = yield* use((outbox) =>
              outbox.acknowledge(
                sink,
                claims.slice(0, 4).map((one) => ({ ...one, blocked: [] }))
              )
            )
            assert.sameMembers(
              [...held],
              kept.map(({ slot }) => slot)
            )
          })
        )

        it.effect("L2: lets a lease be taken over once its time has passed, and not before", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            yield* claim(sink, "dies", SHORT)
            assert.deepStrictEqual(yield* claim(sink, "waits"), [])
            yield* Effect.sleep(SHORT * 2)
            assert.strictEqual((yield* claim(sink, "waits")).length, SLOTS)
          })
        )

        it.effect("L2: keeps a lease for as long as it is renewed", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            const claims = yield* claim(sink, "lives", SHORT * 2)
            for (let time = 0; time < 6; time++) {
              yield* Effect.sleep(SHORT / 2)
              const held = yield* use((outbox) => outbox.renew(sink, claims, SHORT * 2))
              assert.strictEqual(held.length, SLOTS)
            }
            assert.deepStrictEqual(yield* claim(sink, "waits"), [])
          })
        )

        it.effect("takes an acknowledgement under an expired lease that nobody has claimed since", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            const eventId = yield* stream(1)
            const claims = yield* claim(sink, "slow", SHORT)
            const lease = leaseOf(claims, eventId)
            const { slot } = lease
            const { positionOf } = yield* readAll(sink, claims)
            yield* Effect.sleep(SHORT * 2)
            const acknowledgement = { ...lease, position: positionOf(slot), blocked: [] }
            assert.deepStrictEqual(yield* use((outbox) => outbox.acknowledge(sink, [acknowledgement])), [slot])
            const { deliveries } = yield* readAll(sink, yield* claim(sink, "next"))
            assert.deepStrictEqual(versions(deliveries, eventId), [])
          })
        )

        it.effect("gives a lease back at once, and a new epoch to the next claim", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            const before = yield* claim(sink, "one")
            const released = yield* use((outbox) => outbox.release(sink, before))
            assert.strictEqual(released.length, SLOTS)
            const after = yield* claim(sink, "other")
            assert.deepStrictEqual(
              after.map(({ epoch }) => epoch).toSorted(),
              before.map(({ epoch }) => epoch + 1).toSorted()
            )
            assert.deepStrictEqual(yield* use((outbox) => outbox.renew(sink, before, LONG)), [])
          })
        )

        it.effect("L1: changes leases as the state machine does, for any sequence of calls", () =>
          Effect.flatMap(Effect.context<Outbox>(), (context) =>
            Effect.promise(() =>
              fc.assert(
                fc.asyncProperty(
                  fc.array(
                    fc.record({
                      kind: fc.constantFrom("claim", "renew", "release", "acknowledge"),
                      ttlMillis: fc.constantFrom(0, LONG),
                      epoch: fc.nat(4)
                    }),
                    { minLength: 1, maxLength: 12 }
                  ),
                  (steps) =>
                    Effect.gen(function* () {
                      const sink = yield* newSink()
                      const [first] = yield* claim(sink, "somebody", 0, 1)
                      const { position, slot } = first!
                      let lease: Lease.Lease = { epoch: 1, owner: "somebody", until: new Date(0) }
                      for (const { epoch, kind, ttlMillis } of steps) {
                        // A lease that has expired stays so, and one that is held is longer than the test.
                        const now = new Date(1)
                        const asked = { owner: "somebody", epoch, now, ttlMillis: ttlMillis === 0 ? -1 : LONG }
                        const held: ReadonlyArray<HeldLease> = [
                          { slot, epoch, owner: "somebody", acknowledged: position }
                        ]
                        if (kind === "claim") {
                          // The other slots are free too, and a claim gives them after this one.
                          const [claimed] = yield* claim(sink, "somebody", ttlMillis, 1)
                          const expected = Lease.claim(lease, asked)
                          if (Result.isSuccess(expected)) {
                            assert.deepStrictEqual([claimed?.slot, claimed?.epoch], [slot, expected.success.epoch])
                            lease = expected.success
                          } else assert.notStrictEqual(claimed?.slot, slot)
                          continue
                        }
                        const changed = yield* use((outbox) =>
                          kind === "renew"
                            ? outbox.renew(sink, held, ttlMillis)
                            : kind === "release"
                              ? outbox.release(sink, held)
                              : outbox.acknowledge(
                                  sink,
                                  held.map((lease) => ({ ...lease, position, blocked: [] }))
                                )
                        )
                        const expected =
                          kind === "renew"
                            ? Lease.renew(lease, asked)
                            : kind === "release"
                              ? Lease.release(lease, epoch)
                              : Lease.check(lease, epoch)
                        assert.deepStrictEqual(changed, Result.isSuccess(expected) ? [slot] : [])
                        if (Result.isSuccess(expected)) lease = expected.success
                      }
                    }).pipe(Effect.provideContext(context), Effect.runPromise)
                ),
                { numRuns: 30 }
              )
            )
          )
        )

        it.effect("counts the relays that are there", () =>
          Effect.gen(function* () {
            const sink = yield* newSink()
            const announce = (owner: string, ttlMillis = LONG) =>
              use((outbox) => outbox.announce(sink, owner, ttlMillis))
            assert.strictEqual(yield* announce("one"), 1)
            assert.strictEqual(yield* announce("other", SHORT), 2)
            assert.strictEqual(yield* announce("one"), 2)
            yield* Effect.sleep(SHORT * 2)
            assert.strictEqual(yield* announce("one"), 1)
            assert.strictEqual(yield* announce("third"), 2)
            yield* use((outbox) => outbox.depart(sink, "third"))
            assert.strictEqual(yield* announce("one"), 1)
          })
        )
      })

      describe("blocked streams", () => {
        it.effect("N3: waits with a blocked stream, and goes on with the others", () =>
          Effect.gen(function* () {
            const { claims, eventId, sink, position, slot } = yield* blockedStream()
            const other = yield* stream(1)
            yield* another(eventId, 4)
            const positions = claims.map((one) => (one.slot === slot ? { ...one, position } : one))
            const { deliveries } = yield* readAll(sink, positions)
            assert.deepStrictEqual(versions(deliveries, eventId), [])
            assert.deepStrictEqual(versions(deliveries, other), upTo(3))
          })
        )

        it.effect("O3: tries a stream again from the entry that failed, as far as the position has passed", () =>
          Effect.gen(function* () {
            const lease = yield* blockedStream()
            const { eventId, position, sink, slot } = lease
            yield* another(eventId, 4)
            const [retry, ...others] = yield* due(sink, { slot, position })
            assert.deepStrictEqual(others, [])
            assert.deepStrictEqual(
              { ...retry, deliveries: retry!.deliveries.map(({ version }) => version) },
              { slot, stream: eventId, version: 3, attempts: 1, deliveries: [3, 4, 5] }
            )
            const { positionOf } = yield* readAll(sink, [lease])
            const [later] = yield* due(sink, { slot, position: positionOf(slot) }, 2)
            assert.deepStrictEqual(
              later!.deliveries.map(({ version }) => version),
              [3, 4]
            )
            const [further] = yield* due(sink, { slot, position: positionOf(slot) })
            assert.deepStrictEqual(
              further!.deliveries.map(({ version }) => version),
              [3, 4, 5, 6]
            )
          })
        )

        it.effect("does not try a stream again before its time, and a parked one never", () =>
          Effect.gen(function* () {
            const waiting = yield* blockedStream({ retryAfterMillis: SHORT })
            const parked = yield* blockedStream({ retryAfterMillis: null })
            assert.deepStrictEqual(yield* due(waiting.sink, waiting), [])
            yield* Effect.sleep(SHORT * 2)
            assert.strictEqual((yield* due(waiting.sink, waiting)).length, 1)
            assert.deepStrictEqual(yield* due(parked.sink, parked), [])
          })
        )

        it.effect("moves a block on, and ends it", () =>
          Effect.gen(function* () {
            const lease = yield* blockedStream()
            const { claims, eventId, position, sink, slot } = lease
            const settle = (version: number, block: Block | null) =>
              use((outbox) => outbox.settle(sink, [{ ...lease, stream: eventId, version, block }]))

            assert.deepStrictEqual(yield* settle(3, blockOf(eventId, 5, { attempts: 7 })), [slot])
            const [retry] = yield* due(sink, { slot, position })
            assert.deepStrictEqual([retry!.version, retry!.attempts, retry!.deliveries.length], [5, 7, 1])

            assert.deepStrictEqual(yield* settle(5, null), [slot])
            assert.deepStrictEqual(yield* due(sink, { slot, position }), [])
            yield* another(eventId, 4)
            const { deliveries } = yield* readAll(
              sink,
              claims.map((one) => (one.slot === slot ? lease : one))
            )
            assert.deepStrictEqual(versions(deliveries, eventId), [6])
          })
        )

        it.effect("leaves a block alone that was changed since it was read", () =>
          Effect.gen(function* () {
            const lease = yield* blockedStream()
            const { eventId, position, sink, slot } = lease
            const settle = (version: number, block: Block | null) =>
              use((outbox) => outbox.settle(sink, [{ ...lease, stream: eventId, version, block }]))
            yield* settle(3, blockOf(eventId, 4))
            yield* settle(3, null)
            yield* settle(3, blockOf(eventId, 5))
            const [retry] = yield* due(sink, { slot, position })
            assert.strictEqual(retry?.version, 4)
          })
        )

        it.effect("L1: refuses to settle under a superseded lease", () =>
          Effect.gen(function* () {
            const lease = yield* blockedStream()
            const { claims, eventId, position, sink, slot } = lease
            yield* use((outbox) => outbox.release(sink, claims))
            const settlement = { ...lease, stream: eventId, version: 3, block: null }
            assert.deepStrictEqual(yield* use((outbox) => outbox.settle(sink, [settlement])), [])
            assert.strictEqual((yield* due(sink, { slot, position }))[0]?.version, 3)
          })
        )

        it.effect("keeps the text of an error, with any characters", () =>
          Effect.gen(function* () {
            const error = `"quoted" \\ {braces}, NULL\n\u2028 and 👋`
            const lease = yield* blockedStream({ error })
            const { eventId, position, sink, slot } = lease
            const block = blockOf(eventId, 3, { error, attempts: 2 })
            yield* use((outbox) => outbox.settle(sink, [{ ...lease, stream: eventId, version: 3, block }]))
            assert.strictEqual((yield* due(sink, { slot, position }))[0]?.attempts, 2)
          })
        )
      })

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
            assert.deepInclude(yield* statusOf(sink), { backlog: 0, oldest: null, workers: 0, retrying: 0, parked: 0 })
            assert.strictEqual(yield* operate(({ relays }) => relays(sink)), 0)
            const eventId = yield* stream(3)
            yield* stream(0)
            yield* use((outbox) => outbox.announce(sink, "worker", LONG))
            const claims = yield* claim(sink)
            const before = yield* statusOf(sink)
            assert.deepInclude(before, { backlog: 7, isBacklogLarger: false, workers: 1 })
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

        it.effect(
          "leaves out for good entries that were skipped or discarded, even those that were not read by then",
          () =>
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
                assert.deepStrictEqual(
                  yield* due(sink, blocked),
                  [],
                  "the entries that are left out have not been read"
                )
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

        it.effect(
          "has the last word: a result of the holder of the lease does not undo a decision made meanwhile",
          () =>
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
    })
  })
}
