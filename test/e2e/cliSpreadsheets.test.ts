/**
 * `turnout import` of spreadsheets, and `turnout registrations export` and `turnout waitlist export`: files, stdin and stdout.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const EVENT = ["--title", "Party", "--capacity", "2"]

/** As a program in a western encoding writes it, with a title, a column too many, and rows without any value. */
const GERMAN = [
  "Gäste;;;",
  "Vorname;Name;E-Mail;Tisch",
  "Jörg;Müller;joerg@example.com;7",
  ";;;",
  "Ada;Lovelace;ada@example.com",
  'Bob;"B" ob;bob@example.com;',
  "=1+1;'x;eve@example.com;"
].join("\r\n")

const LATIN = Buffer.from(GERMAN, "latin1")

const people = ({ items }: CommandLine.Document) =>
  items.map(({ attendee, state }) => `${attendee.name} <${attendee.email}> ${state}`)

describe("spreadsheets", { timeout: 180_000 }, () => {
  it.concurrent("are read from stdin in the encoding that is named, and what is left out is told", async () => {
    await using turnout = await CommandLine.onPostgres()
    turnout.write("party.csv", LATIN)
    const command = `"${process.execPath}" "${CommandLine.COMMAND}" --database "${turnout.database}" import - ${EVENT.join(" ")} --json`
    const ended = await turnout.shell(`cat party.csv | ${command} --encoding windows-1252`)
    const document = CommandLine.documentOf(ended) as CommandLine.Document & { readonly remarks: ReadonlyArray<string> }
    const remarks = [
      'The header is line 2; the row above it is skipped: line 1, "Gäste".',
      'Column that nothing needs is left out: "Tisch".'
    ]
    assert.deepStrictEqual([ended.code, document.remarks, document.problems.map(({ line }) => line)], [1, remarks, [6]])
    assert.deepStrictEqual(
      ended.stderr.split("\n").slice(0, 2),
      remarks.map((remark) => `stdin: ${remark}`)
    )
    const { document: list } = await turnout.json("registrations", "list", document.eventId)
    assert.deepStrictEqual(people(list), [
      "Jörg Müller <joerg@example.com> confirmed",
      "Ada Lovelace <ada@example.com> confirmed",
      "=1+1 'x <eve@example.com> waitlisted"
    ])
  })

  it.concurrent("in an encoding that nobody knows are wrong usage, with the usual ones", async () => {
    await using turnout = await CommandLine.embedded()
    const { code, stderr } = await turnout.run("import", "people.csv", "--encoding", "ansi", ...EVENT)
    assert.strictEqual(code, 2)
    for (const told of ["'ansi'", "utf-8", "windows-1252", "macintosh"]) assert.include(stderr, told)
  })

  it.concurrent("are exported to stdout or a file, and import as nothing changed", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("party.csv", LATIN)
    const { document } = await turnout.json("import", file, "--encoding", "latin1", ...EVENT)
    const { eventId } = document

    const printed = await turnout.run("registrations", "export", eventId)
    assert.deepStrictEqual([printed.code, printed.stderr], [0, ""])
    const [header, ...rows] = printed.stdout.split("\r\n")
    assert.strictEqual(header, "\uFEFFemail,name,notes,state,registered_at,changed_at,attendee_id,registration_id")
    assert.deepStrictEqual(
      rows.map((row) => row.split(",").slice(0, 4).join()),
      [
        "joerg@example.com,Jörg Müller,,confirmed",
        "ada@example.com,Ada Lovelace,,confirmed",
        "eve@example.com,'=1+1 'x,,waitlisted",
        ""
      ]
    )
    const written = await turnout.json("registrations", "export", eventId, "--output", "out.csv")
    assert.deepStrictEqual(written.document as object, { eventId, file: "out.csv", rows: 3 })
    assert.strictEqual(readFileSync(join(turnout.folder, "out.csv"), "utf8"), printed.stdout)

    const again = await turnout.run("import", "out.csv", "--event", eventId)
    assert.deepStrictEqual([again.code, again.stderr], [0, ""])
    assert.match(again.stdout, /^Nothing changed: 3 /)

    const waiting = await turnout.run("waitlist", "export", eventId)
    assert.match(waiting.stdout, /^\uFEFFposition,email,[^\r]*\r\n1,eve@example\.com,[^\r]*\r\n$/)
    const confirmed = await turnout.run("registrations", "export", eventId, "--state", "confirmed")
    assert.strictEqual(confirmed.stdout.split("\r\n").length, 4)
    const head = `"${process.execPath}" "${CommandLine.COMMAND}" --database "${turnout.database}" registrations export ${eventId}`
    const cut = await turnout.shell(`${head} | head -c 10`)
    assert.deepStrictEqual([cut.stdout.length, cut.stderr], [8, ""])
  })

  it.concurrent("that cannot be exported leave no file, and no file changes", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    writeFileSync(join(turnout.folder, "out.csv"), "as it was")
    mkdirSync(join(turnout.folder, "folder"))
    const gone = "00000000-0000-4000-8000-000000000000"
    const missing = await turnout.json("registrations", "export", gone, "--output", "out.csv")
    assert.deepStrictEqual([missing.code, missing.document.error._tag], [1, "EventNotFound"])
    assert.strictEqual(readFileSync(join(turnout.folder, "out.csv"), "utf8"), "as it was")
    assert.deepStrictEqual(readdirSync(turnout.folder).toSorted(), ["folder", "out.csv"])

    const file = turnout.write("party.csv", "email\nada@example.com\n")
    const { eventId } = (await turnout.json("import", file, ...EVENT)).document
    const nowhere = await turnout.run("waitlist", "export", eventId, "--output", "gone/out.csv")
    assert.deepStrictEqual(
      [nowhere.code, nowhere.stderr],
      [1, "error: gone/out.csv cannot be written: there is no such folder\n"]
    )
    const folder = await turnout.run("waitlist", "export", eventId, "--output", "folder")
    assert.deepStrictEqual([folder.code, folder.stderr], [1, "error: folder cannot be written: it is a folder\n"])
    const json = await turnout.json("waitlist", "export", eventId)
    assert.strictEqual(json.code, 2)
    assert.include(json.document.error.message, "--json needs --output FILE")
    assert.isFalse(existsSync(join(turnout.folder, "gone")))
  })
})
