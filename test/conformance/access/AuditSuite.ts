/**
 * The contract of the audit trail, as a suite: what is in the journal and what is in the audit log, in one order, by filters and pages.
 *
 * ```ts
 * suite("my stores", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Audit from "@turnout/core/access/application/audit/Audit"
import { CurrentRequest } from "@turnout/core/access/application/audit/CurrentRequest"
import type { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { AuditStore, type Noted } from "@turnout/core/access/ports/AuditStore"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import { eventOf, newAddress, organization } from "./GuardGiven.ts"

/** Reads a query to its end, in pages of this size. */
export const readAll = Effect.fnUntraced(function* (query: typeof AuditQuery.Encoded, limit = 100) {
  const items: Array<AuditEntry> = []
  let after: string | null = null
  do {
    const page: Effect.Success<ReturnType<typeof Audit.list>> = yield* Audit.list(query, { after, limit })
    assert.isAtMost(page.items.length, limit)
    items.push(...page.items)
    after = page.next
  } while (after !== null)
  return items
})

const noted = (changes: Partial<Noted>): Noted => ({
  ageMillis: 0,
  who: "key:one",
  action: "listRegistrations",
  resource: null,
  organizationId: null,
  outcome: "done",
  requestId: null,
  credential: null,
  details: {},
  ...changes
})

const write = (entries: ReadonlyArray<Partial<Noted>>) => AuditStore.use((store) => store.write(entries.map(noted), []))

/** The journal and the log have their times from one clock, which a process hears with a delay: what follows must be later for both. */
const pause = Effect.sleep("20 millis")

/** Some of everything that concerns a new organization, by three principals. */
const given = Effect.gen(function* () {
  const id = yield* organization()
  const turnout = yield* Turnout.Turnout
  const [ada, grace] = [`key:ada-${id}`, `user:grace-${id}`]
  yield* pause
  const event = yield* turnout.createEvent({ ...Given.eventInput({ capacity: 1 }), organizationId: id }, { actor: ada })
  yield* pause
  yield* write([{ who: ada, organizationId: id, resource: `event:${event.id}`, action: "listWaitlist" }])
  yield* pause
  yield* turnout.publishEvent(event.id, { actor: grace })
  const registered = yield* Effect.forEach([1, 2, 3], () =>
    turnout.register(event.id, { attendee: { email: newAddress() } }, { actor: "anonymous" })
  )
  yield* pause
  yield* AuditLog.use(({ note }) => note(grace, "keys.create", { key: "k" }, { resource: "key:k", organizationId: id }))
  yield* pause
  yield* turnout.cancelRegistration(event.id, registered[0]!.registration.id, { actor: grace })
  yield* pause
  yield* write([
    { who: grace, organizationId: id, resource: `event:${event.id}`, action: "cancelEvent", outcome: "refused" }
  ])
  return { id, ada, grace, eventId: event.id, registrations: registered.map(({ registration }) => registration.id) }
})

const isAsked = (query: AuditQuery) => (entry: AuditEntry) =>
  (query.principal === undefined || entry.who === query.principal) &&
  (query.action === undefined || entry.action === query.action) &&
  (query.resource === undefined || entry.resource === query.resource) &&
  (query.from === undefined || entry.at >= query.from) &&
  (query.until === undefined || entry.at < query.until)

type Services = AdmissionStore | AdmissionReads | AuditLog | AuditStore | OrganizationStore

const order = (name: string, services: Layer.Layer<Services | Turnout.Turnout, unknown>) =>
  describe(`the order of the audit trail: ${name}`, () => {
    withLayer(Layer.orDie(services), { excludeTestServices: true, timeout: 60_000 })((it) => {
      it.effect("is that of the times, of the journal and of the log together, the latest first", () =>
        Effect.gen(function* () {
          const { ada, eventId, grace, id, registrations } = yield* given
          const entries = yield* readAll({ organizationId: id })
          const [first = null, second = null, third = null] = registrations.map((one) => `registration:${one}`)
          assert.deepStrictEqual(
            entries.map(({ action, outcome, resource, who }) => [who, action, resource, outcome]).toReversed(),
            [
              ["ada", "organizations.create", `organization:${id}`, "done"],
              [ada, "EventCreated", `event:${eventId}`, "done"],
              [ada, "listWaitlist", `event:${eventId}`, "done"],
              [grace, "EventPublished", `event:${eventId}`, "done"],
              ["anonymous", "AttendeeRegistered", first, "done"],
              ["anonymous", "AttendeeWaitlisted", second, "done"],
              ["anonymous", "AttendeeWaitlisted", third, "done"],
              [grace, "keys.create", "key:k", "done"],
              [grace, "RegistrationCancelled", first, "done"],
              [grace, "RegistrationPromoted", second, "done"],
              [grace, "cancelEvent", `event:${eventId}`, "refused"]
            ]
          )
          for (const [index, { at }] of entries.entries())
            if (index > 0) assert.isAtMost(at.getTime(), entries[index - 1]!.at.getTime())
          assert.strictEqual(new Set(entries.map((entry) => entry.id)).size, entries.length)
          assert.isTrue(entries.every(({ organizationId }) => organizationId === id))
        })
      )

      it.effect("is the same in pages of every size, also while others write", () =>
        Effect.gen(function* () {
          const { id } = yield* given
          const whole = yield* readAll({ organizationId: id })
          for (const limit of [1, 2, 3, 5, 11]) {
            const paged: Array<AuditEntry> = []
            let after: string | null = null
            do {
              const page: Effect.Success<ReturnType<typeof Audit.list>> = yield* Audit.list(
                { organizationId: id },
                { after, limit }
              )
              paged.push(...page.items)
              after = page.next
              yield* write([{ organizationId: id, who: "user:meanwhile" }])
              yield* eventOf(id)
            } while (after !== null)
            const known = new Set(whole.map((entry) => entry.id))
            assert.deepStrictEqual(
              paged.filter((entry) => known.has(entry.id)),
              whole
            )
            assert.strictEqual(new Set(paged.map((entry) => entry.id)).size, paged.length)
          }
        })
      )

      it.effect("is that of the moments, and not that in which entries were written", () =>
        Effect.gen(function* () {
          const id = yield* organization()
          const of = (n: number, ageMillis: number) => ({ organizationId: id, details: { n }, ageMillis })
          yield* write([of(1, 500), of(2, 400)])
          yield* write([of(0, 90_000), of(3, 0)])
          const numbers = (yield* readAll({ organizationId: id, action: "listRegistrations" }, 1)).map(
            ({ details }) => details["n"]
          )
          assert.deepStrictEqual(numbers, [3, 2, 1, 0])
        })
      )

      it.effect("keeps what concerns an event that was deleted with its organization", () =>
        Effect.gen(function* () {
          const id = yield* organization()
          const turnout = yield* Turnout.Turnout
          const { id: eventId } = yield* turnout.createEvent({ ...Given.eventInput(), organizationId: id })
          yield* turnout.deleteEvent(eventId)
          const actions = (yield* readAll({ organizationId: id, resource: `event:${eventId}` })).map(
            ({ action }) => action
          )
          assert.deepStrictEqual(actions, ["EventDeleted", "EventCreated"])
        })
      )
    })
  })

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
          yield* store.write([], [origin, { ...origin, address: "198.51.100.1" }])
          yield* store.write([], [{ ...origin, address: "198.51.100.2" }])
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
  order(name, services)
  filters(name, services)
  origins(name, services)
}
