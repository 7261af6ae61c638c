/**
 * Every endpoint from end to end, as any HTTP client sees it.
 */
import type { Health } from "@turnout/http/internal/health/HealthApi"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { assert, layer as withLayer } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const EVENT = {
  title: "Conference",
  description: "two\ndays",
  location: "Hall 4",
  organizer: "Ada",
  startsAt: "2099-05-01T20:00:00+02:00",
  endsAt: "2099-05-02T18:00:00Z",
  timeZone: "Europe/Berlin",
  registrationOpensAt: "2020-01-01T00:00:00Z",
  registrationClosesAt: null,
  waitlist: "open",
  waitlistLimit: 7,
  capacity: 2
}

const YESTERDAY = new Date(Date.now() - 24 * 60 * 60 * 1_000)

const endpoints = <E>(name: string, store: Layer.Layer<AdmissionStore | AdmissionReads, E>) => {
  withLayer(Http.layer({ store }), { timeout: "60 seconds", excludeTestServices: true })(`HTTP on ${name}`, (it) => {
    it.effect("POST /events creates a draft and says where it is", () =>
      Effect.gen(function* () {
        const id = randomUUID()
        const created = yield* Http.post("/events", { id, ...EVENT })
        assert.deepStrictEqual([created.status, created.type], [201, "application/json"])
        assert.strictEqual(created.headers.get("location"), `/events/${id}`)
        const { createdAt, updatedAt, ...event } = created.body as unknown as Record<string, unknown>
        assert.deepStrictEqual(event, {
          id,
          organizationId: DEFAULT_ORGANIZATION,
          ...EVENT,
          startsAt: "2099-05-01T18:00:00.000Z",
          endsAt: "2099-05-02T18:00:00.000Z",
          registrationOpensAt: "2020-01-01T00:00:00.000Z",
          registration: "open",
          cancellationClosesAt: null,
          status: "draft",
          version: 1,
          revision: 1,
          counts: { confirmed: 0, waitlisted: 0, attended: 0, noShow: 0 }
        })
        assert.strictEqual(createdAt, updatedAt)
        assert.match(String(createdAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      })
    )

    it.effect("GET /events/{id}: Location leads to what was created", () =>
      Effect.gen(function* () {
        const created = yield* Http.post("/events", EVENT)
        const found = yield* Http.get(created.headers.get("location")!)
        assert.deepStrictEqual([found.status, found.type], [200, "application/json"])
        assert.deepStrictEqual(found.body, created.body)
      })
    )

    it.effect("GET /events finds what overlaps with a span, by text and statuses, and counts it", () =>
      Effect.gen(function* () {
        const organizer = `organizer ${randomUUID()}`
        const [startsAt, endsAt] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 3_600_000)]
        const running = yield* Http.post("/events", {
          ...EVENT,
          organizer,
          title: "Fest in Münster",
          startsAt: startsAt.toISOString(),
          endsAt: endsAt.toISOString()
        })
        yield* Http.post(`/events/${running.body.id}/publish`)
        const of = (query: Record<string, string>) =>
          Http.get(`/events?${new URLSearchParams({ organizer, ...query }).toString()}`)
        const ids = (reply: { readonly body: { readonly items: ReadonlyArray<{ readonly id: string }> } }) =>
          reply.body.items.map(({ id }) => id)
        const now = new Date().toISOString()
        assert.deepStrictEqual(ids(yield* of({ status: "published", from: now })), [running.body.id])
        assert.deepStrictEqual(ids(yield* of({ status: "published", startsFrom: now })), [])
        assert.deepStrictEqual(ids(yield* of({ overBy: now })), [])
        const counted = yield* of({ search: "MUNSTER fest", status: "draft,published", total: "true", order: "latest" })
        assert.deepStrictEqual(ids(counted), [running.body.id])
        assert.isTrue(counted.text.endsWith(`"nextCursor":null,"total":1}`), counted.text)
        assert.notProperty((yield* of({ total: "false" })).body, "total")
      })
    )

    it.effect("GET /events lists by status, organizer and time of start", () =>
      Effect.gen(function* () {
        const organizer = `organizer ${randomUUID()}`
        const may = yield* Http.post("/events", { ...EVENT, organizer })
        yield* Http.post("/events", {
          ...EVENT,
          organizer,
          startsAt: "2099-07-01T18:00:00Z",
          endsAt: "2099-07-02T18:00:00Z"
        })
        const query = new URLSearchParams({
          organizer,
          status: "draft",
          startsFrom: "2099-05-01T20:00:00+02:00",
          startsUntil: "2099-07-01T18:00:00Z"
        })
        const found = yield* Http.get(`/events?${query.toString()}`)
        assert.deepStrictEqual([found.status, found.type], [200, "application/json"])
        assert.strictEqual(found.text, `{"items":[${may.text}],"nextCursor":null}`)
      })
    )

    it.effect("PATCH /events/{id} changes what is given and clears what is null", () =>
      Effect.gen(function* () {
        const created = yield* Http.post("/events", EVENT)
        const changed = yield* Http.call("PATCH", `/events/${created.body.id}`, {
          body: { title: "Concert", waitlistLimit: null }
        })
        assert.strictEqual(changed.status, 200)
        const { updatedAt, ...event } = changed.body as unknown as Record<string, unknown>
        const { updatedAt: _, ...before } = created.body as unknown as Record<string, unknown>
        assert.deepStrictEqual(event, { ...before, title: "Concert", waitlistLimit: null, version: 2, revision: 2 })
        assert.isString(updatedAt)
      })
    )

    it.effect("POST publish, unpublish and cancel move the event through its states", () =>
      Effect.gen(function* () {
        const { body } = yield* Http.post("/events", EVENT)
        for (const [action, status] of [
          ["publish", "published"],
          ["unpublish", "draft"],
          ["cancel", "cancelled"]
        ]) {
          const reply = yield* Http.post(`/events/${body.id}/${action}`)
          assert.deepStrictEqual([reply.status, reply.body.id, reply.body.status], [200, body.id, status])
        }
      })
    )

    it.effect("POST complete ends an event that has started", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ startsAt: YESTERDAY })
        const reply = yield* Http.post(`/events/${event.id}/complete`)
        assert.deepStrictEqual([reply.status, reply.body.status], [200, "completed"])
      })
    )

    it.effect("PUT capacity promotes who waits, or keeps an overhang", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        yield* Given.registerAll(event.id, 3)
        const put = (body: unknown) => Http.call("PUT", `/events/${event.id}/capacity`, { body })
        const raised = yield* put({ capacity: 2 })
        assert.deepStrictEqual([raised.status, raised.body.capacity], [200, 2])
        assert.deepInclude(raised.body, { counts: { confirmed: 2, waitlisted: 1, attended: 0, noShow: 0 } })
        const lowered = yield* put({ capacity: 0, keepOverhang: true })
        assert.deepStrictEqual([lowered.status, lowered.body.capacity], [200, 0])
      })
    )

    it.effect("POST registrations gives a seat, then a place in the waitlist", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const path = `/events/${event.id}/registrations`
        const ada = { id: "User-7", name: "Ada", email: "Ada@example.com" }
        const seated = yield* Http.post(path, { attendee: ada, notes: "vegan" })
        const { registration } = seated.body
        assert.deepStrictEqual([seated.status, seated.body.waitlistPosition], [201, null])
        assert.strictEqual(seated.headers.get("location"), `${path}/${registration.id}`)
        assert.deepInclude(registration, {
          eventId: event.id,
          attendee: { id: "user-7", name: "Ada", email: "Ada@example.com" },
          notes: "vegan",
          state: "confirmed"
        })
        assert.strictEqual(
          Object.keys(registration).toSorted().join(),
          "attendee,changedAt,eventId,id,notes,registeredAt,sequence,state"
        )
        const waiting = yield* Http.post(path, { attendee: { email: "bob@example.com" } })
        assert.deepStrictEqual([waiting.status, waiting.body.waitlistPosition], [201, 1])
        assert.deepInclude(waiting.body.registration, { state: "waitlisted", notes: "" })
      })
    )

    it.effect("GET registrations, one or all of them, by state", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [one, two] = yield* Given.registerAll(event.id, 2)
        const path = `/events/${event.id}/registrations`
        const found = yield* Http.get(`${path}/${one!.id}`)
        assert.deepStrictEqual([found.status, found.body.id], [200, one!.id])
        const all = yield* Http.get(path)
        assert.deepStrictEqual([all.status, all.body.items.map(({ id }) => id)], [200, [one!.id, two!.id]])
        assert.deepStrictEqual(all.body.items[0], found.body)
        const waiting = yield* Http.get(`${path}?state=waitlisted`)
        assert.deepStrictEqual(
          waiting.body.items.map(({ id }) => id),
          [two!.id]
        )
      })
    )

    it.effect("POST cancel gives the seat to the first in line", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [one, two] = yield* Given.registerAll(event.id, 2)
        const path = `/events/${event.id}/registrations`
        const cancelled = yield* Http.post(`${path}/${one!.id}/cancel`)
        assert.deepStrictEqual([cancelled.status, cancelled.body.id, cancelled.body.state], [200, one!.id, "cancelled"])
        assert.strictEqual((yield* Http.get(`${path}/${two!.id}`)).body.state, "confirmed")
      })
    )

    it.effect("POST confirm gives a free seat to a chosen waiter", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0 })
        const [, two] = yield* Given.registerAll(event.id, 2)
        const path = `/events/${event.id}/registrations/${two!.id}/confirm`
        Http.assertProblem(yield* Http.post(path), 409, "capacity_full", { capacity: 0, waitlistLength: 2 })
        yield* Turnout.use((turnout) => turnout.changeCapacity(event.id, { capacity: 2 }))
        const confirmed = yield* Http.post(path)
        assert.deepStrictEqual([confirmed.status, confirmed.body.state], [200, "confirmed"])
      })
    )

    it.effect("POST attended and no-show record who came", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 2, startsAt: YESTERDAY })
        const [one, two] = yield* Given.registerAll(event.id, 2)
        const path = `/events/${event.id}/registrations`
        const came = yield* Http.post(`${path}/${one!.id}/attended`, { early: true })
        assert.deepStrictEqual([came.status, came.body.state], [200, "attended"])
        const missed = yield* Http.post(`${path}/${two!.id}/no-show`)
        assert.deepStrictEqual([missed.status, missed.body.state], [200, "noShow"])
      })
    )

    it.effect("GET waitlist and position show who is next", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0 })
        const [one, two] = yield* Given.registerAll(event.id, 2)
        const waitlist = yield* Http.get(`/events/${event.id}/waitlist`)
        assert.deepStrictEqual(
          waitlist.body.items.map(({ position, registration }) => [position, registration.id]),
          [
            [1, one!.id],
            [2, two!.id]
          ]
        )
        const place = yield* Http.get(`/events/${event.id}/registrations/${two!.id}/position`)
        assert.deepStrictEqual([place.status, place.text], [200, '{"position":2,"length":2}'])
      })
    )

    it.effect("GET registrations of an attendee, however the id is spelled", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const id = `Jörg/${randomUUID()}?`
        const { registration } = yield* Turnout.use((turnout) =>
          turnout.register(event.id, { attendee: { id, email: "joerg@example.com" } })
        )
        for (const spelled of [id, id.toUpperCase(), id.normalize("NFD")]) {
          const found = yield* Http.get(`/attendees/${encodeURIComponent(spelled)}/registrations`)
          assert.deepStrictEqual([found.status, found.body.items.map(({ id }) => id)], [200, [registration.id]])
        }
      })
    )

    it.effect("an attendee who has registered by address is asked for with mailto:", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const email = `Ada-${randomUUID()}@example.com`
        const { registration } = yield* Turnout.use((turnout) => turnout.register(event.id, { attendee: { email } }))
        for (const id of [`mailto:${email}`, encodeURIComponent(`MailTo:${email}\u200b`)]) {
          const found = yield* Http.get(`/attendees/${id}/registrations`)
          assert.deepStrictEqual([found.status, found.body.items.map(({ id }) => id)], [200, [registration.id]])
        }
        const bare = yield* Http.get(`/attendees/${email}/registrations`)
        Http.assertInvalid(bare, "path /attendeeId")
        assert.include(bare.text, `ask for mailto:${email.toLowerCase()}`)
        const nobody = yield* Http.get(`/attendees/${randomUUID()}@example.com/registrations`)
        assert.deepStrictEqual([nobody.status, nobody.text], [200, '{"items":[],"nextCursor":null}'])
      })
    )

    it.effect("an attendee whom nobody knows has no registrations", () =>
      Effect.gen(function* () {
        const found = yield* Http.get("/attendees/nobody/registrations")
        assert.deepStrictEqual([found.status, found.text], [200, '{"items":[],"nextCursor":null}'])
      })
    )

    it.effect("an event has one id, in upper case as in lower case", () =>
      Effect.gen(function* () {
        const id = randomUUID()
        yield* Http.post("/events", { ...EVENT, id })
        const found = yield* Http.get(`/events/${id.toUpperCase()}`)
        assert.deepStrictEqual([found.status, found.body.id], [200, id])
        const published = yield* Http.post(`/events/${id.toUpperCase()}/publish`)
        assert.deepStrictEqual([published.status, published.body.id], [200, id])
      })
    )

    it.effect("an id cannot be taken twice by spelling it in upper case", () =>
      Effect.gen(function* () {
        const id = randomUUID()
        yield* Http.post("/events", { ...EVENT, id })
        const again = yield* Http.post("/events", { ...EVENT, id: id.toUpperCase() })
        Http.assertProblem(again, 409, "event_already_exists", { eventId: id })
      })
    )

    it.effect("GET /health/live answers 204 without a body, and the others of /health say what is well", () =>
      Effect.gen(function* () {
        const alive = yield* Http.get("/health/live")
        assert.deepStrictEqual([alive.status, alive.text], [204, ""])
        for (const path of ["/health", "/health/ready"]) {
          const { body, status, text } = yield* Http.get(path)
          assert.deepStrictEqual([status, body.status], [200, "up"])
          const [store] = (JSON.parse(text) as Health).components
          assert.deepInclude(store, { name: "store", status: "up" })
        }
        const { headers } = yield* Http.get("/health/ready")
        assert.match(String(headers.get("store-clock-offset")), /^-?\d+$/, "how far the clock of the store is ahead")
      })
    )

    it.effect("HEAD answers like GET, without the body", () =>
      Effect.gen(function* () {
        const reply = yield* Http.call("HEAD", "/events?limit=1")
        assert.deepStrictEqual([reply.status, reply.type, reply.text], [200, "application/json", ""])
      })
    )

    it.effect("X-Request-Id is recorded in the journal", () =>
      Effect.gen(function* () {
        const { body } = yield* Http.post("/events", EVENT, { headers: { "x-request-id": "trace-1" } })
        yield* Http.post(`/events/${body.id}/publish`)
        const { items } = yield* Turnout.use((turnout) => turnout.listJournal(body.id))
        assert.deepStrictEqual(
          items.map(({ metadata, type }) => [type, metadata.correlationId]),
          [
            ["EventCreated", "trace-1"],
            ["EventPublished", null]
          ]
        )
      })
    )

    it.effect("pages follow each other without gaps: events", () =>
      Effect.gen(function* () {
        const organizer = `organizer ${randomUUID()}`
        const ids: Array<string> = []
        // Equal times of start: the id decides.
        for (let n = 0; n < 5; n++) ids.push((yield* Http.post("/events", { ...EVENT, organizer })).body.id)
        const pages = yield* follow(`/events?organizer=${encodeURIComponent(organizer)}&limit=2`)
        assert.deepStrictEqual(
          pages.map((page) => page.map(({ id }) => id)),
          chunksOf(2, ids.toSorted())
        )
      })
    )

    it.effect("pages follow each other without gaps: registrations", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const registrations = yield* Given.registerAll(event.id, 5)
        const pages = yield* follow(`/events/${event.id}/registrations?limit=2`)
        assert.deepStrictEqual(
          pages.map((page) => page.map(({ id }) => id)),
          chunksOf(
            2,
            registrations.map(({ id }) => id)
          )
        )
      })
    )

    it.effect("pages follow each other without gaps: waitlist, with the position in the whole list", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [, ...waiting] = yield* Given.registerAll(event.id, 6)
        const pages = yield* follow(`/events/${event.id}/waitlist?limit=2`)
        assert.deepStrictEqual(
          pages.map((page) => page.map(({ position, registration }) => `${position} ${registration.id}`)),
          chunksOf(
            2,
            waiting.map(({ id }, index) => `${index + 1} ${id}`)
          )
        )
      })
    )

    it.effect("pages follow each other without gaps: registrations of an attendee", () =>
      Effect.gen(function* () {
        const attendee = { id: randomUUID(), email: "ada@example.com" }
        const ids: Array<string> = []
        for (let n = 0; n < 5; n++) {
          const event = yield* Given.publishedEvent()
          ids.push((yield* Http.post(`/events/${event.id}/registrations`, { attendee })).body.registration.id)
        }
        const pages = yield* follow(`/attendees/${attendee.id}/registrations?limit=2`)
        assert.deepStrictEqual(
          pages.map((page) => page.map(({ id }) => id)),
          chunksOf(2, ids)
        )
      })
    )

    it.effect("a page is not shaken by what is added and cancelled before it", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0 })
        const [one] = yield* Given.registerAll(event.id, 4)
        const path = `/events/${event.id}/waitlist?limit=2`
        const first = yield* Http.get(path)
        yield* Turnout.use((turnout) => turnout.cancelRegistration(event.id, one!.id))
        yield* Given.register(event.id, 5)
        const second = yield* Http.get(`${path}&cursor=${first.body.nextCursor}`)
        assert.deepStrictEqual(
          second.body.items.map(({ position, registration }) => `${position} ${registration.attendee.name}`),
          ["2 Person 3", "3 Person 4"]
        )
        assert.isNotNull(second.body.nextCursor)
      })
    )

    it.effect("a page holds 50 items unless asked otherwise, and 500 at most", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        yield* Given.registerAll(event.id, 51)
        const path = `/events/${event.id}/registrations`
        assert.lengthOf((yield* Http.get(path)).body.items, 50)
        const largest = yield* Http.get(`${path}?limit=500`)
        assert.deepStrictEqual([largest.body.items.length, largest.body.nextCursor], [51, null])
      })
    )

    it.effect("the largest cursor there can be is answered with an empty page", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const sequence = Number.MAX_SAFE_INTEGER
        for (const [list, place] of [
          ["registrations", { order: "entry", sequence }],
          ["waitlist", sequence]
        ] as const) {
          const cursor = Buffer.from(JSON.stringify(place)).toString("base64url")
          const page = yield* Http.get(`/events/${event.id}/${list}?cursor=${cursor}`)
          assert.deepStrictEqual([page.status, page.text], [200, '{"items":[],"nextCursor":null}'])
        }
      })
    )

    it.effect("text of every script is stored and read back as it was", () =>
      Effect.gen(function* () {
        const text = "\u{1f39f} Größe \"\\' {,} NULL 日本語 עברית"
        const created = yield* Http.post("/events", { ...EVENT, title: text, description: text, location: text })
        const found = yield* Http.get(`/events/${created.body.id}`)
        assert.deepInclude(found.body, { title: text, description: text, location: text })
      })
    )

    it.effect("many requests at once never oversell", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 5 })
        const path = `/events/${event.id}/registrations`
        const replies = yield* Effect.forEach(
          Array.from({ length: 30 }, (_, n) => n),
          (n) => Http.post(path, Given.person(n)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual([...new Set(replies.map(({ status }) => status))], [201])
        const positions = replies.map(({ body }) => body.waitlistPosition ?? 0).toSorted((a, b) => a - b)
        assert.deepStrictEqual(positions, [0, 0, 0, 0, 0, ...Array.from({ length: 25 }, (_, n) => n + 1)])
      })
    )
  })
}

/** The items of every page, page by page. */
const follow = Effect.fnUntraced(function* (path: string) {
  const pages: Array<ReadonlyArray<Http.Body>> = []
  for (let cursor: string | null = ""; cursor !== null;) {
    const reply: Http.Reply = yield* Http.get(cursor === "" ? path : `${path}&cursor=${cursor}`)
    assert.strictEqual(reply.status, 200)
    pages.push(reply.body.items)
    cursor = reply.body.nextCursor
    if (cursor !== null) assert.match(cursor, /^[\w-]+$/)
  }
  return pages
})

const chunksOf = (size: number, items: ReadonlyArray<string>): Array<Array<string>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size))

endpoints("memory", Memory.layer)
endpoints("Postgres", TestDatabase.layer())
