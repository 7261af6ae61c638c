/**
 * `turnout migrate`, `--schema`, and databases that are not there.
 */
import { createServer, type AddressInfo } from "node:net"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const TABLES = [
  "api_keys",
  "attendee_links",
  "audit_log",
  "audit_origins",
  "cache_generation",
  "events",
  "forgotten_sinks",
  "idempotency",
  "inbox",
  "journal",
  "journal_marks",
  "journal_origin",
  "members",
  "organizations",
  "outbox_blocked",
  "outbox_positions",
  "outbox_slots",
  "outbox_workers",
  "people",
  "people_keys",
  "people_keys_until",
  "person_addresses",
  "person_identities",
  "projections",
  "registrations",
  "replays",
  "sessions",
  "sign_in_links",
  "sinks",
  "waitlist_blocks",
  "webhook_attempts",
  "webhooks"
]

const tables = async (url: string, schema: string) => {
  const rows = await CommandLine.sql(
    url,
    `SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}' ORDER BY table_name`
  )
  return rows.map((row) => (row as { table_name: string }).table_name)
}

/** The statements of a script: each ends with a semicolon at the end of a line, except within the body of a procedure. */
const statementsOf = (script: string): ReadonlyArray<string> => {
  const statements: Array<string> = []
  for (const part of script.split(";\n")) {
    const isWithin = (statements.at(-1)?.split("$$").length ?? 1) % 2 === 0
    if (isWithin) statements.push(`${statements.pop()!};\n${part}`)
    else statements.push(part)
  }
  return statements.filter((statement) => statement.trim() !== "")
}

describe("turnout migrate", { timeout: 120_000 }, () => {
  it.concurrent("a fresh database: all is pending, then applied, then there is nothing to do", async () => {
    await using turnout = await CommandLine.onPostgres()

    const before = await turnout.json("migrate", "status")
    assert.deepStrictEqual([before.code, before.document.migrations[0]!.appliedAt], [0, null])
    const times = `{${before.document.migrations.length}}`
    const pending = new RegExp(`^id +name +applied *\\n(\\d+ +\\w+ +pending *\\n)${times}$`)
    assert.match((await turnout.run("migrate", "status")).stdout, pending)
    assert.deepStrictEqual(await tables(turnout.database!, "turnout"), [])

    const up = await turnout.run("migrate", "up")
    assert.deepStrictEqual([up.code, up.stderr], [0, ""])
    assert.match(up.stdout, new RegExp(`^(applied \\d+ \\w+\\n)${times}$`))
    assert.deepStrictEqual(await tables(turnout.database!, "turnout"), [...TABLES, "migrations"].toSorted())

    const again = await turnout.run("migrate", "up")
    assert.deepStrictEqual([again.code, again.stdout], [0, "Nothing to do: the database is up to date.\n"])
    assert.deepStrictEqual((await turnout.json("migrate", "up")).document.applied, [])
    assert.strictEqual((await turnout.run("migrate", "up", "--dry-run")).stdout, "-- nothing to do\n")
    const after = await turnout.json("migrate", "status")
    assert.isBelow(Date.now() - Date.parse(after.document.migrations[0]!.appliedAt!), 120_000)
  })

  it.concurrent("--dry-run changes nothing, and prints SQL that makes the tables elsewhere", async () => {
    await using turnout = await CommandLine.onPostgres()
    await using elsewhere = await CommandLine.onPostgres()

    const { code, stderr, stdout } = await turnout.run("migrate", "up", "--dry-run")

    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.deepStrictEqual(await tables(turnout.database!, "turnout"), [])
    await CommandLine.sql(elsewhere.database!, ...statementsOf(stdout))
    assert.includeMembers(await tables(elsewhere.database!, "turnout"), TABLES)
  })

  it.concurrent("--schema keeps two of them apart in one database", async () => {
    await using turnout = await CommandLine.onPostgres()
    turnout.write("people.csv", "email\nada@example.com\n")

    const up = await turnout.run("--schema", "select", "migrate", "up")
    const imported = await turnout.run("--schema", "select", "import", "people.csv", "--title", "A", "--capacity", "1")

    assert.deepStrictEqual([up.code, imported.code], [0, 0])
    assert.includeMembers(await tables(turnout.database!, "select"), TABLES)
    assert.deepStrictEqual(await tables(turnout.database!, "turnout"), [])
    assert.strictEqual((await turnout.json("--schema", "select", "events", "list")).document.items.length, 1)
    assert.strictEqual((await turnout.json("events", "list")).document.items.length, 0)
  })

  it.concurrent("a --schema that is no name is refused with the rule", async () => {
    await using turnout = await CommandLine.onPostgres()
    for (const command of [
      ["events", "list"],
      ["migrate", "up"]
    ]) {
      const { code, document } = await turnout.json("--schema", "Bad; name", ...command)
      assert.strictEqual(code, 2)
      assert.match(
        document.error.message,
        /'--schema <name>' argument 'Bad; name' is invalid. must be 1 to 63 lower-case letters, digits and underscores/
      )
    }
  })

  it.concurrent("DATABASE_URL names the database, and --database goes before it", async () => {
    await using turnout = await CommandLine.onPostgres()
    await using none = await CommandLine.embedded()

    const named = await none.start(["migrate", "up"], { DATABASE_URL: turnout.database! }).ended
    const overruled = await turnout.start(["events", "list"], { DATABASE_URL: "postgres://nobody@127.0.0.1:1/no" })
      .ended

    assert.deepStrictEqual([named.code, overruled.code], [0, 0], named.stderr + overruled.stderr)
    assert.includeMembers(await tables(turnout.database!, "turnout"), TABLES)
  })
})

/** A port on which nobody listens. */
const deadPort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** A server that takes connections and says nothing. */
const silentServer = async () => {
  const server = createServer(() => {}).unref()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

describe("turnout, a database that is down", { timeout: 120_000 }, () => {
  for (const command of ["events list", "migrate status", "migrate up", "serve --port 0"]) {
    it.concurrent(`exit code 1, soon, and what to do: turnout ${command}`, async () => {
      await using turnout = await CommandLine.embedded()
      const url = `postgres://nobody:secret@127.0.0.1:${await deadPort()}/app`
      const { code, document, millis, stderr } = await turnout.json("--database", url, ...command.split(" "))
      assert.strictEqual(code, 1)
      assert.isBelow(millis, 20_000)
      assert.match(document.error.message, /Check that the database is up/)
      assert.strictEqual(stderr, `error: ${document.error.message}\n`)
    })
  }

  it.concurrent("a server that does not answer is given up", async () => {
    await using turnout = await CommandLine.embedded()
    const url = `postgres://nobody@127.0.0.1:${await silentServer()}/app`
    const { code, millis, stderr } = await turnout.run("--database", url, "events", "list")
    assert.strictEqual(code, 1)
    assert.isBelow(millis, 40_000)
    assert.match(stderr, /^error: .*there was no answer from 127\.0\.0\.1:\d+ within 5 seconds/)
  })

  it.concurrent("a database that is not on the server is named", async () => {
    await using turnout = await CommandLine.onPostgres()
    const url = new URL(turnout.database!)
    url.pathname = "/nowhere_to_be_found"
    const { code, stderr } = await turnout.run("--database", url.href, "events", "list")
    assert.strictEqual(code, 1)
    assert.match(stderr, /^error: .*"nowhere_to_be_found" does not exist\n$/)
  })
})
