/**
 * What the suites of the audit trail start from, and how they read it.
 */
import { assert } from "@effect/vitest"
import * as Audit from "@turnout/core/access/application/audit/Audit"
import type { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { AuditStore, type Noted } from "@turnout/core/access/ports/AuditStore"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect } from "effect"
import * as Given from "../../support/Given.ts"
import { newAddress, organization } from "./GuardGiven.ts"

/** The stores of an audit trail. */
export type Services = AdmissionStore | AdmissionReads | AuditLog | AuditStore | OrganizationStore

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

export const write = (entries: ReadonlyArray<Partial<Noted>>) =>
  AuditStore.use((store) => store.write(entries.map(noted), []))

/** The journal and the log have their times from one clock, which a process hears with a delay: what follows must be later for both. */
export const pause = Effect.sleep("20 millis")

/** Some of everything that concerns a new organization, by three principals. */
export const given = Effect.gen(function* () {
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

export const isAsked = (query: AuditQuery) => (entry: AuditEntry) =>
  (query.principal === undefined || entry.who === query.principal) &&
  (query.action === undefined || entry.action === query.action) &&
  (query.resource === undefined || entry.resource === query.resource) &&
  (query.from === undefined || entry.at >= query.from) &&
  (query.until === undefined || entry.at < query.until)
