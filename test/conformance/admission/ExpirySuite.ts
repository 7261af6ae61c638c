/**
 * The contract of a registration store about idempotency records that have expired, and are deleted.
 */
import { assert, describe } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Fiber } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, use } from "./AdmissionGiven.ts"

/** The service on the same store, with a memory of two seconds for idempotency keys. */
const forgetful = Turnout.layer({ idempotencyTtlMillis: 2_000 })

const HOUR = 3_600_000

/** Sweeps through all records, and returns how many were deleted. */
const sweep = Effect.fnUntraced(function* (marginMillis: number) {
  let deleted = 0
  while (true) {
    const swept = yield* AdmissionStore.use((store) => store.forgetExpired(marginMillis))
    deleted += swept.deleted
    if (swept.isThrough) return deleted
  }
})

const register = (eventId: string, n: number, idempotencyKey: string) =>
  use((turnout) => turnout.register(eventId, Given.person(n), { idempotencyKey }))

export const expiry = (it: It): void => {
  describe("idempotency records that have expired", () => {
    it.effect("I1: are deleted, and others are not", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 10 })
        yield* sweep(0)
        const keys = [1, 2, 3].map((n) => ({ n, key: `${event.id} ${n}` }))
        yield* Effect.forEach(keys, ({ key, n }) => register(event.id, n, key)).pipe(Effect.provide(forgetful))
        const kept = yield* register(event.id, 4, `${event.id} kept`)
        assert.strictEqual(yield* sweep(0), 0, "none has expired")
        yield* Effect.sleep("2100 millis")
        assert.strictEqual(yield* sweep(HOUR), 0, "none has expired an hour ago")
        assert.strictEqual(yield* sweep(0), 3)
        assert.strictEqual(yield* sweep(0), 0)
        assert.deepStrictEqual(yield* register(event.id, 4, `${event.id} kept`), kept)
        // A key whose record is gone is decided anew.
        const again = yield* Effect.flip(register(event.id, 1, keys[0]!.key))
        assert.strictEqual(again._tag, "AlreadyRegistered")
        yield* Invariants.hold(event.id)
      })
    )

    it.effect("I7: are deleted whether they are of effects or of refusals", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0, waitlist: "closed" })
        yield* sweep(0)
        yield* Effect.flip(register(event.id, 1, event.id)).pipe(
          Effect.provide(Turnout.layer({ refusalTtlMillis: 2_000 }))
        )
        yield* Effect.sleep("2100 millis")
        assert.strictEqual(yield* sweep(0), 1)
      })
    )

    it.effect("I1, I3: a key is decided once and never twice, while its expired record is deleted", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1_000 })
        const keys = Array.from({ length: 40 }, () => randomUUID())
        yield* Effect.forEach(keys, (key, n) => register(event.id, n, key), { concurrency: "unbounded" }).pipe(
          Effect.provide(forgetful)
        )
        yield* Effect.sleep("2100 millis")
        const sweeping = yield* Effect.forkChild(Effect.forever(sweep(0)))
        const answers = yield* Effect.forEach(
          keys.flatMap((key, n) => [1, 2, 3].map(() => ({ key, n }))),
          ({ key, n }) => Effect.map(register(event.id, 1_000 + n, key), ({ registration }) => [key, registration.id]),
          { concurrency: "unbounded" }
        )
        yield* Fiber.interrupt(sweeping)
        assert.strictEqual(new Set(answers.map(([key, id]) => `${key} ${id}`)).size, keys.length)
        const { registrations } = yield* Invariants.hold(event.id)
        assert.strictEqual(registrations.length, 2 * keys.length)
      })
    )
  })
}
