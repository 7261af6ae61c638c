/**
 * `turnout import` of files as people make them: what is wrong with a row is said with its line, and the rest goes on;
 * what is wrong with a file is said before anything is changed.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { createTurnout } from "turnout"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

const NEW_EVENT = ["--title", "Party", "--capacity", "2"]
const TOO_LONG = "F".repeat(201)

/** As a spreadsheet writes it: a byte order mark, CRLF between rows, LF within a field of two lines; and mistakes. */
const FROM_SPREADSHEET = [
  "\uFEFFemail,name,notes,registered_at",
  'ada@example.com,Ada,"two\nlines, and ""quotes""",2020-01-01T00:00:00Z',
  "not an address,Bob,,",
  ",Carl,,",
  "dora@example.com,Dora,,yesterday",
  "emil@example.com,Emil,,2999-01-01T00:00:00Z",
  `fred@example.com,${TOO_LONG},,`,
  "ADA@Example.com,Again,,",
  "",
  " gina@example.com , Gina ,,",
  "hugo@example.com,Hugo,,",
  "hugo@example.com,Hugo,,",
  ""
].join("\r\n")

const assertNoStack = ({ stderr, stdout }: CommandLine.Ended) => assert.notMatch(stdout + stderr, /\n\s+at .+:\d+/)

const reasonAt = ({ problems }: CommandLine.Document, line: number) =>
  problems.find((problem) => problem.line === line)?.reason ?? ""

