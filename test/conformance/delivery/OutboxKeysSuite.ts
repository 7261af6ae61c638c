/**
 * The contract of an outbox about keys, as a suite: an outbox distinguishes its rows by every part of their keys: slots,
 * positions, relays and blocked streams by their sink as well, and blocked streams of one sink by their stream, slot and
 * version. One line runs it on an outbox:
 *
 * ```ts
 * suite("my outbox", layer)
 * ```
 *
 * Each test has sinks and events of its own, so tests share a store and run on one that holds other data.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Block } from "@turnout/core/delivery/domain/Block"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { SLOTS, slotOf } from "@turnout/core/journal/domain/Slot"
import { type Claim, Outbox, type Settlement } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

/** A lease that is longer than any test. */
const LONG = 120_000

const use = <A, E, R>(f: (outbox: Outbox["Service"]) => Effect.Effect<A, E, R>) => Outbox.use(f)
const operate = <A, E, R>(f: (operations: OutboxOperations["Service"]) => Effect.Effect<A, E, R>) =>
  OutboxOperations.use(f)

/** The id of an event whose stream is in a slot. */
const idInSlot = (slot: number) => `${randomUUID().slice(0, -2)}${slot.toString(16).padStart(2, "0")}` as EventId

/** A stream of five entries in a slot. */
const streamIn = Effect.fnUntraced(function* (slot: number) {
  const { id } = yield* Given.publishedEvent({ id: idInSlot(slot), capacity: 1_000 })
  yield* Given.registerAll(id, 3)
  return id
})

/** A sink that begins now, with a relay that holds all of its slots. */
const newSink = Effect.gen(function* () {
  const sink = `sink ${randomUUID()}`
  yield* use((outbox) => outbox.register(sink, "now"))
  const claims = yield* use((outbox) => outbox.claim(sink, { owner: "worker", ttlMillis: LONG, limit: SLOTS }))
  return { sink, claims: [...claims] }
})

interface Held {
  readonly sink: string
  readonly claims: Array<Claim>
}

const leaseOf = ({ claims }: Held, slot: number): Claim =>
  claims.find((claim) => claim.slot === slot) ?? assert.fail("the slot was not claimed")

/** Reads to the end of a slot, and gives the position there. */
const endOf = Effect.fnUntraced(function* (
  { claims, sink }: Held,
  slot: number
): Effect.fn.Return<Position, unknown, Outbox> {
  let { position } = leaseOf({ claims, sink }, slot)
  while (true) {
    const [slice] = yield* use((outbox) => outbox.read(sink, [{ slot, position }], 100))
    if (slice === undefined) return position
    position = slice.position
    if (!slice.isFull) return position
  }
})

const blockOf = (stream: EventId, version: number, rest: Partial<Block> = {}): Block => ({
  stream,
  version,
  attempts: 1,
  error: "it rained",
  retryAfterMillis: 0,
  ...rest
})

/** Blocks streams of a slot after reading all entries of the slot, and gives the position. */
const block = Effect.fnUntraced(function* (held: Held, slot: number, blocked: ReadonlyArray<Block>) {
  const lease = leaseOf(held, slot)
  const position = yield* endOf(held, slot)
  const acknowledged = yield* use((outbox) => outbox.acknowledge(held.sink, [{ ...lease, position, blocked }]))
  assert.deepStrictEqual(acknowledged, [slot])
  held.claims[held.claims.indexOf(lease)] = { ...lease, acknowledged: position }
  return position
})

const due = (
  sink: string,
  positions: ReadonlyArray<{ readonly slot: number; readonly position: Position }>,
  limit = 10
) =>
  Effect.map(
    use((outbox) => outbox.due(sink, positions, { limit, depth: 100 })),
    (retries) =>
      retries
        .map(({ attempts, deliveries, slot, stream, version }) => ({
          attempts,
          slot,
          stream,
          version,
          waiting: deliveries.map((delivery) => delivery.version)
        }))
        .toSorted((a, b) => (a.stream < b.stream ? -1 : 1))
  )

