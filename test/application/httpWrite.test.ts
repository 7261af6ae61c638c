/**
 * Idempotency keys in flight: a principal meets only with itself.
 */
import { assert, describe, it } from "@effect/vitest"
import { actorOf, type Principal } from "@turnout/core/access/domain/policy/Principal"
import { CurrentPrincipal } from "@turnout/core/guard/application/CurrentPrincipal"
import { GuardedTurnout } from "@turnout/core/guard/application/GuardedTurnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { CurrentExchange, type Exchange } from "@turnout/http/internal/pipeline/Exchange"
import { makeWrite } from "@turnout/http/internal/server/Write"
import { Deferred, Effect, Fiber, Result } from "effect"

const command = { _tag: "PublishEvent", eventId: "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1" as EventId } as const
const USER: Extract<Principal, { readonly kind: "user" }> = {
  kind: "user",
  id: "",
  name: null,
  address: null,
  attendeeIds: [],
  memberships: [],
  isOperator: false
}
const headers = { "idempotency-key": "the same" }

/** Writes that go on until `finish`, and who they were for. */
const given = Effect.gen(function* () {
  const finish = yield* Deferred.make<void>()
  const actors: Array<string> = []
  const turnout = {
    execute: () =>
      CurrentPrincipal.use((principal) => {
        actors.push(actorOf(principal))
        const answer = Result.succeed({ deleted: "done" })
        return Effect.as(Deferred.await(finish), { answer, replayed: false, linkSecret: null })
      })
  } as unknown as GuardedTurnout["Service"]
  const { execute: write } = yield* Effect.provideService(makeWrite, GuardedTurnout, turnout)
  const exchange = { setHeader: () => {} } as unknown as Exchange
  const send = write(command, headers).pipe(Effect.provideService(CurrentExchange, exchange))
  return { actors, finish: Deferred.succeed(finish, undefined), send }
})

describe("a write with a key that is in flight", () => {
  it.effect("is refused to its principal, and carried out for another", () =>
    Effect.gen(function* () {
      const { actors, finish, send } = yield* given
      const by = (id: string) => Effect.exit(Effect.provideService(send, CurrentPrincipal, { ...USER, id }))
      const ofAda = yield* Effect.forkChild(by("ada"), { startImmediately: true })
      const ofBob = yield* Effect.forkChild(by("bob"), { startImmediately: true })
      assert.strictEqual((yield* by("ada"))._tag, "Failure")
      yield* finish
      assert.deepStrictEqual([(yield* Fiber.join(ofAda))._tag, (yield* Fiber.join(ofBob))._tag], ["Success", "Success"])
      assert.deepStrictEqual(actors, ["user:ada", "user:bob"])
    })
  )

  it.effect("is refused to everybody where nobody is told apart", () =>
    Effect.gen(function* () {
      const { actors, finish, send: sending } = yield* given
      const send = Effect.provideService(sending, CurrentPrincipal, { kind: "anonymous" })
      const first = yield* Effect.forkChild(send, { startImmediately: true })
      const error = yield* Effect.flip(send)
      assert.strictEqual(error._tag, "IdempotencyKeyInFlight")
      yield* finish
      yield* Fiber.join(first)
      yield* send
      assert.deepStrictEqual(actors, ["anonymous", "anonymous"])
    })
  )
})
