/**
 * Who may do what over HTTP: every endpoint, each kind of principal and each role, on what belongs to their own organization, to
 * another one, and to none. The table of this file is written by hand, and not made from the policy.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Members from "@turnout/core/access/application/Members"
import { digestOf } from "@turnout/core/access/application/Secrets"
import { textOf } from "@turnout/core/access/domain/credentials/AttendeeLink"
import { parse } from "@turnout/core/access/domain/credentials/Credential"
import { permissionsOf, type Role } from "@turnout/core/access/domain/policy/Role"
import { textOf as textOfSubject } from "@turnout/core/access/domain/Subject"
import { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import { AttendeeLinkStore } from "@turnout/core/access/ports/AttendeeLinkStore"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import { MemberStore } from "@turnout/core/access/ports/MemberStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import type { Operation } from "@turnout/http/internal/document/Json"
import { Effect } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { afterAll, beforeAll } from "vitest"
import * as AdminClient from "../support/AdminClient.ts"
import { adminApi, api } from "../support/ApiDocument.ts"
import * as Given from "../support/Given.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as SignedIn from "../support/SignedIn.ts"

const ALL = permissionsOf("operator")
const NOWHERE = OrganizationId.make("0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1")

// --- the table ---

interface Row {
  /** The roles in its organization that may, besides operators. */
  readonly roles: ReadonlyArray<Exclude<Role, "operator">>
  /** Who may besides: `public` is everybody where the event is public, `registering` whoever registers themselves. */
  readonly others?: "public" | "registering" | "attendee"
}

const NOBODY: Row = { roles: [] }
const OWNERS: Row = { roles: ["owner"] }
const ORGANIZERS: Row = { roles: ["owner", "organizer"] }
const AT_THE_DOOR: Row = { roles: ["owner", "organizer", "checkin"] }
const STAFF: Row = { roles: ["owner", "organizer", "checkin", "viewer"] }

/** Operations on an event, or on a registration of one. */
const ON_EVENTS: Readonly<Record<string, Row>> = {
  getEvent: { ...STAFF, others: "public" },
  updateEvent: ORGANIZERS,
  publishEvent: ORGANIZERS,
  unpublishEvent: ORGANIZERS,
  cancelEvent: ORGANIZERS,
  completeEvent: ORGANIZERS,
  reopenEvent: ORGANIZERS,
  changeCapacity: ORGANIZERS,
  deleteEvent: ORGANIZERS,
  register: { ...ORGANIZERS, others: "registering" },
  registerGuest: ORGANIZERS,
  listRegistrations: STAFF,
  exportRegistrations: STAFF,
  getRegistration: { ...STAFF, others: "attendee" },
  cancelRegistration: { ...ORGANIZERS, others: "attendee" },
  confirmRegistration: ORGANIZERS,
  reinstateRegistration: ORGANIZERS,
  correctRegistration: ORGANIZERS,
  markAttended: AT_THE_DOOR,
  markNoShow: AT_THE_DOOR,
  clearAttendance: AT_THE_DOOR,
  releaseSeat: AT_THE_DOOR,
  replaceAttendeeLink: ORGANIZERS,
  listWaitlist: STAFF,
  exportWaitlist: STAFF,
  getWaitlistPlace: { ...STAFF, others: "attendee" },
  getSales: STAFF
}

/** Operations on API keys of an organization, or of operators. */
const ON_KEYS: Readonly<Record<string, Row>> = {
  createApiKey: OWNERS,
  listApiKeys: OWNERS,
  replaceApiKey: OWNERS,
  revokeApiKey: OWNERS
}

/** Operations on webhooks of an organization, or of the installation. */
const ON_WEBHOOKS: Readonly<Record<string, Row>> = {
  createWebhook: OWNERS,
  listWebhooks: ORGANIZERS,
  getWebhook: ORGANIZERS,
  updateWebhook: OWNERS,
  rotateWebhookSecret: OWNERS,
  enableWebhook: OWNERS,
  disableWebhook: OWNERS,
  removeWebhook: OWNERS,
  listWebhookAttempts: ORGANIZERS
}

/** Operations on an organization that the path names, by its id or its short name, and on what belongs to it. */
const ON_ORGANIZATIONS: Readonly<Record<string, Row>> = {
  getOrganization: STAFF,
  listMembers: ORGANIZERS,
  addMember: OWNERS,
  getMember: ORGANIZERS,
  changeMember: OWNERS,
  removeMember: OWNERS,
  listPeople: AT_THE_DOOR
}

