/**
 * The contract of an outbox about leases of slots.
 */
import { assert, describe } from "@effect/vitest"
import * as Lease from "@turnout/core/delivery/domain/Lease"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import type { HeldLease, Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import {
  LONG,
  SHORT,
  use,
  newSink,
  claim,
  stream,
  readAll,
  versions,
  upTo,
  leaseOf,
  blockOf,
  due,
  type It
} from "./OutboxGiven.ts"

export const leases = (it: It): void => {
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
                    const held: ReadonlyArray<HeldLease> = [{ slot, epoch, owner: "somebody", acknowledged: position }]
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
        const announce = (owner: string, ttlMillis = LONG) => use((outbox) => outbox.announce(sink, owner, ttlMillis))
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
}
