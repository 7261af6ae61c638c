/**
 * `turnout import` of files with a quote too many or too few: nobody ends in the notes of another, and the lines are named.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const EVENT = ["--title", "Party", "--capacity", "10"]

interface Swallowing {
  readonly what: string
  readonly rows: ReadonlyArray<string>
  /** The line at which it is told, and the lines that look like rows of their own. */
  readonly at: number
  readonly lines: RegExp
  /** Who is registered. */
  readonly registered: ReadonlyArray<string>
}

const SWALLOWING: ReadonlyArray<Swallowing> = [
  {
    what: "a quote that is closed by one of a later row",
    rows: [
      "email,notes",
      'ada@example.com,"vip',
      "bob@example.com,x",
      'carl@example.com,he said ""hi"',
      "dora@example.com,y"
    ],
    at: 2,
    lines: /opened in line 2 is closed in line 4, and lines 3 and 4 look like rows/,
    registered: ["dora"]
  },
  {
    what: "a number of fields that fits by accident",
    rows: ["email,name,notes", 'ada@example.com,"Ada,vip', 'bob@example.com,Bob",x', "dora@example.com,Dora,"],
    at: 2,
    lines: /closed in line 3, and line 3 looks like a row/,
    registered: ["dora"]
  },
  {
    what: "the address behind the quote",
    rows: ["name,email,notes", '"Ada,ada@example.com,vip', 'Bob",bob@example.com,x', "Dora,dora@example.com,"],
    at: 2,
    lines: /closed in line 3, and line 2 looks like a row/,
    registered: ["dora"]
  },
  {
    what: "a field count that does not fit",
    rows: ["email,name", 'ada@example.com,"Ada', 'bob@example.com,Bob",x', "dora@example.com,Dora"],
    at: 2,
    lines: /line 3 looks like a row/,
    registered: ["dora"]
  },
  {
    what: "one column",
    rows: ["email", '"ada@example.com', "bob@example.com", 'carl@example.com"', "dora@example.com"],
    at: 2,
    lines: /lines 2, 3 and 4 look like rows/,
    registered: ["dora"]
  },
  {
    what: "the second field of several lines",
    rows: [
      "email,name,notes",
      'ada@example.com,Ada,"one',
      'two"',
      "",
      'eve@example.com,"Eve',
      'bob@example.com,Bob",y'
    ],
    at: 5,
    lines: /opened in line 5 is closed in line 6, and line 6 looks/,
    registered: ["ada"]
  },
  {
    what: "many rows",
    rows: [
      "email,notes",
      'ada@example.com,"vip',
      ...CommandLine.upTo(50).map((n) => `${CommandLine.email(n)},x`),
      'bob@example.com,y"'
    ],
    at: 2,
    lines: /closed in line 53, and 51 lines from 3 to 53 look like rows/,
    registered: []
  }
]

/** What a note may have, in tables of these columns. */
const NOTES: ReadonlyArray<readonly [header: string, row: string]> = [
  ["email,notes", 'ada@example.com,"two\nlines, with ""quotes"", and commas"'],
  ["notes,email", '"two\nlines",ada@example.com'],
  ["email,notes", 'ada@example.com,"Call me, please\nada@example.com\nor Bob: bob@example.com, if I am away"'],
  ["name,notes,email", 'Ada,"one\n\n\ntwo, three",ada@example.com'],
  ["email,notes", 'ada@example.com,"with bob@example.com, carl@example.com\nand others"']
]

interface Bad {
  readonly what: string
  readonly rows: ReadonlyArray<string>
  readonly at: number
  readonly says: RegExp
  readonly registered: ReadonlyArray<string>
}

