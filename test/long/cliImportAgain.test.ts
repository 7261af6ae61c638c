/**
 * `turnout import` of a file that was imported before: nothing is done twice, what is new is added, and what differs from the store
 * is said and left as it is.
 */
import { createTurnout } from "turnout"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

const PARTY = ["--title", "Party", "--capacity", "5"]

/** The members of the document of an import. */
interface Imported {
  readonly confirmed: number
  readonly waitlisted: number
  readonly refused: number
  readonly unchanged: number
  readonly differing: number
  readonly cancelled: number
  readonly eventId: string
  readonly problems: ReadonlyArray<{
    readonly line: number
    readonly outcome: string
    readonly reason: string
    readonly registrationId?: string
    readonly differences?: ReadonlyArray<unknown>
  }>
}

const importing = async (turnout: CommandLine.CommandLine, content: string, ...options: ReadonlyArray<string>) => {
  const { document, ...ended } = await turnout.json("import", turnout.write("people.csv", content), ...options)
  return { ...ended, document: document as unknown as Imported }
}

const count = async (turnout: CommandLine.CommandLine, from: string) => {
  const [row] = await CommandLine.sql(turnout.database!, `SELECT count(*)::int AS count FROM turnout.${from}`)
  return (row as { readonly count: number }).count
}

const cancel = async (turnout: CommandLine.CommandLine, eventId: string, email: string) => {
  const { document } = await turnout.json("registrations", "list", eventId, "--state", "confirmed")
  const { id } = document.items.find(({ attendee }) => attendee.email === email)!
  assert.strictEqual((await turnout.run("registrations", "cancel", eventId, id)).code, 0)
  return id
}

const PEOPLE = [
  "email,id,name,notes,registered_at",
  "ada@example.com,V-1,Ada Lovelace,vip,2020-01-01T00:00:00Z",
  "bob@example.com,V-2,Zoë,two words,",
  "carl@example.com,V-3,,,",
  ""
].join("\n")

/** The same people, with rows, columns, blanks, case and Unicode forms changed, and with characters that are not shown. */
const LIKEWISE = [
  "notes,registered_at,attendee,NAME,attendee_id",
  ",,carl@example.com,,v-3",
  "",
  "  vip ,2020-01-01T01:00:00+01:00, ADA@Example.com ,Ada\u00a0 Lovelace\u200b,v-1",
  "two\u00ad words,,bob@example.com,Zoe\u0308,V-2",
  ""
].join("\r\n")