/** Operations on an organization that is named in the body, or on none: lists, and what belongs to the installation. */
const OTHERS: Readonly<Record<string, Row>> = {
  createEvent: ORGANIZERS,
  listEvents: { ...STAFF, others: "public" },
  listAttendeeRegistrations: AT_THE_DOOR,
  createOrganization: NOBODY,
  listOrganizations: NOBODY,
  updateOrganization: NOBODY,
  reloadIssuers: NOBODY,
  getOutboxStatus: NOBODY,
  listBlockedStreams: NOBODY,
  getBlockedStream: NOBODY,
  retryBlockedStream: NOBODY,
  retryAllBlockedStreams: NOBODY,
  skipEntry: NOBODY,
  discardBlockedStream: NOBODY,
  forgetSink: NOBODY,
  pruneJournal: NOBODY,
  repairOutbox: NOBODY,
  readJournal: NOBODY,
  findPeople: NOBODY,
  listAuditEntries: OWNERS,
  exportAuditEntries: OWNERS,
  exportAuditLines: OWNERS,
  getPerson: NOBODY,
  deactivatePerson: NOBODY,
  reactivatePerson: NOBODY,
  startReplay: NOBODY,
  countReplay: NOBODY,
  listReplays: NOBODY,
  getReplay: NOBODY,
  resumeReplay: NOBODY,
  cancelReplay: NOBODY,
  listSales: NOBODY,
  rebuildSales: NOBODY,
  listDeadLetterQueues: NOBODY,
  listDeadLetters: NOBODY,
  redriveDeadLetters: NOBODY
}

/** Operations that are about nobody but the principal: for whoever asks, for who has a credential, for people who have signed in. */
const ON_THEMSELVES: Readonly<Record<string, "anyone" | "bearer" | "self">> = {
  requestSignIn: "anyone",
  redeemSignInLink: "anyone",
  listSessions: "self",
  endSession: "self",
  endAllSessions: "self",
  getMe: "bearer",
  listMyRegistrations: "self"
}

/** Balancers ask for the health of a server without a credential. */
const UNGUARDED = ["getLiveness", "getReadiness", "getHealth"]

// --- what there is on the server ---

const PRINCIPALS = [
  "nobody",
  "adminToken",
  "operator",
  "owner",
  "organizer",
  "checkin",
  "viewer",
  "attendee",
  "otherAttendee"
] as const
type PrincipalName = (typeof PRINCIPALS)[number]

const PLACES = ["own, public", "own, a draft", "another's, public", "another's, a draft", "nowhere"] as const
type Place = (typeof PLACES)[number]

let world: HttpWorld.HttpWorld & {
  readonly own: OrganizationId
  readonly anothers: OrganizationId
  readonly credentials: Readonly<Record<string, string>>
}

beforeAll(async () => {
  const started = await HttpWorld.start()
  const own = await started.organization("own")
  const anothers = await started.organization("anothers")
  const credentials: Record<string, string> = { adminToken: AdminClient.TOKEN }
  for (const role of ["operator", "owner", "organizer", "checkin", "viewer"] as const)
    credentials[role] = (await started.key(role, role === "operator" ? null : own)).text
  world = { ...started, own, anothers, credentials }
})
afterAll(() => world[Symbol.asyncDispose]())

/** A registration of an event, and the link to it. */
interface Target {
  readonly eventId: string
  readonly registrationId: string
  readonly link: string
}

const linkOf = Effect.fnUntraced(function* (eventId: string, registrationId: string) {
  const secret = randomBytes(32).toString("base64url")
  yield* AttendeeLinkStore.use((links) => links.replace(eventId as EventId, registrationId, digestOf(secret), "ada"))
  return textOf(registrationId, secret)
})

/** An event with a person who waits, behind the one who has the seat; nothing of it is used by another request. */
const makeTarget = Effect.fnUntraced(function* (place: Exclude<Place, "nowhere">) {
  const organizationId = place.startsWith("own") ? world.own : world.anothers
  const turnout = yield* Turnout.Turnout
  const { id: eventId } = yield* turnout.createEvent({ ...Given.eventInput({ capacity: 1 }), organizationId })
  if (place.endsWith("draft")) {
    const { registration } = yield* turnout.registerGuest(eventId, Given.person(1))
    return { eventId, registrationId: registration.id, link: yield* linkOf(eventId, registration.id) }
  }
  yield* turnout.publishEvent(eventId)
  yield* Given.register(eventId, 1)
  const { id } = yield* Given.register(eventId, 2)
  return { eventId, registrationId: id, link: yield* linkOf(eventId, id) }
})

