/**
 * Requests in a transaction of the host, beside a clock that goes on while they are carried out.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as HostTransaction from "@turnout/core/admission/application/engine/HostTransaction"
import * as Requests from "@turnout/core/admission/application/engine/Requests"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as PooledRandom from "@turnout/core/kernel/application/PooledRandom"
import { Effect, Layer, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Given from "../support/Given.ts"

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer), Layer.provideMerge(PooledRandom.layer))

describe("a request in a transaction of the host", () => {
  it.live("I1: whose event ends between its steps is remembered", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 0 })
      const waiters = STEP_SIZE + 5
      yield* Effect.forEach(Array(waiters).keys(), (n) => Given.register(event.id, n), { concurrency: 500 })

      const store = yield* AdmissionStore
      const makeRequest = Requests.make(yield* SecureRandom.SecureRandom)
      let transactions = 0
      const host: HostTransaction.HostTransaction = {
        transact: (events, open) =>
          Effect.tap(
            store.transact(events, open),
            Effect.sync(() => (transactions += 1))
          ),
        // The event is over as soon as the first transaction has ended.
        clock: { ...store.clock, now: () => (transactions === 0 ? store.clock.now() : new Date(event.endsAt)) },
        nextStep: (eventId) => makeRequest({ _tag: "CarryOn", eventId }, {})
      }
      const raise = {
        _tag: "ChangeCapacity",
        eventId: event.id,
        capacity: waiters,
        keepOverhang: false,
        demote: null
      } as const
      const send = Effect.flatMap(makeRequest(raise, { idempotencyKey: "raise" }), (request) =>
        HostTransaction.execute(host, [request])
      )
      const [first] = yield* send
      const [again] = yield* send
      assert.isTrue(Result.isSuccess(first!.answer))
      assert.deepStrictEqual(again, { answer: first!.answer, replayed: true })
    }).pipe(Effect.provide(services))
  )
})