describe("turnout import, again", { timeout: 180_000 }, () => {
  for (const [store, open] of [
    ["Postgres", CommandLine.onPostgres],
    ["the embedded database", CommandLine.embedded]
  ] as const)
    it.concurrent(`changes nothing, however rows and columns are ordered and spelled, on ${store}`, async () => {
      await using turnout = await open()
      const first = await importing(turnout, PEOPLE, ...PARTY)
      assert.deepStrictEqual([first.code, first.document.confirmed], [0, 3], first.stdout)
      const { eventId } = first.document
      const before = await turnout.json("events", "show", eventId)

      for (const options of [PARTY, ["--title", " pArty\u200b ", "--organizer", "Turnout  Import"]]) {
        const again = await importing(turnout, LIKEWISE, ...options)
        assert.deepStrictEqual([again.code, again.stderr], [0, ""], again.stdout)
        assert.deepInclude(again.document, { eventId, confirmed: 0, waitlisted: 0, unchanged: 3, problems: [] })
      }

      assert.deepStrictEqual((await turnout.json("events", "show", eventId)).document, before.document)
      const events = await turnout.json("events", "list")
      assert.lengthOf(events.document.items, 1)
    })

  it.concurrent("adds a new line, and heeds no empty one", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId } = (await importing(turnout, PEOPLE, ...PARTY)).document
    const longer = await importing(turnout, `${PEOPLE}\n\ndora@example.com,,Dora,,\n`, ...PARTY)
    assert.deepStrictEqual([longer.code, longer.document.eventId], [0, eventId])
    assert.deepInclude(longer.document, { confirmed: 1, unchanged: 3 })
    assert.deepStrictEqual([await count(turnout, "events"), await count(turnout, "registrations")], [1, 4])
  })

  it.concurrent("says which fields of a row differ from what is stored, and changes nothing", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId } = (await importing(turnout, PEOPLE, ...PARTY)).document
    const entries = await count(turnout, "journal")
    const corrected = [
      "id,email,name,notes,registered_at",
      "V-1,ada@example.org,Ada King,,2021-01-01T00:00:00Z",
      "V-2,bob@example.com,Zoë,two words,",
      "V-3,carl@example.com,carl,,"
    ].join("\n")
    const { code, document, stderr } = await importing(turnout, corrected, ...PARTY)
    assert.strictEqual(code, 1)
    assert.deepInclude(document, { confirmed: 0, refused: 0, unchanged: 1, differing: 2, cancelled: 0, eventId })
    const [ada, carl] = document.problems
    assert.deepInclude(ada!, {
      line: 2,
      outcome: "differing",
      differences: [
        { field: "email", stored: "ada@example.com", file: "ada@example.org" },
        { field: "name", stored: "Ada Lovelace", file: "Ada King" },
        { field: "notes", stored: "vip", file: "" },
        { field: "registeredAt", stored: "2020-01-01T00:00:00.000Z", file: "2021-01-01T00:00:00.000Z" }
      ]
    })
    assert.deepInclude(carl!, { line: 4, differences: [{ field: "name", stored: "", file: "carl" }] })
    assert.match(stderr, /^people\.csv:2 v-1 is registered otherwise, as \S+: email is "ada@example\.com" there, and /)
    for (const told of [ada!.registrationId!, '"Ada King" in the file', 'registered_at is "2020-', "people.csv:4 v-3"])
      assert.include(stderr, told)
    const words = await turnout.run("import", "people.csv", ...PARTY)
    assert.match(
      words.stdout,
      /^Nothing changed: 1 person was registered before\.\n2 rows differ from what is stored\. turnout registrations correct \S+ ID corrects a registration\n/
    )
    assert.strictEqual(await count(turnout, "journal"), entries)

    // A file that says nothing of a field does not differ in it.
    const short = await importing(turnout, "attendee_id,email\nV-1,ada@example.com\n", ...PARTY)
    assert.deepStrictEqual([short.code, short.document.unchanged], [0, 1])
  })

  it.concurrent("registers people whose registrations were cancelled only if asked, once for each time", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId } = (await importing(turnout, PEOPLE, ...PARTY)).document
    for (const round of [1, 2]) {
      const id = await cancel(turnout, eventId, "ada@example.com")
      const corrected = PEOPLE.replace("Ada Lovelace", "Ada King")
      for (const content of [PEOPLE, LIKEWISE, corrected]) {
        const said = await importing(turnout, content, ...PARTY)
        const [problem] = said.document.problems
        assert.deepStrictEqual([said.code, said.document.unchanged, said.document.cancelled], [1, 2, 1])
        assert.deepInclude(problem!, { line: content === LIKEWISE ? 4 : 2, outcome: "cancelled", registrationId: id })
        assert.include(problem!.reason, "--again")
        assert.match(said.stderr, /^people\.csv:\d v-1 was registered, as \S+, and cancelled at \S+Z; --again /)
      }
      assert.strictEqual(await count(turnout, "registrations"), 2 + round)

      turnout.write("people.csv", PEOPLE)
      const both = await Promise.all([1, 2].map(() => turnout.json("import", "people.csv", ...PARTY, "--again")))
      assert.deepStrictEqual(
        both.map(({ code }) => code),
        [0, 0],
        both.map(({ stdout }) => stdout).join("")
      )
      assert.strictEqual(await count(turnout, "registrations"), 3 + round)
      const again = await importing(turnout, LIKEWISE, ...PARTY, "--again")
      assert.deepInclude(again.document, { confirmed: 0, unchanged: 3, cancelled: 0 })
      assert.strictEqual(await count(turnout, "registrations WHERE state = 'confirmed'"), 3)
    }
  })

  it.concurrent("leaves people alone who are registered as the row says, however they were registered", async () => {
    await using turnout = await CommandLine.onPostgres()
    const host = createTurnout({ database: turnout.database! })
    const { id } = await host.createEvent(Given.eventInput({ capacity: 5 }))
    await host.publishEvent(id)
    await host.register(id, { attendee: { email: "ada@example.com", name: "Ada" }, notes: "by herself" })
    const { registration } = await host.register(id, { attendee: { email: "bob@example.com" } })
    await host.cancelRegistration(id, registration.id)
    await host.close()
    const rows = "email,name\nada@example.com,Ada\nbob@example.com,\n"
    const { code, document } = await importing(turnout, rows, "--event", id)
    assert.strictEqual(code, 1)
    assert.deepInclude(document, { confirmed: 0, unchanged: 1, cancelled: 1, refused: 0 })
  })

  it.concurrent("gives nobody a second seat whom a column of ids calls otherwise", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId } = (await importing(turnout, "email,name\nada@example.com,Ada\nbob@example.com,\n", ...PARTY))
      .document
    const withIds = "id,email,name\nV-1,ADA@example.com,Ada\nV-2,bob@example.com,Bob\nV-3,ada@example.com,Tim\n"
    const { code, document } = await importing(turnout, withIds, ...PARTY)
    assert.strictEqual(code, 1)
    // Tim has the address of his mother, and a name and an id of his own.
    assert.deepInclude(document, { eventId, confirmed: 1, differing: 2 })
    assert.deepStrictEqual(
      document.problems.map(({ differences, line }) => [line, differences]),
      [
        [2, [{ field: "id", stored: "mailto:ada@example.com", file: "v-1" }]],
        [
          3,
          [
            { field: "id", stored: "mailto:bob@example.com", file: "v-2" },
            { field: "name", stored: "", file: "Bob" }
          ]
        ]
      ]
    )

    const without = await importing(turnout, "email,name\nada@example.com,Tim\n", ...PARTY)
    assert.deepStrictEqual([without.code, without.document.differing], [1, 1])
    assert.strictEqual(await count(turnout, "registrations"), 3)

    const id = await cancel(turnout, eventId, "bob@example.com")
    const cancelled = await importing(turnout, "id,email\nV-2,bob@example.com\n", ...PARTY)
    assert.deepStrictEqual([cancelled.code, cancelled.document.problems[0]!.registrationId], [1, id])
    assert.deepInclude(cancelled.document, { cancelled: 1, confirmed: 0 })

    const mixed = "id,email,name\n,carl@example.com,\nV-4,carl@example.com,Carl\n,dora@example.com,Dora\n"
    const twice = await importing(turnout, mixed, ...PARTY)
    assert.deepInclude(twice.document, { confirmed: 2, refused: 1 })
    assert.include(twice.stderr, "people.csv:2 carl@example.com is in line 3 as well")
  })

  it.concurrent("counts one of several rows for a person: the one that is stored, or else the first", async () => {
    await using turnout = await CommandLine.onPostgres()
    const rows = ["ada@example.com,Ada", "ADA@example.com,Ada L.", "bob@example.com,Bob", "ada@example.com,Ada"]
    const csv = (order: ReadonlyArray<string>) => ["email,name", ...order, ""].join("\n")
    const first = await importing(turnout, csv(rows), ...PARTY)
    assert.deepInclude(first.document, { confirmed: 2, refused: 2 })
    const again = await importing(turnout, csv(rows.toReversed()), ...PARTY)
    const sorted = await importing(turnout, csv([rows[1]!, rows[0]!, rows[2]!]), ...PARTY)
    assert.deepInclude(again.document, { confirmed: 0, unchanged: 2, refused: 2, differing: 0 })
    assert.deepInclude(sorted.document, { confirmed: 0, unchanged: 2, refused: 1, differing: 0 })
    assert.deepStrictEqual(
      sorted.document.problems.map(({ line, reason }) => [line, reason]),
      [[2, "ada@example.com is in line 3 as well; one person has one registration"]]
    )
  })
})