const targetIn = async (place: Place): Promise<Target> => {
  if (place !== "nowhere") return world.run(makeTarget(place))
  const { link } = await world.run(makeTarget("another's, public"))
  return { eventId: NOWHERE, registrationId: NOWHERE, link }
}

const somebody = () => `${randomUUID()}@example.com`

const addMember = (organizationId: OrganizationId) =>
  Members.Members.use((members) =>
    members.add(organizationId, { subject: { address: somebody() }, role: "viewer" }, ALL, "ada")
  )

const addWebhook = (organizationId: OrganizationId | null) =>
  WebhookStore.use((store) =>
    store.create(
      randomUUID(),
      {
        organizationId,
        url: `https://example.com/${randomUUID()}`,
        types: null,
        description: "",
        secret: `whsec_${randomBytes(32).toString("base64")}`,
        from: "now"
      },
      "ada"
    )
  )

const credentialOf = async (name: PrincipalName, { link }: Target): Promise<string | null> => {
  if (name === "nobody") return null
  if (name === "attendee") return link
  if (name === "otherAttendee") return (await world.run(makeTarget("own, public"))).link
  return world.credentials[name]!
}

// --- requests ---

interface Endpoint {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

const ENDPOINTS: ReadonlyArray<Endpoint> = [api(), adminApi()].flatMap(({ document }) =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      operation
    }))
  )
)

/** Sends the example of an endpoint, with these values in its path. */
const send = async (
  { method, operation, path }: Endpoint,
  token: string | null,
  values: Readonly<Record<string, string>>,
  body = operation.requestBody?.content["application/json"]?.example
) => {
  const example = (name: string) => operation.parameters.find((parameter) => parameter.name === name)?.example
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? String(example(name)))
  )
  const query = values["query"] ?? ""
  return AdminClient.request(world.address, method, target + query, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: { "idempotency-key": randomUUID() }
  })
}

type Answer = "answered" | "unauthorized" | "forbidden" | "not found"

const NOT_FOUND = [
  "event_not_found",
  "registration_not_found",
  "organization_not_found",
  "api_key_not_found",
  "webhook_not_found"
]

const answerOf = ({ body, status }: AdminClient.Reply): Answer => {
  if (status === 401) return "unauthorized"
  if (status === 403) return "forbidden"
  if (status === 404 && (NOT_FOUND.includes(body.code) || body.code === "sales_not_counted")) return "not found"
  assert.isBelow(status, 500, JSON.stringify(body))
  return "answered"
}

/** Everything that a request could have changed. */
const snapshot = (eventId: string) =>
  world.run(
    Effect.gen(function* () {
      const turnout = yield* Turnout.Turnout
      const journal = yield* Effect.option(turnout.listJournal(eventId))
      const keys = yield* ApiKeyStore.use((store) => store.list("all", { after: null, limit: 1_000 }))
      const members = yield* Effect.forEach([world.own, world.anothers], (id) =>
        MemberStore.use((store) => store.list(id, { after: null, limit: 10_000 }))
      )
      const webhooks = yield* WebhookStore.use((store) => store.list("all", { after: null, limit: 1_000 }))
      const logged = yield* AuditLog.use((log) => log.list({ after: null, limit: 500 }))
      // What was refused, and which personal data were read, is there a moment later, and has changed nothing.
      const latest = logged.find(({ action, outcome }) => outcome === "done" && action.includes("."))
      const { items } = yield* turnout.listEvents({ limit: 500, order: "latest" })
      const used = keys.map((key) => ({ ...key, lastUsedAt: null }))
      return JSON.stringify([journal, used, members, webhooks, latest ?? null, items.length])
    })
  )

const isOperator = (name: PrincipalName): boolean => name === "adminToken" || name === "operator"

