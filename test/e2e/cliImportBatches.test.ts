/**
 * `turnout import` of files that end where a batch does, just before, and just behind.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

/** Rows in one commit. */
const BATCH = 250

const csv = (emails: ReadonlyArray<string>): string => ["email", ...emails, ""].join("\n")

describe("turnout import, batches", { timeout: 180_000 }, () => {
  it.each([1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1])("%i rows are all imported", async (rows) => {
    await using turnout = await CommandLine.onPostgres()
    const emails = CommandLine.upTo(rows).map(CommandLine.email)
    const file = turnout.write("people.csv", csv(emails))
    const imported = await turnout.json("import", file, "--title", "Party", "--capacity", String(rows - 1))
    const { eventId } = imported.document
    assert.deepInclude(imported.document as object, {
      confirmed: rows - 1,
      waitlisted: 1,
      refused: 0,
      invalid: 0,
      unchanged: 0,
      rows
    })
    const stored = await CommandLine.sql(
      turnout.database!,
      `SELECT email, state FROM turnout.registrations WHERE event_id = '${eventId}' ORDER BY sequence`
    )
    assert.deepStrictEqual(
      stored,
      emails.map((email, index) => ({ email, state: index < rows - 1 ? "confirmed" : "waitlisted" }))
    )
    const again = await turnout.json("import", file, "--event", String(eventId))
    assert.deepInclude(again.document as object, { confirmed: 0, waitlisted: 0, unchanged: rows, rows })
  })

  it("a batch of nothing but rows that say nothing is told of, and those behind it are imported", async () => {
    await using turnout = await CommandLine.onPostgres()
    const invalid = CommandLine.upTo(BATCH).map((n) => `not an address ${n}`)
    const file = turnout.write("people.csv", csv([...invalid, "ada@example.com", ...invalid, "bob@example.com"]))
    const { code, document } = await turnout.json("import", file, "--title", "Party", "--capacity", "9")
    assert.strictEqual(code, 1)
    assert.deepInclude(document as object, { confirmed: 2, invalid: 2 * BATCH, rows: 2 * BATCH + 2 })
    assert.deepStrictEqual(
      document.problems.map(({ line }) => line),
      CommandLine.upTo(2 * BATCH).map((n) => (n <= BATCH ? n + 1 : n + 2))
    )
  })
})