describe("turnout import, rows", { timeout: 120_000 }, () => {
  it.concurrent("decides rows anew that were refused before", async () => {
    await using turnout = await CommandLine.onPostgres()
    const host = createTurnout({ database: turnout.database! })
    const { id } = await host.createEvent(Given.eventInput({ capacity: 1, waitlist: "closed" }))
    await host.publishEvent(id)
    const file = turnout.write("two.csv", "email\nada@example.com\nbob@example.com\n")
    const first = await turnout.json("import", file, "--event", id)
    assert.strictEqual(reasonAt(first.document, 3), "All 1 seats are taken.")
    await host.changeCapacity(id, { capacity: 10 })
    await host.close()
    const second = await turnout.json("import", file, "--event", id)
    assert.strictEqual(second.code, 0, second.stdout)
    assert.include(second.stdout, '"confirmed":1,"waitlisted":0,"refused":0,"invalid":0,"unchanged":1')
  })

  it.concurrent("bad rows are reported with their lines, and the rest goes on", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("party.csv", FROM_SPREADSHEET)

    const imported = await turnout.json("import", file, ...NEW_EVENT)

    const { code, document, stderr } = imported
    assert.strictEqual(code, 1)
    assert.isTrue(
      imported.stdout.startsWith(
        '{"confirmed":2,"waitlisted":1,"refused":2,"invalid":5,"unchanged":0,"rows":10,"eventId":'
      ),
      imported.stdout
    )
    assert.deepStrictEqual(
      document.problems.map(({ line }) => line),
      [4, 5, 6, 7, 8, 9, 13]
    )
    assert.strictEqual(reasonAt(document, 4), "email: must be an e-mail address, such as ada@example.com")
    assert.match(reasonAt(document, 5), /^email: /)
    assert.match(reasonAt(document, 6), /: must be a date, or a date and time, such as /)
    assert.strictEqual(reasonAt(document, 7), "registered_at: must not be in the future")
    assert.match(reasonAt(document, 8), /^name: .* at most 200/)
    assert.match(reasonAt(document, 9), /^ada@example\.com is in line 2 as well/)
    assert.match(reasonAt(document, 13), /^hugo@example\.com is in line 12 as well/)
    assert.deepStrictEqual(
      stderr.trimEnd().split("\n"),
      document.problems.map(({ line, reason }) => `party.csv:${line} ${reason}`)
    )
    assertNoStack(imported)

    const { document: list } = await turnout.json("registrations", "list", document.eventId)
    assert.deepStrictEqual(
      list.items.map(({ attendee, notes, state }) => [attendee.email, attendee.name, notes, state]),
      [
        ["ada@example.com", "Ada", 'two\nlines, and "quotes"', "confirmed"],
        ["gina@example.com", "Gina", "", "confirmed"],
        ["hugo@example.com", "Hugo", "", "waitlisted"]
      ]
    )
    assert.strictEqual(list.items[0]!.registeredAt, "2020-01-01T00:00:00.000Z")
  })

  it.concurrent("line numbers are those of the file, where a field of several lines has CRLF too", async () => {
    await using turnout = await CommandLine.onPostgres()
    const rows = [
      "email,notes",
      'ada@example.com,"one',
      'two"',
      "not an address,",
      'nor this,"one',
      'two"',
      "nor that,"
    ]
    const file = turnout.write("party.csv", rows.join("\r\n"))

    const { document } = await turnout.json("import", file, ...NEW_EVENT)

    const [first, , last] = document.problems.map(({ line }) => line)
    assert.deepStrictEqual([first, last], [4, 7])
  })

  it.concurrent("a row of several lines is reported at its first line", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("party.csv", 'email,notes\nnot an address,"one\ntwo\nthree"\n')

    const { document } = await turnout.json("import", file, ...NEW_EVENT)

    assert.deepStrictEqual(
      document.problems.map(({ line }) => line),
      [2]
    )
  })

  it.concurrent("a row without an e-mail address is told what it lacks, in words of the file", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("party.csv", "email,name\n,Carl\n")

    const { document } = await turnout.json("import", file, ...NEW_EVENT)

    assert.match(reasonAt(document, 2), /^email: .*(missing|empty|required|e-mail address)/)
    assert.notMatch(reasonAt(document, 2), /\bkey\b/i)
  })

  it.concurrent("a field that breaks a rule is called by the name of its column", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("party.csv", "email,registered_at\nada@example.com,yesterday\n")

    const { document } = await turnout.json("import", file, ...NEW_EVENT)

    assert.match(reasonAt(document, 2), /^registered_at: /)
  })

  it.concurrent("more than twenty problems are summed up for people, and listed in the document", async () => {
    await using turnout = await CommandLine.onPostgres()
    const rows = CommandLine.upTo(25).map((n) => `nobody ${n}\n`)
    const file = turnout.write("party.csv", `email\n${rows.join("")}`)

    const words = await turnout.run("import", file, ...NEW_EVENT)
    const { document } = await turnout.json("import", file, ...NEW_EVENT)

    const lines = words.stderr.trimEnd().split("\n")
    assert.deepStrictEqual([lines.length, lines.at(-1)], [21, "… and 5 more; --json lists them all"])
    assert.match(
      words.stdout,
      /^0 confirmed, 0 waitlisted\.\n0 refused, 25 invalid\.\nNo event was made, since no row is good\.\n$/
    )
    assert.strictEqual(document.problems.length, 25)
  })

  it.concurrent("a longer version of a file adds only what is new", async () => {
    await using turnout = await CommandLine.onPostgres()
    const rows = ["email,name", "ada@example.com,Ada", "bob@example.com,Bob", "carl@example.com,Carl"]
    const file = turnout.write("party.csv", rows.join("\n"))
    const first = await turnout.run("import", file, ...NEW_EVENT)
    const eventId = /^2 confirmed, 1 waitlisted\.\nEvent (\S+)\n$/.exec(first.stdout)?.[1] ?? first.stdout
    assert.deepStrictEqual([first.code, first.stderr], [0, ""])

    turnout.write("party.csv", [...rows, "dora@example.com,Dora", "emil@example.com,Emil"].join("\n"))
    const longer = await turnout.run("import", file, "--event", eventId)
    assert.deepStrictEqual(
      [longer.code, longer.stdout],
      [0, `0 confirmed, 2 waitlisted, 3 registered before.\nEvent ${eventId}\n`]
    )

    const again = await turnout.run("import", file, "--event", eventId)
    assert.deepStrictEqual(
      [again.code, again.stdout],
      [0, `Nothing changed: 5 people were registered before.\nEvent ${eventId}\n`]
    )
    const { document: list } = await turnout.json("registrations", "list", eventId)
    assert.deepStrictEqual(
      list.items.map(({ attendee, state }) => `${attendee.name} ${state}`),
      ["Ada confirmed", "Bob confirmed", "Carl waitlisted", "Dora waitlisted", "Emil waitlisted"]
    )
  })

  it.concurrent("without a terminal there is neither colour nor a progress bar", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("party.csv", "email\nada@example.com\nnot an address\n")

    const { stderr, stdout } = await turnout.run("import", file, ...NEW_EVENT)

    assert.match(stdout, /^1 confirmed, 0 waitlisted\.\n0 refused, 1 invalid\.\nEvent \S+\n$/)
    assert.strictEqual(stderr, "party.csv:3 email: must be an e-mail address, such as ada@example.com\n")
  })
})