/** What the table says of a principal. */
const expectedOnEvent = ({ others, roles }: Row, name: PrincipalName, place: Place): Answer => {
  const isPublic = place.endsWith("public")
  if (isOperator(name)) return place === "nowhere" ? "not found" : "answered"
  if (others === "public" && isPublic) return "answered"
  if (name === "nobody") {
    if (others === "registering") return isPublic ? "answered" : "not found"
    return others === "public" ? "not found" : "unauthorized"
  }
  if (name === "attendee" || name === "otherAttendee") {
    if (others === "attendee") return name === "attendee" && place !== "nowhere" ? "answered" : "not found"
    return others === "public" ? "not found" : "forbidden"
  }
  if (!roles.includes(name as never)) return others === "public" ? "not found" : "forbidden"
  if (place.startsWith("own")) return "answered"
  // Everybody may know of the event, so a key that registers nobody for it is told so.
  return others === "registering" && isPublic ? "forbidden" : "not found"
}

/** What the table says of a principal and an organization. */
const expectedOnOrganization = (
  roles: Row["roles"],
  name: PrincipalName,
  place: "own" | "another's" | "nowhere"
): Answer => {
  if (name === "nobody") return "unauthorized"
  const isAllowed = isOperator(name) || roles.includes(name as never)
  if (!isAllowed) return "forbidden"
  return place === "own" || (place === "another's" && isOperator(name)) ? "answered" : "not found"
}

const cases = (table: Readonly<Record<string, Row>>) =>
  ENDPOINTS.filter(({ id }) => id in table).map((endpoint) => [endpoint.id, endpoint] as const)

