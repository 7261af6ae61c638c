/**
 * The audit trail over HTTP: who did what, when, to which resource, from where, by what credential, and with what outcome, for operators and
 * for the owners of an organization.
 */
import type { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { randomUUID } from "node:crypto"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Asked, request, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as SignedIn from "../support/SignedIn.ts"

let world: HttpWorld.HttpWorld
beforeAll(async () => {
  world = await HttpWorld.start()
})
afterAll(() => world[Symbol.asyncDispose]())

const AGENT = "tests of the audit trail"

const call = (method: string, path: string, { headers = {}, ...asked }: Asked = {}) =>
  request(world.address, method, path, {
    ...asked,
    headers: { "user-agent": AGENT, "idempotency-key": randomUUID(), ...headers }
  })

type Entry = Omit<AuditEntry, "at"> & { readonly at: string }

const audit = async (query: string, token: string = TOKEN): Promise<ReadonlyArray<Entry>> => {
  const items: Array<Entry> = []
  let after = ""
  do {
    const { body, status } = await call("GET", `/admin/audit?${query}${after}`, { token })
    assert.strictEqual(status, 200, JSON.stringify(body))
    items.push(...body.items)
    after = body.next === null ? "" : `&after=${encodeURIComponent(body.next)}`
  } while (after !== "")
  return items
}

/** Asks until there are so many entries: what was read and refused is written a moment later. */
const until = async (count: number, query: string, token?: string): Promise<ReadonlyArray<Entry>> => {
  for (;;) {
    const entries = await audit(query, token)
    if (entries.length >= count) return entries
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** An organization, with its owner and a key that only looks. */
const organization = async (slug: string) => {
  const id = await world.organization(slug)
  return { id, slug, owner: await world.key("owner", id), viewer: await world.key("viewer", id) }
}

const newEvent = async (token: string) => {
  const { body, status } = await call("POST", "/events", { token, body: Given.eventInput({ capacity: 5 }) })
  assert.strictEqual(status, 201, JSON.stringify(body))
  return body.event?.id ?? body.id
}

describe("the audit trail over HTTP", { timeout: 60_000 }, () => {
  it("tells of a change of an event who made it, from where, by what credential and in which request", async () => {
    const { id, owner } = await organization("changes")
    const eventId = await newEvent(owner.text)
    const published = await call("POST", `/events/${eventId}/publish`, { token: owner.text })
    const named = await call("PATCH", `/events/${eventId}`, {
      token: owner.text,
      body: { title: "Another title" },
      headers: { "x-request-id": "req-17" }
    })
    assert.deepStrictEqual([published.status, named.status], [200, 200])
    await until(3, `principal=key:${owner.id}&organization=changes`)
    // Origins are written a moment later.
    let entries: ReadonlyArray<Entry>
    do entries = await audit(`principal=key:${owner.id}&organization=changes`)
    while (entries.some(({ address }) => address === null))
    assert.deepStrictEqual(
      entries.map(({ action }) => action),
      ["EventUpdated", "EventPublished", "EventCreated"]
    )
    for (const { at, details, id: _, requestId, ...entry } of entries) {
      assert.deepStrictEqual(entry, {
        who: `key:${owner.id}`,
        action: entry.action,
        resource: `event:${eventId}`,
        organizationId: id,
        outcome: "done",
        credential: `key:${owner.id}`,
        address: "127.0.0.1",
        userAgent: AGENT
      })
      assert.strictEqual(details["event"], eventId)
      assert.isBelow(Math.abs(Date.parse(at) - Date.now()), 60_000)
      assert.isNotNull(requestId)
    }
    assert.deepStrictEqual(
      entries.slice(0, 2).map(({ requestId }) => requestId),
      ["req-17", published.headers.get("x-request-id")]
    )
  })

  it("tells what staff were refused: by their role, by the organization, and under the lock of the event", async () => {
    const { id, owner, viewer } = await organization("refused")
    const another = await organization("another")
    const eventId = await newEvent(owner.text)
    const theirs = await newEvent(another.owner.text)
    const atEdge = await call("POST", `/events/${eventId}/publish`, { token: viewer.text })
    assert.strictEqual(atEdge.status, 403)
    const hidden = await call("POST", `/events/${theirs}/publish`, { token: owner.text })
    const read = await call("GET", `/events/${theirs}/registrations`, { token: owner.text })
    const people = await call("GET", "/admin/organizations/another/people", { token: owner.text })
    assert.deepStrictEqual([hidden.status, read.status, people.status], [404, 404, 404])
    let refused: ReadonlyArray<Entry>
    do refused = (await audit("organization=refused", owner.text)).filter(({ outcome }) => outcome === "refused")
    while (refused.length < 4)
    assert.deepStrictEqual(
      refused.map(({ action, details, organizationId, resource, who }) => [
        who,
        action,
        resource,
        organizationId,
        details["because"]
      ]),
      [
        [`key:${owner.id}`, "listPeople", `organization:${another.id}`, id, "notFound"],
        [`key:${owner.id}`, "listRegistrations", `event:${theirs}`, id, "notFound"],
        [`key:${owner.id}`, "publishEvent", `event:${theirs}`, id, "notFound"],
        [`key:${viewer.id}`, "publishEvent", `event:${eventId}`, id, "forbidden"]
      ]
    )
    for (const { address, credential, requestId, userAgent, who } of refused)
      assert.deepStrictEqual([address, credential, userAgent, requestId === null], ["127.0.0.1", who, AGENT, false])
    assert.strictEqual(refused.at(-1)!.requestId, atEdge.headers.get("x-request-id"))
    // Nobody is shown who of another organization has tried something.
    const shown = JSON.stringify(await audit("organization=another", another.owner.text))
    for (const secret of [owner.id, viewer.id, eventId]) assert.notInclude(shown, secret)
  })

  it("tells which personal data staff have read, without any of it", async () => {
    const { owner, viewer } = await organization("reads")
    const eventId = await newEvent(owner.text)
    await call("POST", `/events/${eventId}/publish`, { token: owner.text })
    const { body } = await call("POST", `/events/${eventId}/registrations`, { token: null, body: Given.person(1) })
    const { id: registrationId } = body.registration
    const paths = [
      `/events/${eventId}/registrations?search=person`,
      `/events/${eventId}/registrations.csv`,
      `/events/${eventId}/registrations/${registrationId}`,
      `/events/${eventId}/waitlist`,
      `/events/${eventId}/waitlist.csv`
    ]
    for (const path of paths) assert.strictEqual((await call("GET", path, { token: viewer.text })).status, 200, path)
    for (const path of ["/admin/organizations/reads/people", "/attendees/mailto:person-1@example.com/registrations"])
      assert.strictEqual((await call("GET", path, { token: owner.text })).status, 200, path)
    // An attendee looks at what is theirs, and the public at what everybody may see.
    await call("GET", `/events/${eventId}/registrations/${registrationId}`, { token: body.link })
    await call("GET", `/events/${eventId}`, { token: viewer.text })
    const reads = await until(5, `principal=key:${viewer.id}`)
    assert.deepStrictEqual(
      reads.map(({ action, outcome, resource }) => [action, outcome, resource]),
      [
        ["exportWaitlist", "done", `event:${eventId}`],
        ["listWaitlist", "done", `event:${eventId}`],
        ["getRegistration", "done", `registration:${registrationId}`],
        ["exportRegistrations", "done", `event:${eventId}`],
        ["listRegistrations", "done", `event:${eventId}`]
      ]
    )
    await until(1, `principal=key:${owner.id}&action=listAttendeeRegistrations`)
    const all = await audit("organization=reads", owner.text)
    assert.includeMembers(
      all.map(({ action }) => action),
      ["listPeople", "listAttendeeRegistrations"]
    )
    assert.notMatch(JSON.stringify(all), /person-1|Person 1/)
    assert.deepStrictEqual(await audit(`principal=link:${registrationId}`), [])
  })

  it("tells of a key that was made, and of a person who has signed in", async () => {
    const { id, owner } = await organization("decided")
    const made = await call("POST", "/admin/keys", {
      token: owner.text,
      body: { name: "Door", role: "checkin", organizationId: id }
    })
    const { id: keyId } = made.body.key
    const [entry] = await until(1, `resource=key:${keyId}`, owner.text)
    assert.deepInclude(entry, {
      who: `key:${owner.id}`,
      action: "keys.create",
      organizationId: id,
      outcome: "done",
      credential: `key:${owner.id}`,
      requestId: made.headers.get("x-request-id")
    })
    const { personId } = await world.run(
      SignedIn.by("ada@example.com", { address: "203.0.113.7", userAgent: "Firefox" })
    )
    const [session] = await audit(`principal=user:${personId}&action=sessions.create`)
    assert.deepInclude(session, { outcome: "done", address: "203.0.113.7", userAgent: "Firefox" })
    assert.match(session!.resource!, /^session:[0-9a-f]{32}$/)
  })

  it("tells of a reader of the journal only when it was given something", async () => {
    const { text, id } = await world.key("operator", null)
    await newEvent(text)
    const first = await call("GET", "/admin/journal?from=beginning&limit=500", { token: text })
    const last = await call("GET", `/admin/journal?cursor=${first.body.cursor}`, { token: text })
    assert.deepStrictEqual([first.body.items.length > 0, last.body.items], [true, []])
    await until(1, `principal=key:${id}&action=readJournal`)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    assert.lengthOf(await audit(`principal=key:${id}&action=readJournal`), 1)
  })

  it("asks members of several organizations which one they mean", async () => {
    const [one, other] = [await organization("one"), await organization("other")]
    const address = "several@example.com"
    const { text } = await world.run(SignedIn.by(address))
    for (const { owner, slug } of [one, other]) {
      const member = { subject: { address }, role: "owner" }
      const { status } = await call("POST", `/admin/organizations/${slug}/members`, { token: owner.text, body: member })
      assert.strictEqual(status, 201)
    }
    const { body, status } = await call("GET", "/admin/audit", { token: text })
    assert.deepStrictEqual([status, body.violations[0].pointer], [400, "/organization"])
    const entries = await audit("organization=one", text)
    assert.deepStrictEqual([...new Set(entries.map(({ organizationId }) => organizationId))], [one.id])
  })

  it("is read by operators and by owners, each of whom sees their own organization, and no other", async () => {
    const [ours, theirs] = [await organization("ours"), await organization("theirs")]
    await newEvent(ours.owner.text)
    await newEvent(theirs.owner.text)
    for (const path of ["/admin/audit", "/admin/audit.csv", "/admin/audit.jsonl"]) {
      const status = async (token: string | null, query = "") => (await call("GET", path + query, { token })).status
      assert.deepStrictEqual([await status(null), await status(ours.viewer.text)], [401, 403], path)
      assert.deepStrictEqual([await status(TOKEN), await status(ours.owner.text)], [200, 200], path)
      for (const name of [ours.id, "ours"])
        assert.strictEqual(await status(ours.owner.text, `?organization=${name}`), 200, path)
      for (const name of [theirs.id, "theirs", randomUUID(), "nowhere"])
        assert.strictEqual(await status(ours.owner.text, `?organization=${name}`), 404, path)
      assert.strictEqual(await status(ours.owner.text, "?from=2030-01-01T00:00:00Z&until=2029-01-01T00:00:00Z"), 400)
    }
    // The viewer was refused three times, and the owner six times the organization of others, beside what made the organization.
    const all = await until(13, "organization=ours")
    assert.strictEqual(all.filter(({ outcome }) => outcome === "refused").length, 9)
    const own = await audit("limit=3", ours.owner.text)
    assert.deepStrictEqual([...new Set(own.map(({ organizationId }) => organizationId))], [ours.id])
    assert.sameMembers(
      own.map(({ id }) => id),
      all.map(({ id }) => id)
    )
  })

  it("is the same as pages, as CSV and as JSON lines", async () => {
    const { owner } = await organization("exported")
    const eventId = await newEvent(owner.text)
    for (let n = 0; n < 12; n++)
      await call("PATCH", `/events/${eventId}`, { token: owner.text, body: { title: `=${n}` } })
    const query = "organization=exported&until=2035-01-01T00:00:00Z"
    // What is noted of the requests of this test has to be there first.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const pages = await audit(`${query}&limit=5`, owner.text)
    assert.isAbove(pages.length, 12)
    const lines = await call("GET", `/admin/audit.jsonl?${query}`, { token: owner.text })
    assert.strictEqual(lines.headers.get("content-type"), "application/x-ndjson")
    assert.strictEqual(lines.headers.get("content-disposition"), 'attachment; filename="audit.jsonl"')
    const text = await (
      await fetch(`${world.address}/admin/audit.jsonl?${query}`, { headers: { authorization: `Bearer ${owner.text}` } })
    ).text()
    const documents: unknown = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    assert.deepStrictEqual(documents, pages)
    const csv = await call("GET", `/admin/audit.csv?${query}`, { token: owner.text })
    assert.strictEqual(csv.headers.get("cache-control"), "no-store")
    const [head, ...rows] = csv.body.trimEnd().split("\r\n")
    assert.strictEqual(
      head.replace("\uFEFF", ""),
      "at,who,action,resource,organization_id,outcome,credential,address,user_agent,request_id,id,details"
    )
    assert.deepStrictEqual(
      rows.map((row: string) => row.split(",").slice(0, 4)),
      pages.map(({ action, at, resource, who }) => [at, who, action, resource ?? ""])
    )
    const none = await call("GET", "/admin/audit.csv?action=nothing", { token: owner.text })
    assert.strictEqual(none.body.trimEnd().split("\r\n").length, 1)
  })

  it("has nothing of a registration but its entry in the journal, whoever registers", async () => {
    const { id, owner, viewer } = await organization("free")
    const eventId = await newEvent(owner.text)
    await call("POST", `/events/${eventId}/publish`, { token: owner.text })
    await until(2, `principal=key:${owner.id}`)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const logged = () => world.run(AuditLog.use((log) => log.list({ after: null, limit: 1_000 })))
    const before = await logged()
    const register = (token: string | null, n: number) =>
      call("POST", `/events/${eventId}/registrations`, { token, body: Given.person(n) })
    const statuses = [await register(null, 1), await register(owner.text, 2), await register(viewer.text, 3)]
    assert.deepStrictEqual(
      statuses.map(({ status }) => status),
      [201, 201, 403]
    )
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    assert.deepStrictEqual(await logged(), before)
    const entries = await audit(`organization=${id}&action=AttendeeRegistered`)
    assert.deepStrictEqual(
      entries.map(({ address, credential, userAgent, who }) => [who, credential, address, userAgent]),
      [
        [`key:${owner.id}`, `key:${owner.id}`, null, null],
        ["anonymous", null, null, null]
      ]
    )
  })
})
