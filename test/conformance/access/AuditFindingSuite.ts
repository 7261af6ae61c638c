/**
 * Finding in the audit trail, and where its entries come from, as a suite.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Audit from "@turnout/core/access/application/audit/Audit"
import { CurrentRequest } from "@turnout/core/access/application/audit/CurrentRequest"
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { AuditStore } from "@turnout/core/access/ports/AuditStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import { given, isAsked, pause, readAll, type Services, write } from "./AuditGiven.ts"
import { organization } from "./GuardGiven.ts"

const filters = (name: string, services: Layer.Layer<Services | Turnout.Turnout, unknown>) =>
  describe(`finding in the audit trail: ${name}`, () => {
    withLayer(Layer.orDie(services), { excludeTestServices: true, timeout: 60_000 })((it) => {
      it.effect("gives what all conditions hold of, and nothing else", () =>
        Effect.gen(function* () {
          const { ada, eventId, grace, id, registrations } = yield* given
          yield* given
          const whole = yield* readAll({ organizationId: id })
          const middle = whole[5]!.at
          const queries: ReadonlyArray<AuditQuery> = [
            { principal: ada },
            { principal: grace, action: "keys.create" },
            { action: "AttendeeWaitlisted" },
            { action: "cancelEvent", principal: ada },
            { resource: `event:${eventId}` },
            { resource: `event:${eventId}`, principal: ada },
            { resource: `registration:${registrations[0]}` },
            { resource: `registration:${randomUUID()}` },
            { resource: "event:no uuid" },
            { resource: "key:k" },
            { from: middle },
            { until: middle },
            { from: middle, until: new Date(middle.getTime() + 1) },
            { principal: grace, resource: `registration:${registrations[0]}`, from: whole.at(-1)!.at }
          ]
          for (const query of queries) {
            const asked = { ...query, organizationId: id }
            for (const limit of [2, 100])
              assert.deepStrictEqual(yield* readAll(asked, limit), whole.filter(isAsked(query)), JSON.stringify(query))
          }
          assert.deepStrictEqual(yield* readAll({ principal: ada }), whole.filter(isAsked({ principal: ada })))
          const none = yield* Audit.list(
            { organizationId: id, from: new Date("2090-01-01") },
            { after: null, limit: 5 }
          )
          assert.deepStrictEqual(none, { items: [], next: null })
        })
      )

      it.effect("refuses what breaks a rule, and a place that is none", () =>
        Effect.gen(function* () {
          const field = (query: typeof AuditQuery.Encoded, after: string | null = null) =>
            Effect.map(Effect.flip(Audit.list(query, { after, limit: 5 })), (error) =>
              error._tag === "InvalidInput" ? error.issues.map((issue) => issue.field) : error._tag
            )
          const now = new Date()
          assert.deepStrictEqual(yield* field({ from: now, until: now }), ["until"])
          assert.deepStrictEqual(yield* field({ principal: "" }), ["principal"])
          for (const after of ["", "x", "e30", Buffer.from('{"log":"never","journal":1}').toString("base64url")])
            assert.deepStrictEqual(yield* field({}, after), ["after"])
        })
      )
    })
  })

const origins = (name: string, services: Layer.Layer<Services | Turnout.Turnout, unknown>) =>
  describe(`the origins of the audit trail: ${name}`, () => {
    withLayer(Layer.orDie(services), { excludeTestServices: true, timeout: 60_000 })((it) => {
      it.effect("are those of the request and the principal, in the journal and in the log", () =>
        Effect.gen(function* () {
          const id = yield* organization()
          const turnout = yield* Turnout.Turnout
          const requestId = randomUUID()
          const origin = {
            requestId,
            who: "user:ada",
            credential: "session:s",
            address: "203.0.113.7",
            userAgent: "curl"
          }
          const request = { id: requestId, credential: "session:s", address: null, userAgent: null }
          yield* turnout.createEvent(
            { ...Given.eventInput(), organizationId: id },
            { actor: "user:ada", correlationId: requestId }
          )
          yield* pause
          yield* AuditLog.use(({ note }) => note("user:ada", "test.decided", {}, { organizationId: id })).pipe(
            Effect.provideService(CurrentRequest, request)
          )
          yield* AuditLog.use(({ note }) => note("user:grace", "test.other", {}, { organizationId: id })).pipe(
            Effect.provideService(CurrentRequest, request)
          )
          const store = yield* AuditStore
          // A batch whose outcome is not known is written again.
          yield* store.write([], [origin, origin])
          yield* store.write([], [origin])
          const shown = (yield* readAll({ organizationId: id }))
            .filter(({ action }) => action !== "organizations.create")
            .map((entry) => [entry.action, entry.requestId, entry.credential, entry.address, entry.userAgent])
          assert.deepStrictEqual(shown, [
            ["test.other", requestId, "session:s", null, null],
            ["test.decided", requestId, "session:s", "203.0.113.7", "curl"],
            ["EventCreated", requestId, "session:s", "203.0.113.7", "curl"]
          ])
        })
      )

      it.effect("are told as far as requests agree that a client has sent under one id", () =>
        Effect.gen(function* () {
          const id = yield* organization()
          const store = yield* AuditStore
          const [atOnce, later] = [randomUUID(), randomUUID()]
          const of = (requestId: string, address: string) => ({
            requestId,
            who: "user:ada",
            credential: "session:s",
            address,
            userAgent: "curl"
          })
          yield* store.write([], [of(atOnce, "203.0.113.7"), of(atOnce, "198.51.100.1")])
          yield* store.write([], [of(later, "203.0.113.7")])
          yield* store.write([], [of(later, "198.51.100.1")])
          // An address that was forgotten does not come back.
          yield* store.write([], [of(later, "203.0.113.7")])
          for (const requestId of [atOnce, later])
            yield* AuditLog.use(({ note }) => note("user:ada", "test.decided", {}, { organizationId: id })).pipe(
              Effect.provideService(CurrentRequest, { id: requestId, credential: null, address: null, userAgent: null })
            )
          const shown = (yield* readAll({ organizationId: id, action: "test.decided" })).map(
            ({ address, credential, userAgent }) => [credential, address, userAgent]
          )
          const agreed = ["session:s", null, "curl"]
          assert.deepStrictEqual(shown, [agreed, agreed])
        })
      )

      it.effect("tell the credential by the name of the principal, if nothing else does", () =>
        Effect.gen(function* () {
          const id = yield* organization()
          yield* write([
            { organizationId: id, who: "key:one" },
            { organizationId: id, who: "operator" }
          ])
          const credentials = (yield* readAll({ organizationId: id, action: "listRegistrations" })).map(
            ({ credential, who }) => [who, credential]
          )
          assert.deepStrictEqual(credentials, [
            ["operator", null],
            ["key:one", "key:one"]
          ])
        })
      )
    })
  })

export const suite = <E>(name: string, store: Layer.Layer<Services, E>): void => {
  const services = Turnout.layer().pipe(Layer.provideMerge(store))
  filters(name, services)
  origins(name, services)
}