describe("who may do what over HTTP", { timeout: 60_000 }, () => {
  it("is said of every endpoint", () => {
    assert.sameMembers(
      ENDPOINTS.map(({ id }) => id),
      [
        ...Object.keys(ON_EVENTS),
        ...Object.keys(ON_KEYS),
        ...Object.keys(ON_WEBHOOKS),
        ...Object.keys(ON_ORGANIZATIONS),
        ...Object.keys(OTHERS),
        ...Object.keys(ON_THEMSELVES),
        ...UNGUARDED
      ]
    )
  })

  describe.each(PLACES)("on an event that is %s", (place) => {
    it.each(cases(ON_EVENTS))("%s", async (id, endpoint) => {
      for (const name of PRINCIPALS) {
        const target = await targetIn(place)
        const token = await credentialOf(name, target)
        const before = await snapshot(target.eventId)
        const reply = await send(endpoint, token, { ...target })
        const expected = expectedOnEvent(ON_EVENTS[id]!, name, place)
        // A summary of sales is there only once the sink has counted the event.
        const answer = id === "getSales" && expected === "answered" ? "not found" : expected
        assert.strictEqual(answerOf(reply), answer, `${name}: ${JSON.stringify(reply.body).slice(0, 300)}`)
        if (answer === "answered") continue
        assert.strictEqual(await snapshot(target.eventId), before, name)
        assert.notMatch(JSON.stringify(reply.body), /Conference|person-|Person/, name)
      }
    })
  })

  describe.each(["own", "another's", "of operators", "nowhere"] as const)("on an API key that is %s", (place) => {
    it.each(cases(ON_KEYS))("%s", async (id, endpoint) => {
      const organizationId = place === "own" ? world.own : place === "another's" ? world.anothers : null
      const named = place === "nowhere" ? NOWHERE : organizationId
      for (const name of PRINCIPALS) {
        const role = organizationId === null ? "operator" : "viewer"
        const key = await world.key(role, organizationId)
        const target = await targetIn("own, public")
        const token = await credentialOf(name, target)
        const before = await snapshot(target.eventId)
        const values = {
          keyId: place === "nowhere" ? "f".repeat(32) : key.id,
          query: id === "listApiKeys" && named !== null ? `?organizationId=${named}` : ""
        }
        const body =
          id === "createApiKey"
            ? { name: "New", role: named === null ? "operator" : "viewer", organizationId: named }
            : undefined
        const reply = await send(endpoint, token, values, body)
        const isListing = id === "listApiKeys"
        const expected = isOperator(name)
          ? place === "nowhere" && !isListing
            ? "not found"
            : "answered"
          : name === "nobody"
            ? "unauthorized"
            : name !== "owner"
              ? "forbidden"
              : place === "own" || (isListing && place === "of operators")
                ? "answered"
                : id === "createApiKey" && place === "of operators"
                  ? "forbidden"
                  : "not found"
        assert.strictEqual(answerOf(reply), expected, `${name}: ${JSON.stringify(reply.body).slice(0, 300)}`)
        if (isListing && expected === "answered" && !isOperator(name))
          for (const { organizationId } of reply.body.items) assert.strictEqual(organizationId, world.own)
        if (expected !== "answered") assert.strictEqual(await snapshot(target.eventId), before, name)
      }
    })
  })

  describe.each(["own", "another's", "of the installation", "nowhere"] as const)("on a webhook that is %s", (place) => {
    it.each(cases(ON_WEBHOOKS))("%s", async (id, endpoint) => {
      const organizationId = place === "own" ? world.own : place === "another's" ? world.anothers : null
      const named = place === "nowhere" ? NOWHERE : organizationId
      const { roles } = ON_WEBHOOKS[id]!
      const isAboutAll = id === "createWebhook" || id === "listWebhooks"
      for (const name of PRINCIPALS) {
        const webhook = await world.run(addWebhook(organizationId))
        const target = await targetIn("own, public")
        const token = await credentialOf(name, target)
        const before = await snapshot(target.eventId)
        const values = {
          webhookId: place === "nowhere" ? NOWHERE : webhook.id,
          query: id === "listWebhooks" && named !== null ? `?organization=${named}` : ""
        }
        const body =
          id === "createWebhook"
            ? { url: "https://example.com/new", ...(named === null ? {} : { organization: named }) }
            : undefined
        const reply = await send(endpoint, token, values, body)
        // Without an organization, members speak of their own.
        const isOwn = place === "own" || (isAboutAll && place === "of the installation")
        const expected = isOperator(name)
          ? place === "nowhere"
            ? "not found"
            : "answered"
          : expectedOnOrganization(roles, name, isOwn ? "own" : "another's")
        assert.strictEqual(answerOf(reply), expected, `${name}: ${JSON.stringify(reply.body).slice(0, 300)}`)
        if (expected === "answered" && !isOperator(name) && isAboutAll)
          for (const { organizationId: whose } of reply.body.items ?? [reply.body.webhook])
            assert.strictEqual(whose, world.own, name)
        if (expected !== "answered") {
          assert.strictEqual(await snapshot(target.eventId), before, name)
          assert.notInclude(JSON.stringify(reply.body), webhook.url, name)
        }
        // An organization may have a few only.
        for (const made of [webhook.id, reply.body.webhook?.id as string | undefined])
          if (made !== undefined) await world.run(Effect.ignore(WebhookStore.use((store) => store.remove(made, "ada"))))
      }
    })
  })

  describe.each(["own", "another's", "nowhere"] as const)("on an organization that is %s", (place) => {
    it.each(cases(ON_ORGANIZATIONS))("%s", async (id, endpoint) => {
      const [organizationId, slug] =
        place === "own"
          ? [world.own, "own"]
          : place === "another's"
            ? [world.anothers, "anothers"]
            : [NOWHERE, "nowhere"]
      const { roles } = ON_ORGANIZATIONS[id]!
      for (const name of PRINCIPALS) {
        const target = await targetIn("own, public")
        const token = await credentialOf(name, target)
        for (const organization of [organizationId, slug]) {
          const member = await world.run(addMember(place === "nowhere" ? world.own : organizationId))
          const before = await snapshot(target.eventId)
          const body = id === "addMember" ? { subject: { address: somebody() }, role: "viewer" } : undefined
          const reply = await send(endpoint, token, { organization, memberId: member.id }, body)
          const expected = expectedOnOrganization(roles, name, place)
          assert.strictEqual(answerOf(reply), expected, `${name}: ${JSON.stringify(reply.body).slice(0, 300)}`)
          if (expected === "answered") continue
          assert.strictEqual(await snapshot(target.eventId), before, name)
          assert.notInclude(JSON.stringify(reply.body), textOfSubject(member.subject), name)
          if (expected === "not found") assert.strictEqual(reply.body.organization, organization, name)
        }
      }
    })
  })

  describe("on what belongs to the installation, and on lists", () => {
    it.each(cases(OTHERS))("%s", async (id, endpoint) => {
      const { others, roles } = OTHERS[id]!
      for (const name of PRINCIPALS) {
        const target = await targetIn("own, public")
        const token = await credentialOf(name, target)
        const before = await snapshot(target.eventId)
        // Those that change much are about something that is not there.
        const values = { eventId: NOWHERE, sink: "none", stream: NOWHERE, attendeeId: "mailto:person-2@example.com" }
        const reply = await send(endpoint, token, values)
        const isAllowed = isOperator(name) || others === "public" || roles.includes(name as never)
        const refused = name === "nobody" ? "unauthorized" : "forbidden"
        const expected = isAllowed ? "answered" : refused
        // `getOrganization` and the like are about the example, which is not there.
        const answer = answerOf(reply) === "not found" && isOperator(name) ? "answered" : answerOf(reply)
        // A link opens one registration, and not what else its attendee has.
        const isLink = name === "attendee" || name === "otherAttendee"
        const ofLink = id === "listAttendeeRegistrations" && isLink ? "answered" : expected
        assert.strictEqual(answer, ofLink, `${name}: ${JSON.stringify(reply.body).slice(0, 300)}`)
        if (ofLink !== expected) assert.deepStrictEqual(reply.body.items, [])
        if (expected !== "answered") assert.strictEqual(await snapshot(target.eventId), before, name)
      }
    })
  })

  describe("on nobody but themselves", () => {
    const endpoints = ENDPOINTS.filter(({ id }) => id in ON_THEMSELVES).map((one) => [one.id, one] as const)
    it.each(endpoints)("%s", async (id, endpoint) => {
      const access = ON_THEMSELVES[id]!
      const { text: person } = await world.run(SignedIn.by(somebody()))
      const bob = await world.run(SignedIn.by(somebody()))
      const target = await targetIn("own, public")
      for (const name of [...PRINCIPALS, "person"] as const) {
        const token = name === "person" ? person : await credentialOf(name, target)
        const before = await snapshot(target.eventId)
        // The session is that of another person, whatever the request is.
        const reply = await send(endpoint, token, { sessionId: parse(bob.text)!.id })
        const isAllowed = access === "anyone" || name === "person" || (access === "bearer" && name !== "nobody")
        const expected = isAllowed ? "answered" : name === "nobody" ? "unauthorized" : "forbidden"
        assert.strictEqual(answerOf(reply), expected, `${name}: ${JSON.stringify(reply.body).slice(0, 300)}`)
        if (expected !== "answered") assert.strictEqual(await snapshot(target.eventId), before, name)
        assert.notInclude(JSON.stringify(reply.body), bob.personId, name)
      }
      const sessions = await world.run(
        SessionStore.use((store) => store.list(bob.personId, { after: null, limit: 10 }))
      )
      assert.lengthOf(sessions, 1)
    })
  })

  it("lists events with the drafts of one's own organization, and no others", async () => {
    const places = PLACES.filter((place): place is Exclude<Place, "nowhere"> => place !== "nowhere")
    const targets = new Map<Place, string>()
    for (const place of places) targets.set(place, (await world.run(makeTarget(place))).eventId)
    const listed = async (token: string | null) => {
      const ids: Array<string> = []
      let cursor = ""
      do {
        const { body } = await AdminClient.request(world.address, "GET", `/events?limit=100&order=latest${cursor}`, {
          token
        })
        ids.push(...body.items.map(({ id }: { id: string }) => id))
        cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`
      } while (cursor !== "")
      return places.filter((place) => ids.includes(targets.get(place)!))
    }
    const everybodys = ["own, public", "another's, public"]
    assert.deepStrictEqual(await listed(null), everybodys)
    assert.deepStrictEqual(await listed(world.credentials["viewer"]!), [
      "own, public",
      "own, a draft",
      "another's, public"
    ])
    assert.deepStrictEqual(await listed(AdminClient.TOKEN), places)
    const total = async (token: string | null) =>
      (await AdminClient.request(world.address, "GET", "/events?total=true&status=draft", { token })).body.total
    assert.strictEqual(await total(null), 0)
    assert.isAbove(await total(world.credentials["viewer"]!), 0)
    assert.isAbove(await total(AdminClient.TOKEN), await total(world.credentials["viewer"]!))
  })

  it("creates events of the key's own organization, and finds no other", async () => {
    const create = (token: string, changes: object) =>
      AdminClient.request(world.address, "POST", "/events", {
        token,
        body: { ...Given.eventInput(), ...changes },
        headers: { "idempotency-key": randomUUID() }
      })
    const key = world.credentials["organizer"]!
    assert.strictEqual((await create(key, {})).body.organizationId, world.own)
    const theirs = await create(key, { organizationId: world.anothers })
    const nobodys = await create(key, { organizationId: NOWHERE })
    for (const { body, status } of [theirs, nobodys])
      assert.deepStrictEqual([status, body.code], [404, "organization_not_found"])
    assert.strictEqual((await create(AdminClient.TOKEN, { organizationId: world.anothers })).status, 201)
  })

  it("shows staff the registrations of a person for the events of their organization only", async () => {
    const { eventId } = await world.run(makeTarget("own, public"))
    const { eventId: anothers } = await world.run(makeTarget("another's, public"))
    for (const id of [eventId, anothers]) await world.run(Given.register(id, 99))
    const path = "/attendees/mailto%3Aperson-99%40example.com/registrations"
    const { body } = await AdminClient.request(world.address, "GET", path, { token: world.credentials["checkin"]! })
    const events = body.items.map(({ eventId }: { eventId: string }) => eventId) as ReadonlyArray<string>
    assert.deepStrictEqual(events, [eventId])
  })

  it("lets people register themselves as the event says", async () => {
    const register = async (registration: "open" | "members" | "invitation", token: string | null) => {
      const event = await world.run(
        Effect.gen(function* () {
          const turnout = yield* Turnout.Turnout
          const { id } = yield* turnout.createEvent({
            ...Given.eventInput(),
            organizationId: world.own,
            registration
          })
          return yield* turnout.publishEvent(id)
        })
      )
      const { status } = await AdminClient.request(world.address, "POST", `/events/${event.id}/registrations`, {
        token,
        body: Given.person(1),
        headers: { "idempotency-key": randomUUID() }
      })
      return status
    }
    const staff = world.credentials["organizer"]!
    for (const [registration, everybody] of [
      ["open", 201],
      ["members", 401],
      ["invitation", 401]
    ] as const) {
      assert.strictEqual(await register(registration, null), everybody, registration)
      assert.strictEqual(await register(registration, staff), 201, registration)
    }
  })

  it("lets attendees cancel until self-service ends, and staff later too", async () => {
    const registerIn = async (cancellationClosesAt: Date | null) => {
      const { eventId, link, registrationId } = await world.run(makeTarget("own, public"))
      await world.run(Turnout.Turnout.use((turnout) => turnout.updateEvent(eventId, { cancellationClosesAt })))
      const cancel = (token: string) =>
        AdminClient.request(world.address, "POST", `/events/${eventId}/registrations/${registrationId}/cancel`, {
          token,
          headers: { "idempotency-key": randomUUID() }
        })
      return { byLink: await cancel(link), byStaff: await cancel(world.credentials["organizer"]!) }
    }
    const late = await registerIn(new Date(Date.now() - 1_000))
    assert.deepStrictEqual([late.byLink.status, late.byLink.body.code], [409, "self_service_ended"])
    assert.deepStrictEqual([late.byStaff.status, late.byStaff.body.changed], [200, true])
    const inTime = await registerIn(new Date(Date.now() + 60_000))
    assert.deepStrictEqual([inTime.byLink.status, inTime.byLink.body.changed], [200, true])
    assert.strictEqual((await registerIn(null)).byLink.status, 200)
  })

  it("gives an attendee a link that opens one registration, until staff make another", async () => {
    const { eventId } = await world.run(makeTarget("own, public"))
    const registered = await AdminClient.request(world.address, "POST", `/events/${eventId}/registrations`, {
      token: null,
      body: Given.person(7),
      headers: { "idempotency-key": randomUUID() }
    })
    const { link, registration } = registered.body as { link: string; registration: { id: string } }
    const at = `/events/${eventId}/registrations/${registration.id}`
    const get = (path: string, token: string) => AdminClient.request(world.address, "GET", path, { token })
    assert.strictEqual((await get(at, link)).body.attendee.email, "person-7@example.com")
    assert.deepInclude((await get(`${at}/position`, link)).body, { position: 2 })
    const staff = world.credentials["organizer"]!
    const replaced = await AdminClient.request(world.address, "POST", `${at}/link`, { token: staff })
    const next = (replaced.body as { link: string }).link
    assert.notStrictEqual(next, link)
    const old = await get(at, link)
    assert.deepStrictEqual([old.status, old.body.code], [401, "invalid_credential"])
    assert.strictEqual((await get(at, next)).status, 200)
    // The digest is all that is stored.
    const stored = await world.run(AttendeeLinkStore.use((links) => links.find(registration.id)))
    assert.notInclude(JSON.stringify(stored), next.slice(-43))
    for (const wrong of [`${next}x`, next.slice(0, -1), `ta_${"0".repeat(32)}_${"A".repeat(43)}`, "ta_", next.slice(3)])
      assert.strictEqual((await get(at, wrong)).status, 401, wrong)
  })
})
