/**
 * `turnout import` of a whole conference: whatever the way in, the first arrivals have the seats, the others wait in the
 * order of arrival, and free seats go to the head of the line.
 */
import { createTurnout } from "turnout"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

const CAPACITY = 1_000
const CONFERENCE = ["--title", "Conference", "--capacity", String(CAPACITY)]

/** Persons `from` to `to`. */
const people = (from: number, to: number) =>
  CommandLine.upTo(to)
    .slice(from - 1)
    .map(CommandLine.email)

const waiting = (pages: ReadonlyArray<CommandLine.Document>) =>
  pages.flatMap(({ items }) => items.map(({ position, registration }) => `${position} ${registration.attendee.email}`))

const confirmed = (pages: ReadonlyArray<CommandLine.Document>) =>
  pages.flatMap(({ items }) => items.map(({ attendee }) => attendee.email))

const numbered = (emails: ReadonlyArray<string>) => emails.map((email, index) => `${index + 1} ${email}`)

const assertImported = ({ code, document, stderr, stdout }: CommandLine.Ended & { document: CommandLine.Document }) => {
  assert.strictEqual(code, 1)
  const { eventId, problems } = document
  assert.isTrue(stdout.startsWith('{"confirmed":1000,"waitlisted":4174,"refused":1,"invalid":0,'), stdout)
  assert.deepStrictEqual(
    problems.map(({ line, reason }) => [line, /^\S+ is in line \d+ as well/.exec(reason)?.[0]]),
    [[CommandLine.REPEATED_ROW + 1, "attendee-2066@example.com is in line 2067 as well"]]
  )
  assert.match(stderr, /^conference\.csv:3436 attendee-2066@example\.com is in line 2067 as well.*\n$/)
  return eventId
}