/** The blocked streams of a sink, as operators see them. */
const blockedOf = (sink: string) =>
  Effect.map(
    operate((operations) => operations.blocked(sink, null, { limit: 100, after: null })),
    (blocks) => blocks.map(({ attempts, retryAt, stream, version }) => [stream, version, attempts, retryAt === null])
  )

const statusOf = (sink: string) =>
  Effect.map(
    operate(({ status }) => status),
    ({ sinks }) => sinks.find(({ name }) => name === sink) ?? assert.fail("the sink is not there")
  )

const sorted = (streams: ReadonlyArray<EventId>) => streams.toSorted()

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | Outbox | OutboxOperations | Replays, E>
): void => {
  describe(`keys of the outbox: ${name}`, () => {
    const layer = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      describe("retries that are due", () => {
        it.effect("are those of the sink, also if another sink is blocked with the same stream", () =>
          Effect.gen(function* () {
            const [one, other] = [yield* newSink, yield* newSink]
            const stream = yield* streamIn(3)
            const position = yield* block(one, 3, [blockOf(stream, 2)])
            yield* block(other, 3, [blockOf(stream, 4, { attempts: 7 })])
            assert.deepStrictEqual(yield* due(one.sink, [{ slot: 3, position }]), [
              { attempts: 1, slot: 3, stream, version: 2, waiting: [2, 3, 4, 5] }
            ])
            assert.deepStrictEqual(yield* due(other.sink, [{ slot: 3, position }]), [
              { attempts: 7, slot: 3, stream, version: 4, waiting: [4, 5] }
            ])
          })
        )

        it.effect("are those of the slots that were asked for", () =>
          Effect.gen(function* () {
            const held = yield* newSink
            const [stream, elsewhere] = [yield* streamIn(4), yield* streamIn(5)]
            const position = yield* block(held, 4, [blockOf(stream, 1)])
            const behind = yield* block(held, 5, [blockOf(elsewhere, 1)])
            const ofSlot = (at: ReadonlyArray<{ slot: number; position: Position }>) =>
              Effect.map(due(held.sink, at), (retries) => retries.map((retry) => retry.stream))
            assert.deepStrictEqual(yield* ofSlot([{ slot: 4, position }]), [stream])
            assert.deepStrictEqual(yield* ofSlot([{ slot: 5, position: behind }]), [elsewhere])
            assert.deepStrictEqual(
              yield* ofSlot([
                { slot: 4, position },
                { slot: 5, position: behind }
              ]),
              sorted([stream, elsewhere])
            )
          })
        )

        it.effect("are up to a number of each slot, those that have been due for longest first", () =>
          Effect.gen(function* () {
            const held = yield* newSink
            const streams = [yield* streamIn(6), yield* streamIn(6), yield* streamIn(6)]
            const others = [yield* streamIn(7), yield* streamIn(7)]
            const position = yield* endOf(held, 6)
            for (const stream of streams.toReversed()) {
              yield* block(held, 6, [blockOf(stream, 1)])
              yield* Effect.sleep(20)
            }
            const elsewhere = yield* block(
              held,
              7,
              others.map((stream) => blockOf(stream, 1))
            )
            yield* Effect.sleep(5)
            const at = [
              { slot: 6, position },
              { slot: 7, position: elsewhere }
            ]
            for (const [limit, expected] of [
              [1, [streams[2]!]],
              [2, [streams[2]!, streams[1]!]],
              [3, streams],
              [4, streams]
            ] as const) {
              const retries = yield* due(held.sink, at, limit)
              const ofSlot = (slot: number) =>
                retries.filter((retry) => retry.slot === slot).map(({ stream }) => stream)
              assert.deepStrictEqual(ofSlot(6), sorted(expected))
              assert.strictEqual(ofSlot(7).length, Math.min(limit, 2))
            }
          })
        )

        it.effect("have entries of a stream up to a number: one fewer, as many, or one more than there are", () =>
          Effect.gen(function* () {
            const held = yield* newSink
            const stream = yield* streamIn(8)
            const position = yield* block(held, 8, [blockOf(stream, 2)])
            for (const [depth, versions] of [
              [3, [2, 3, 4]],
              [4, [2, 3, 4, 5]],
              [5, [2, 3, 4, 5]]
            ] as const) {
              const [retry] = yield* use((outbox) =>
                outbox.due(held.sink, [{ slot: 8, position }], { limit: 10, depth })
              )
              assert.deepStrictEqual(
                retry!.deliveries.map(({ version }) => version),
                [...versions]
              )
            }
          })
        )
      })

      describe("the outcome of a retry", () => {
        const settle = (held: Held, settlements: ReadonlyArray<Omit<Settlement, "slot" | "epoch" | "owner">>) =>
          use((outbox) =>
            outbox.settle(
              held.sink,
              settlements.map((one) => {
                const { epoch, owner, slot } = leaseOf(held, slotOf(one.stream))
                return { slot, epoch, owner, ...one }
              })
            )
          )

        it.effect("is noted of its stream and of no other, of its sink and of no other", () =>
          Effect.gen(function* () {
            const [one, other] = [yield* newSink, yield* newSink]
            const streams = [yield* streamIn(9), yield* streamIn(9), yield* streamIn(9)]
            const [ended, changed, left] = streams
            for (const held of [one, other])
              yield* block(
                held,
                9,
                streams.map((stream) => blockOf(stream, 2))
              )
            yield* settle(one, [
              { stream: ended!, version: 2, block: null },
              { stream: changed!, version: 2, block: blockOf(changed!, 4, { attempts: 3, retryAfterMillis: null }) }
            ])
            assert.sameDeepMembers(
              [...(yield* blockedOf(one.sink))],
              [
                [changed!, 4, 3, true],
                [left!, 2, 1, false]
              ]
            )
            assert.sameDeepMembers(
              [...(yield* blockedOf(other.sink))],
              streams.map((stream) => [stream, 2, 1, false])
            )
          })
        )

        it.effect("L1: is noted for slots whose lease is held, and not for others, in one call", () =>
          Effect.gen(function* () {
            const held = yield* newSink
            const [kept, lost] = [yield* streamIn(10), yield* streamIn(11)]
            const before = yield* block(held, 10, [blockOf(kept, 2)])
            const position = yield* block(held, 11, [blockOf(lost, 2)])
            yield* use((outbox) => outbox.release(held.sink, [leaseOf(held, 11)]))
            const both = [kept, lost].map((stream) => ({ stream, version: 2, block: null }))
            assert.deepStrictEqual(yield* settle(held, both), [10])
            assert.deepStrictEqual(yield* blockedOf(held.sink), [[lost, 2, 1, false]])
            const late = yield* streamIn(11)
            const acknowledged = yield* use((outbox) =>
              outbox.acknowledge(held.sink, [
                { ...leaseOf(held, 10), acknowledged: before, position: before, blocked: [] },
                { ...leaseOf(held, 11), acknowledged: position, position, blocked: [blockOf(late, 1)] }
              ])
            )
            assert.deepStrictEqual(acknowledged, [10])
            assert.deepStrictEqual(yield* blockedOf(held.sink), [[lost, 2, 1, false]])
          })
        )
      })

      describe("leases and relays", () => {
        it.effect("L1: of one sink are given back, and those of another are held as before", () =>
          Effect.gen(function* () {
            const [one, other] = [yield* newSink, yield* newSink]
            assert.strictEqual((yield* use((outbox) => outbox.release(one.sink, one.claims))).length, SLOTS)
            const claim = { owner: "another", ttlMillis: LONG, limit: SLOTS }
            assert.deepStrictEqual(yield* use((outbox) => outbox.claim(other.sink, claim)), [])
            // The epochs are those of the other sink too, whose leases are held.
            assert.deepStrictEqual(yield* use((outbox) => outbox.renew(one.sink, one.claims, LONG)), [])
            const acknowledgements = one.claims.map((lease) => ({ ...lease, blocked: [] }))
            assert.deepStrictEqual(yield* use((outbox) => outbox.acknowledge(one.sink, acknowledgements)), [])
            assert.strictEqual((yield* use((outbox) => outbox.renew(other.sink, other.claims, LONG))).length, SLOTS)
          })
        )

        it.effect("of one name, at two sinks, come and go by themselves", () =>
          Effect.gen(function* () {
            const [{ sink: one }, { sink: other }] = [yield* newSink, yield* newSink]
            const announce = (sink: string, owner: string) => use((outbox) => outbox.announce(sink, owner, LONG))
            for (const owner of ["first", "second", "third"])
              for (const sink of [one, other]) yield* announce(sink, owner)
            yield* use((outbox) => outbox.depart(one, "first"))
            assert.strictEqual(yield* announce(one, "second"), 2)
            assert.strictEqual(yield* announce(other, "second"), 3)
            assert.deepStrictEqual([(yield* statusOf(one)).workers, (yield* statusOf(other)).workers], [2, 3])
          })
        )
      })

      describe("for its operators", () => {
        /** Two sinks, each of which has the same two streams parked, from different versions on. */
        const parked = Effect.gen(function* () {
          const [one, other] = [yield* newSink, yield* newSink]
          const streams = [yield* streamIn(12), yield* streamIn(13)] as const
          for (const [index, held] of [one, other].entries())
            for (const [n, stream] of streams.entries())
              yield* block(held, 12 + n, [blockOf(stream, 2 + index, { attempts: 9, retryAfterMillis: null })])
          return { one: one.sink, other: other.sink, streams }
        })

        type Decide = (sink: string, stream: EventId) => Effect.Effect<unknown, unknown, OutboxOperations>
        it.effect.each<readonly [string, Decide, version: number]>([
          ["retry", (sink, stream) => operate((operations) => operations.retry(sink, stream, "ada")), 2],
          ["skip", (sink, stream) => operate((operations) => operations.skip(sink, stream, 2, "ada")), 3],
          ["discard", (sink, stream) => operate((operations) => operations.discard(sink, stream, "ada")), 6]
        ])("%s is about one stream of one sink", ([, decide, version]) =>
          Effect.gen(function* () {
            const { one, other, streams } = yield* parked
            const [stream, left] = streams
            yield* decide(one, stream)
            assert.sameDeepMembers(
              [...(yield* blockedOf(one))],
              [
                [stream, version, 0, false],
                [left, 2, 9, true]
              ]
            )
            assert.sameDeepMembers(
              [...(yield* blockedOf(other))],
              streams.map((own) => [own, 3, 9, true])
            )
            for (const [sink, own, expected] of [
              [one, stream, version],
              [one, left, 2],
              [other, stream, 3]
            ] as const) {
              const shown = yield* operate((operations) => operations.blockedStream(sink, own, 100))
              assert.deepStrictEqual([shown.block.sink, shown.block.stream, shown.block.version], [sink, own, expected])
              assert.deepStrictEqual(
                shown.waiting.map((entry) => [entry.eventId, entry.version]),
                [1, 2, 3, 4, 5].filter((n) => n >= expected).map((n) => [own, n])
              )
            }
            const refused = yield* Effect.flip(operate((operations) => operations.skip(other, stream, 2, "ada")))
            assert.deepInclude(refused, { _tag: "StreamMovedOn", version: 3 })
          })
        )

        it.effect(
          "every parked stream of a sink is tried again, and none that is tried again anyway, or another's",
          () =>
            Effect.gen(function* () {
              const held = yield* newSink
              const { one, other, streams } = yield* parked
              assert.strictEqual(yield* operate((operations) => operations.retryAll(one, "ada")), streams.length)
              assert.sameDeepMembers(
                [...(yield* blockedOf(one))],
                streams.map((stream) => [stream, 2, 0, false])
              )
              assert.sameDeepMembers(
                [...(yield* blockedOf(other))],
                streams.map((stream) => [stream, 3, 9, true])
              )
              const [waits, stands] = [yield* streamIn(14), yield* streamIn(14)]
              yield* block(held, 14, [
                blockOf(waits, 1, { attempts: 4, retryAfterMillis: LONG }),
                blockOf(stands, 1, { retryAfterMillis: null })
              ])
              assert.strictEqual(yield* operate((operations) => operations.retryAll(held.sink, "ada")), 1)
              assert.sameDeepMembers(
                [...(yield* blockedOf(held.sink))],
                [
                  [waits, 1, 4, false],
                  [stands, 1, 0, false]
                ]
              )
            })
        )

        it.effect("blocked streams are listed page by page, those of the sink, each once", () =>
          Effect.gen(function* () {
            const [held, other] = [yield* newSink, yield* newSink]
            const streams: Array<EventId> = []
            for (let n = 0; n < 4; n++) streams.push(yield* streamIn(15))
            for (const { claims, sink } of [held, other])
              yield* block(
                { claims, sink },
                15,
                streams.map((stream, n) => blockOf(stream, 1, { retryAfterMillis: n % 2 === 0 ? null : LONG }))
              )
            const list = Effect.fnUntraced(function* (isParked: boolean | null, limit: number) {
              const found: Array<EventId> = []
              let after: EventId | null = null
              while (true) {
                const page: ReadonlyArray<{ readonly sink: string; readonly stream: EventId }> = yield* operate(
                  (operations) => operations.blocked(held.sink, isParked, { limit, after })
                )
                assert.isTrue(page.every(({ sink }) => sink === held.sink))
                assert.isAtMost(page.length, limit)
                found.push(...page.map(({ stream }) => stream))
                if (page.length < limit) return found
                after = found.at(-1)!
              }
            })
            for (const limit of [1, 2, 3, 4, 5]) {
              assert.deepStrictEqual(yield* list(null, limit), sorted(streams))
              assert.deepStrictEqual(yield* list(true, limit), sorted([streams[0]!, streams[2]!]))
              assert.deepStrictEqual(yield* list(false, limit), sorted([streams[1]!, streams[3]!]))
            }
          })
        )

        it.effect("a sink that is forgotten takes nothing of another with it, and begins anew if it comes back", () =>
          Effect.gen(function* () {
            const [gone, stays] = [yield* newSink, yield* newSink]
            const stream = yield* streamIn(16)
            const replaying = (sink: string) =>
              Replays.use((replays) =>
                replays.start({ sink, selection: { ...everything, stream }, perSecond: null, who: "ada" })
              )
            for (const held of [gone, stays]) {
              yield* use((outbox) => outbox.announce(held.sink, "worker", LONG))
              yield* block(held, 16, [blockOf(stream, 2, { retryAfterMillis: null })])
              yield* replaying(held.sink)
            }
            const before = yield* statusOf(stays.sink)
            yield* operate((operations) => operations.forget(gone.sink, "ada"))
            assert.deepStrictEqual(yield* statusOf(stays.sink), before)
            assert.deepInclude(before, { workers: 1, parked: 1 })
            assert.deepStrictEqual(yield* blockedOf(stays.sink), [[stream, 2, 1, true]])
            assert.strictEqual((yield* use((outbox) => outbox.renew(stays.sink, stays.claims, LONG))).length, SLOTS)
            const held = yield* Replays.use((replays) => replays.claim(stays.sink, "worker", LONG))
            assert.strictEqual(held?.replay.sink, stays.sink)

            yield* use((outbox) => outbox.register(gone.sink, "now"))
            const again = yield* statusOf(gone.sink)
            assert.deepInclude(again, { workers: 0, retrying: 0, parked: 0, parkedSince: null, backlog: 0 })
            assert.deepStrictEqual(
              again.slots.map(({ epoch, owner, slot }) => [slot, epoch, owner]),
              Array.from({ length: SLOTS }, (_, slot) => [slot, 0, null])
            )
            assert.deepStrictEqual(yield* blockedOf(gone.sink), [])
            assert.isUndefined(yield* Replays.use((replays) => replays.claim(gone.sink, "worker", LONG)))
          })
        )
      })
    })
  })
}