/** Bad quotes that cost the row in which they are opened, and no other. */
const BAD: ReadonlyArray<Bad> = [
  {
    what: "a quote that is never closed",
    rows: ["email,notes", "ada@example.com,a", "", 'bob@example.com,"b', "carl@example.com,c", "dora@example.com,d"],
    at: 4,
    says: /opened in line 4 is not closed by the end of the file/,
    registered: ["ada", "carl", "dora"]
  },
  {
    what: "a quote within a field",
    rows: ["email,name", "ada@example.com,A", 'rock@example.com,Rock "B" Stone', "bob@example.com,B"],
    at: 3,
    says: /a quote is in a field that is not quoted itself/,
    registered: ["ada", "bob"]
  },
  {
    what: "a quote that ends in the middle",
    rows: ["email,notes", 'ada@example.com,"vip', 'bob@example.com,"y"'],
    at: 2,
    says: /opened in line 2 is closed in line 3, before the field ends/,
    registered: ["bob"]
  }
]

const registered = async (turnout: CommandLine.CommandLine, eventId: string) => {
  const { document } = await turnout.json("registrations", "list", eventId)
  return document.items
}

describe("turnout import, quotes", { timeout: 180_000 }, () => {
  for (const { at, lines, registered: expected, rows, what } of SWALLOWING) {
    it.concurrent(`${what}: the row is refused with the lines, and nobody is in the notes of another`, async () => {
      await using turnout = await CommandLine.onPostgres()
      const file = turnout.write("party.csv", `${rows.join("\n")}\n`)
      const { code, document, stderr } = await turnout.json("import", file, ...EVENT)
      assert.deepStrictEqual([code, document.problems.map(({ line }) => line)], [1, [at]])
      assert.match(document.problems[0]!.reason, lines)
      assert.include(stderr, `party.csv:${at} `)
      if (expected.length === 0) return void assert.strictEqual(document.eventId, null)
      assert.deepStrictEqual(
        (await registered(turnout, document.eventId)).map(({ attendee }) => attendee.email),
        expected.map((name) => `${name}@example.com`)
      )
    })
  }

  it.concurrent("notes of several lines are notes", async () => {
    await using turnout = await CommandLine.onPostgres()
    for (const [index, [header, row]] of NOTES.entries()) {
      const file = turnout.write(`${index}.csv`, `${header}\r\n${row}\r\n`)
      const event = ["--title", `Party ${index}`, "--capacity", "10"]
      const { code, document, stderr } = await turnout.json("import", file, ...event)
      assert.deepStrictEqual([code, stderr], [0, ""], row)
      const [ada] = await registered(turnout, document.eventId)
      const notes = /"(.*)"/s.exec(row)![1]!.replaceAll('""', '"')
      assert.deepStrictEqual([ada!.attendee.email, ada!.notes], ["ada@example.com", notes])
    }
  })

  for (const { at, registered: expected, rows, says, what } of BAD) {
    it.concurrent(`${what}: that row is refused with its line, and all others are in`, async () => {
      await using turnout = await CommandLine.onPostgres()
      const file = turnout.write("party.csv", rows.join("\n"))
      const { code, document } = await turnout.json("import", file, ...EVENT)
      assert.deepStrictEqual([code, document.problems.map(({ line }) => line)], [1, [at]])
      assert.match(document.problems[0]!.reason, says)
      assert.deepStrictEqual(
        (await registered(turnout, document.eventId)).map(({ attendee }) => attendee.email),
        expected.map((name) => `${name}@example.com`)
      )
    })
  }

  it.concurrent("a header that goes on: nothing is imported, and the line is named", async () => {
    await using turnout = await CommandLine.embedded()
    const file = turnout.write("party.csv", 'email,"notes\nada@example.com,x"\nbob@example.com,y')
    const nowhere = ["--database", "postgres://nobody@127.0.0.1:1/nowhere"]
    const { code, document } = await turnout.json(...nowhere, "import", file, ...EVENT)
    assert.deepStrictEqual([code, Object.keys(document)], [1, ["error"]])
    assert.match(document.error.message, /a header that goes on to line 2/)
  })
})