describe("turnout import, a conference", { timeout: 180_000 }, () => {
  // Not at once with the others: memory never lets go of the thread.
  it("in memory: the same seats, the same waitlist, the same promotions", async () => {
    const turnout = createTurnout()
    const { id } = await turnout.createEvent(Given.eventInput({ capacity: CAPACITY }))
    await turnout.publishEvent(id)

    const refused: Array<number> = []
    for (const [index, address] of CommandLine.arrivals.entries()) {
      await turnout.register(id, { attendee: { email: address } }).catch((error: { _tag: string }) => {
        assert.strictEqual(error._tag, "AlreadyRegistered")
        refused.push(index + 1)
      })
    }
    const { counts } = await turnout.getEvent(id)
    assert.deepStrictEqual([counts.confirmed, counts.waitlisted, refused], [1_000, 4_174, [CommandLine.REPEATED_ROW]])

    const holders = await turnout.listRegistrations(id, { limit: 10 })
    for (const holder of holders.items) await turnout.cancelRegistration(id, holder.id)

    const left: Array<string> = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await turnout.listWaitlist(id, { limit: 500, ...(cursor === undefined ? {} : { cursor }) })
      left.push(...page.items.map(({ registration }) => registration.attendee.email))
      cursor = page.nextCursor
    }
    assert.deepStrictEqual(left, people(1_011, 5_174))
    await turnout.close()
  })

  it.concurrent("on the embedded database: seats and waitlist by arrival, and promotion in that order", async () => {
    await using turnout = await CommandLine.embedded()
    const file = turnout.write("conference.csv", CommandLine.conferenceCsv())

    const eventId = assertImported(await turnout.json("import", file, ...CONFERENCE))

    const first = await turnout.json("waitlist", "show", eventId, "--limit", "500")
    const cursor = first.document.nextCursor!
    const second = await turnout.json("waitlist", "show", eventId, "--limit", "500", "--cursor", cursor)
    assert.deepStrictEqual(waiting([first.document, second.document]), numbered(people(1_001, 2_000)))

    const holders = await turnout.json("registrations", "list", eventId, "--limit", "10")
    const ids = holders.document.items.map(({ id }) => id)
    const { code, document } = await turnout.json("registrations", "cancel", eventId, ...ids)
    assert.deepStrictEqual([code, document.cancelled.map(({ state }) => state)], [0, ids.map(() => "cancelled")])

    // The same data read by a program that embeds the library.
    const embedding = createTurnout({ database: `${turnout.folder}/turnout-data` })
    try {
      const left: Array<string> = []
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await embedding.listWaitlist(eventId, { limit: 500, ...(cursor === undefined ? {} : { cursor }) })
        left.push(...page.items.map(({ registration }) => registration.attendee.email))
        cursor = page.nextCursor
      }
      assert.deepStrictEqual(left, people(1_011, 5_174))
      const { counts } = await embedding.getEvent(eventId)
      assert.deepStrictEqual({ ...counts }, { confirmed: 1_000, waitlisted: 4_164, attended: 0, noShow: 0 })
    } finally {
      await embedding.close()
    }
  })

  it.concurrent("on Postgres: seats and waitlist by arrival, promotion in that order, and nothing twice", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("conference.csv", CommandLine.conferenceCsv())

    const eventId = assertImported(await turnout.json("import", file, ...CONFERENCE))
    const pages = await turnout.pages("waitlist", "show", eventId, "--limit", "500")
    assert.deepStrictEqual([pages.length, waiting(pages)], [9, numbered(people(1_001, 5_174))])

    const imported = await turnout.json("events", "show", eventId)
    const again = await turnout.json("import", file, ...CONFERENCE)
    assert.strictEqual(again.code, 1)
    assert.isTrue(
      again.stdout.startsWith('{"confirmed":0,"waitlisted":0,"refused":1,"invalid":0,"unchanged":5174,"rows":5175,'),
      again.stdout
    )
    assert.deepStrictEqual((await turnout.json("events", "show", eventId)).document, imported.document)

    const holders = await turnout.json("registrations", "list", eventId, "--state", "confirmed", "--limit", "10")
    const ids = holders.document.items.map(({ id }) => id)
    const { code } = await turnout.json("registrations", "cancel", eventId, ...ids)
    assert.strictEqual(code, 0)
    const after = await turnout.pages("registrations", "list", eventId, "--state", "confirmed", "--limit", "500")
    assert.deepStrictEqual(confirmed(after), people(11, 1_010))
    const { document: next } = await turnout.json("waitlist", "show", eventId, "--limit", "2")
    assert.deepStrictEqual(waiting([next]), numbered(people(1_011, 1_012)))
  })

  it.concurrent("over HTTP: the same seats, the same waitlist, the same promotions", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { url } = await turnout.serve()
    const post = async (path: string, key: string, body?: unknown) => {
      const response = await fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as CommandLine.Document
      }
    }
    const event = (await post("/events", "the conference", Given.eventInput({ capacity: CAPACITY }))).body
    await post(`/events/${event.id}/publish`, "publish the conference")

    const registrations: Array<CommandLine.Document> = []
    for (const [index, address] of CommandLine.arrivals.slice(0, 1_200).entries()) {
      const key = `row ${index + 1}`
      const { body, status } = await post(`/events/${event.id}/registrations`, key, { attendee: { email: address } })
      assert.strictEqual(status, 201, JSON.stringify(body))
      registrations.push(body.registration)
    }
    assert.deepStrictEqual(
      registrations.map(({ state }) => state),
      CommandLine.upTo(1_200).map((n) => (n <= CAPACITY ? "confirmed" : "waitlisted"))
    )
    const attendee = { email: CommandLine.email(1) }
    const replay = await post(`/events/${event.id}/registrations`, "row 1", { attendee })
    assert.deepStrictEqual([replay.status, replay.headers.get("idempotent-replayed")], [201, "true"])

    for (const { id } of registrations.slice(0, 10)) {
      const { status } = await post(`/events/${event.id}/registrations/${id}/cancel`, `cancel ${id}`)
      assert.strictEqual(status, 200)
    }

    const get = async (path: string) => (await (await fetch(url + path)).json()) as CommandLine.Document
    const left = await get(`/events/${event.id}/waitlist?limit=500`)
    assert.deepStrictEqual(waiting([left]), numbered(people(1_011, 1_200)))
    const seats = `/events/${event.id}/registrations?state=confirmed&limit=500`
    const first = await get(seats)
    const second = await get(`${seats}&cursor=${first.nextCursor}`)
    assert.deepStrictEqual([confirmed([first, second]), second.nextCursor], [people(11, 1_010), null])
  })
})