interface BadFile {
  readonly what: string
  readonly content?: string | Uint8Array
  readonly says: RegExp
  /** What the message tells its reader to do. */
  readonly advises: RegExp
}

const BAD_FILES: ReadonlyArray<BadFile> = [
  {
    what: "no column for e-mail addresses",
    content: "name,shoe size\nAda,38\n",
    says: /people\.csv has no column for e-mail addresses: line 1 is "name", "shoe size"/,
    advises: /Name the columns in the first row, such as "email,name,notes"/
  },
  {
    what: "an empty file",
    content: "",
    says: /people\.csv.*empty|no (header|rows|lines)/,
    advises: /header|column|row/
  },
  {
    what: "a header and no row",
    content: "email,name\n",
    says: /people\.csv.*no rows?\b|empty/,
    advises: /header|row/
  },
  {
    what: "a workbook",
    content: Buffer.from("PK\x03\x04 xl/workbook.xml", "latin1"),
    says: /people\.csv is a workbook of Excel \(\.xlsx\), and not CSV/,
    advises: /save the sheet with the people as CSV/
  },
  { what: "a file that is not there", says: /people\.csv/, advises: /no such file|not there|does not exist/ },
  {
    what: "two columns for the same thing",
    content: "email,attendee\nada@example.com,bob@example.com\n",
    says: /email.*attendee|attendee.*email/,
    advises: /twice|both|one of|same/
  }
]

/** Nobody listens there: a file that cannot be imported is refused before the database is asked for. */
const NOWHERE = ["--database", "postgres://nobody@127.0.0.1:1/nowhere"]

const importInto = async (turnout: CommandLine.CommandLine, bad: Partial<BadFile>) => {
  if (bad.content !== undefined) turnout.write("people.csv", bad.content)
  return turnout.json(...NOWHERE, "import", "people.csv", ...NEW_EVENT)
}

const assertRefused = ({ code, document, stderr, ...rest }: Awaited<ReturnType<typeof importInto>>) => {
  assert.deepStrictEqual([code, Object.keys(document)], [1, ["error"]])
  assert.strictEqual(stderr, `error: ${document.error.message}\n`)
  assertNoStack({ code, stderr, ...rest })
  return document.error.message
}

describe("turnout import, files that cannot be imported", { timeout: 120_000 }, () => {
  for (const bad of BAD_FILES) {
    it.concurrent(`${bad.what}: exit code 1, and a message that says what to do`, async () => {
      await using turnout = await CommandLine.embedded()
      const message = assertRefused(await importInto(turnout, bad))
      assert.match(message, bad.says)
      assert.match(message, bad.advises)
    })
  }

  it.concurrent("a folder: exit code 1, and a message that says so", async () => {
    await using turnout = await CommandLine.embedded()
    mkdirSync(join(turnout.folder, "people.csv"))
    const message = assertRefused(await importInto(turnout, {}))
    assert.match(message, /people\.csv.*(folder|directory)/)
  })

  it.concurrent("a title without an event, and no capacity: exit code 1, and what to say", async () => {
    await using turnout = await CommandLine.onPostgres()
    turnout.write("people.csv", "email\nada@example.com\n")
    const ended = await turnout.run("import", "people.csv", "--title", "Party")
    assert.deepStrictEqual(
      [ended.code, ended.stdout, ended.stderr],
      [1, "", 'error: there is no event with the title "Party" of "turnout import"; to make it, say its --capacity\n']
    )
  })

  it.concurrent("an event that is not there: exit code 1, and nothing is imported", async () => {
    await using turnout = await CommandLine.onPostgres()
    turnout.write("people.csv", "email\nada@example.com\n")
    const unknown = "01a1fcac-e082-761f-9990-337e18d190e6"
    const { code, document } = await turnout.json("import", "people.csv", "--event", unknown)
    assert.deepStrictEqual([code, document.error._tag], [1, "EventNotFound"])
    const malformed = await turnout.json("import", "people.csv", "--event", "the party")
    assert.deepStrictEqual([malformed.code, malformed.document.error._tag], [2, "WrongUsage"])
  })
})
