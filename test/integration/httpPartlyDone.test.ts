/**
 * Requests of operators that do several things, of which a later one fails: what was done is in the problem.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import { QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import type { HttpServer } from "effect/http"
import { call, type Reply, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"

const cause = new Error("down")
const REASONS = {
  Contention: [503, "store_unavailable"],
  Unavailable: [503, "store_unavailable"],
  OutcomeUnknown: [503, "outcome_unknown"],
  Unexpected: [500, "internal_error"]
} as const
type Reason = keyof typeof REASONS
const reasonOf = {
  Contention: () => new StoreError.Contention({ cause }),
  Unavailable: () => new StoreError.Unavailable({ cause }),
  OutcomeUnknown: () => new StoreError.OutcomeUnknown({ cause }),
  Unexpected: () => new StoreError.Unexpected({ cause })
} as const

const letter = { id: "a", group: null, sentAt: new Date(0), receiveCount: 1, body: "a", message: null }
/** Of which one is moved, and then perhaps the queue is away. */
const letters = (state: { isQueueDown: boolean }): DeadLetters => ({
  name: "dead",
  to: "live",
  count: Effect.succeed(1),
  list: () => Effect.succeed([letter]),
  redrive: ({ onMoved }) =>
    Effect.suspend(() => {
      onMoved?.(1, letter)
      return state.isQueueDown ? Effect.fail(new QueueUnavailable({ cause })) : Effect.succeed(1)
    })
})

/** With a server whose audit log fails as long as a reason is set. */
const withServer = <A, E>(
  work: (state: {
    reason: Reason | undefined
    isQueueDown: boolean
  }) => Effect.Effect<A, E, Turnout.Turnout | HttpServer.HttpServer>
) => {
  const state = { reason: undefined as Reason | undefined, isQueueDown: false }
  const failing = <A, E>(otherwise: Effect.Effect<A, E>): Effect.Effect<A, E | StoreError.StoreError> =>
    Effect.suspend((): Effect.Effect<A, E | StoreError.StoreError> =>
      state.reason === undefined
        ? otherwise
        : Effect.fail(new StoreError.StoreError({ reason: reasonOf[state.reason]() }))
    )
  const auditLog = Layer.effect(
    AuditLog,
    Effect.map(AuditLog, (own) => AuditLog.of({ ...own, note: (...args) => failing(own.note(...args)) }))
  )
  const stores = auditLog.pipe(Layer.provideMerge(Layer.fresh(Memory.layer)))
  const server = Layer.fresh(
    Server.layer({ port: 0, adminToken: Redacted.make(TOKEN), deadLetters: [letters(state)] })
  ).pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(stores))
  return work(state).pipe(Effect.provide(server), Effect.provide(Logger.layer([])))
}

const assertTold = ({ body, headers, status }: Reply, reason: Reason, done: unknown) => {
  assert.deepStrictEqual([status, body.code, body.done], [...REASONS[reason], done])
  assert.match(headers.get("content-type")!, /^application\/problem\+json/)
  assert.notMatch(JSON.stringify(body), /nothing has changed|\\n +at /)
}

describe("requests of operators that are partly done", { timeout: 60_000 }, () => {
  for (const reason of Object.keys(REASONS) as ReadonlyArray<Reason>) {
    it.live(`tell what was moved and made anew before the store failed: ${reason}`, () =>
      withServer((state) =>
        Effect.gen(function* () {
          const { id } = yield* Given.publishedEvent({ capacity: 1 })
          state.reason = reason
          assertTold(yield* call("POST", "/admin/dead-letters/dead/redrive", { body: {} }), reason, { moved: 1 })
          assertTold(yield* call("POST", `/admin/sales/${id}/rebuild`), reason, { rebuilt: id })
          state.reason = undefined
          assert.strictEqual((yield* call("GET", `/admin/sales/${id}`)).status, 200)
        })
      )
    )
  }

  it.live("tell what was moved before the queue failed", () =>
    withServer((state) =>
      Effect.gen(function* () {
        state.isQueueDown = true
        const { body, headers, status } = yield* call("POST", "/admin/dead-letters/dead/redrive", { body: {} })
        assert.deepStrictEqual([status, body.code, body.done], [503, "queue_unavailable", { moved: 1 }])
        assert.strictEqual(headers.get("retry-after"), "1")
        assert.include(body.reason, "1 dead letters were moved to live.")
      })
    )
  )
})
