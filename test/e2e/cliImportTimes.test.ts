/**
 * Times of `turnout import`: without an offset they are those of the event's time zone, in options as in the file.
 */
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import * as WrittenTime from "../../packages/cli/src/options/times/WrittenTime.ts"
import * as CommandLine from "../support/CommandLine.ts"

const inZone = (text: string, zone: string): string => {
  const written = WrittenTime.parse(text)
  if (written === undefined) return "no time"
  return Result.match(WrittenTime.inZone(written, zone), {
    onSuccess: (moment) => moment.toISOString(),
    onFailure: (rule) => rule
  })
}

const BERLIN = "Europe/Berlin"

describe("a written time", () => {
  it.each([
    ["2027-05-01T18:00", BERLIN, "2027-05-01T16:00:00.000Z"],
    ["2027-05-01 18:00:30.5", BERLIN, "2027-05-01T16:00:30.500Z"],
    ["2027-01-01 18:00", BERLIN, "2027-01-01T17:00:00.000Z"],
    ["2027-05-01 18:00 +02:00", "Asia/Tokyo", "2027-05-01T16:00:00.000Z"],
    ["2027-05-01T18:00Z", BERLIN, "2027-05-01T18:00:00.000Z"],
    [" 2027-05-01 ", BERLIN, "2027-04-30T22:00:00.000Z"],
    ["2027-05-01", "UTC", "2027-05-01T00:00:00.000Z"],
    ["2027-05-01", "America/New_York", "2027-05-01T04:00:00.000Z"],
    ["2027-05-01", "Asia/Kathmandu", "2027-04-30T18:15:00.000Z"],
    // The last moment before a gap, and the first after one.
    ["2027-03-28T01:59:59", BERLIN, "2027-03-28T00:59:59.000Z"],
    ["2027-03-28T03:00", BERLIN, "2027-03-28T01:00:00.000Z"],
    // Just before an hour that comes twice, and just after.
    ["2027-10-31T01:59", BERLIN, "2027-10-30T23:59:00.000Z"],
    ["2027-10-31T03:00", BERLIN, "2027-10-31T02:00:00.000Z"],
    // Half an hour, at Lord Howe Island.
    ["2026-10-04T02:30", "Australia/Lord_Howe", "2026-10-03T15:30:00.000Z"],
    // Days that begin after midnight, at midnight for the second time, and after a day that was left out.
    ["2024-04-26", "Africa/Cairo", "2024-04-25T22:00:00.000Z"],
    ["2025-11-02", "America/Havana", "2025-11-02T04:00:00.000Z"],
    ["2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
    ["2027-02-30", "UTC", "no time"],
    ["2027-05-01T24:00", "UTC", "no time"],
    ["2027-05-01T18", "UTC", "no time"],
    ["01.05.2027", "UTC", "no time"],
    ["tomorrow", "UTC", "no time"]
  ])("%s in %s is %s", (text, zone, moment) => {
    assert.strictEqual(inZone(text, zone), moment)
  })

  it.each([
    ["2027-03-28T02:30", BERLIN, "does not exist in Europe/Berlin"],
    ["2026-10-04T02:15", "Australia/Lord_Howe", "does not exist"],
    ["2011-12-30T12:00", "Pacific/Apia", "does not exist"],
    ["2011-12-30", "Pacific/Apia", "does not exist"],
    ["1900-01-01", "Asia/Tokyo", "must be a date in the years 1900 to 9999"],
    ["9999-12-31T23:00", "America/New_York", "must be a date in the years 1900 to 9999"],
    ["2027-10-31T02:30", BERLIN, "write 2027-10-31T02:30:00.000+02:00 or 2027-10-31T02:30:00.000+01:00"],
    ["2027-10-31T02:00", BERLIN, "comes twice"],
    ["2025-11-02T00:30", "America/Havana", "comes twice"],
    ["2026-04-05T01:45", "Australia/Lord_Howe", "comes twice"]
  ])("%s in %s is refused: %s", (text, zone, says) => {
    assert.include(inZone(text, zone), says)
  })
})

describe("turnout import, times", { timeout: 120_000 }, () => {
  it.concurrent("are those of the zone of the event, in options and in the file", async () => {
    await using turnout = await CommandLine.onPostgres()
    const rows = [
      "email,registered_at",
      "ada@example.com,2020-05-01 18:00",
      "bob@example.com,2020-05-01",
      "carl@example.com,2020-05-01T18:00Z",
      "dora@example.com,2020-03-29T02:30",
      "emil@example.com,2020-10-25 02:30",
      "fred@example.com,2020-10-25 02:30+01:00",
      "gina@example.com,01.05.2020"
    ]
    const file = turnout.write("people.csv", rows.join("\n"))
    const options = ["--title", "Party", "--capacity", "9", "--starts-at", "2099-05-01T18:00", "--time-zone", BERLIN]
    const imported = await turnout.json("import", file, ...options)
    assert.strictEqual(imported.code, 1)
    const { eventId, problems } = imported.document
    assert.deepStrictEqual(
      problems.map(({ line, reason }) => [line, reason.replace(/;.*/, "")]),
      [
        [5, "registered_at: 2020-03-29T02:30 does not exist in Europe/Berlin, where clocks are put forward"],
        [6, "registered_at: 2020-10-25 02:30 comes twice in Europe/Berlin, where clocks are put back"],
        [8, "registered_at: must be a date, or a date and time, such as 2027-05-01 18:00 or 2027-05-01T18:00+02:00"]
      ]
    )
    const { document } = await turnout.json("registrations", "list", eventId)
    assert.deepStrictEqual(
      document.items.map(({ registeredAt }) => registeredAt),
      ["2020-05-01T16:00", "2020-04-30T22:00", "2020-05-01T18:00", "2020-10-25T01:30"].map((time) => `${time}:00.000Z`)
    )
    const shown = (await turnout.json("events", "show", eventId)).document as unknown as { readonly startsAt: string }
    assert.strictEqual(shown.startsAt, "2099-05-01T16:00:00.000Z")

    // The zone is that of the event for a file that names the event alone, and for options without a zone.
    turnout.write("people.csv", rows.slice(0, 4).join("\n"))
    for (const again of [
      ["--event", eventId],
      ["--title", "Party", "--starts-at", "2099-05-01 18:00"]
    ]) {
      const { code, document } = await turnout.json("import", file, ...again)
      assert.deepStrictEqual([code, (document as unknown as { readonly unchanged: number }).unchanged], [0, 3])
    }
  })

  it.concurrent("that clocks of the zone skip, or show twice, are refused in options", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("people.csv", "email\nada@example.com\n")
    const options = ["--title", "Party", "--capacity", "9", "--time-zone", BERLIN]
    for (const [option, time, says] of [
      ["--starts-at", "2099-03-29T02:30", "--starts-at 2099-03-29T02:30 does not exist in Europe/Berlin"],
      ["--ends-at", "2099-10-25T02:30", "--ends-at 2099-10-25T02:30 comes twice in Europe/Berlin"]
    ] as const) {
      const { code, document } = await turnout.json("import", file, ...options, option, time)
      assert.deepStrictEqual([code, document.error._tag], [2, "WrongUsage"])
      assert.include(document.error.message, says)
    }
    assert.deepStrictEqual(await CommandLine.sql(turnout.database!, "SELECT id FROM turnout.events"), [])
  })
})
