/**
 * How `turnout` is called: exit code 2 for wrong usage with a pointer to the help, 0 for the help itself.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const UUID = "00000000-0000-4000-8000-000000000000"

const WRONG: ReadonlyArray<readonly [line: string, says: string]> = [
  ["frobnicate", "error: unknown command 'frobnicate'"],
  ["events list --frobnicate", "error: unknown option '--frobnicate'"],
  ["events show", "error: missing required argument 'event'"],
  ["import", "error: missing required argument 'file'"],
  ["import people.csv --title Party --capacity many", "must be a whole number from 0 to 1000000"],
  ["import people.csv --title Party --capacity -1", "must be a whole number from 0 to 1000000"],
  ["import people.csv", "error: say which event: --event ID, or --title TEXT"],
  ["import people.csv --again", "error: say which event"],
  ...["--title A", "--organizer A", `--id ${UUID}`, "--capacity 1", "--starts-at 2030-01-01"].map(
    (option) => [`import people.csv --event ${UUID} ${option}`, "cannot be used with option"] as const
  ),
  [`import people.csv --event ${UUID} --ends-at 2030-01-01`, "cannot be used with option '--ends-at <time>'"],
  [`import people.csv --event ${UUID} --time-zone UTC`, "cannot be used with option '--time-zone <zone>'"],
  ["import people.csv --capacity 1", "error: option '--capacity <seats>' is heeded only with '--title <text>'"],
  ["import people.csv --organizer A", "option '--organizer <text>' is heeded only with"],
  [`import people.csv --id ${UUID}`, "option '--id <id>' is heeded only with"],
  ["import people.csv --starts-at 2030-01-01", "option '--starts-at <time>' is heeded only with"],
  ["import people.csv --ends-at 2030-01-01", "option '--ends-at <time>' is heeded only with"],
  ["import people.csv --time-zone UTC", "option '--time-zone <zone>' is heeded only with"],
  ["import people.csv --title A --id party", "must be a UUID"],
  ["import people.csv --title A --time-zone Berlin", "must be an IANA time zone, such as Europe/Berlin"],
  ["import people.csv --title A --starts-at 2030-02-30", "must be a date, or a date and time, such as"],
  ["events list --status open", "Allowed choices are draft, published, cancelled, completed"],
  ["events list --limit 501", "must be a whole number from 1 to 500"],
  ["migrate sideways", "error: unknown command 'sideways'"],
  [
    "sweep --consumer mail",
    "error: --consumer is about the inbox: say with --inbox-ttl how old its records have to be"
  ],
  [`registrations export ${UUID} --json`, "error: --json needs --output FILE"],
  [`waitlist export ${UUID} --json --output -`, "error: --json needs --output FILE"],
  ["relay", "error: name a sink: --sqs with the URL of a queue, --webhooks, --sales, or --stdout"],
  ["outbox replay --all", "error: name the sink: --sink"],
  ["outbox replay --sink mail", "error: say what to send again"],
  [`outbox replay --sink mail --all --stream ${UUID}`, "error: say what to send again"],
  [
    "outbox replay --sink mail --all --dry-run --per-second 1",
    "error: --per-second is about sending, and --dry-run sends"
  ],
  ["outbox replay --sink mail --all --dry-run --no-wait", "error: --no-wait is about sending, and --dry-run sends"],
  ["outbox parked retry --sink mail", "error: name streams, or say --all"],
  [`outbox parked retry --sink mail --all ${UUID}`, "error: name streams, or say --all"],
  ["outbox tail --from now --cursor abc", "option '--from <place>' cannot be used with option '--cursor <cursor>'"],
  [`webhooks update ${UUID} --type EventCreated --all-types`, "cannot be used with option '--type <type...>'"],
  ["serve --host 0.0.0.0 --open", "error: --open lets everybody who reaches 0.0.0.0 do everything"],
  [`serve --admin-token ${UUID} --dlq https://a.example/1`, "error: --dlq takes two URLs"],
  [`serve --admin-token ${UUID} --dlq ,=https://a.example/1 https://a.example/2`, 'The name ",": a name has letters'],
  ["serve --smtp smtp://mail.example.com", "error: --smtp needs the sender of the mails: --mail-from"],
  ["serve --mail-from ada@example.com", "error: --mail-from is the sender of mails that --smtp sends"],
  [
    "serve --smtp smtp://mail.example.com --mail-from ada@example.com --print-mail",
    "option '--print-mail' cannot be used with option '--smtp <url>'"
  ],
  ["serve --host 0.0.0.0 --print-mail", "error: the links in mails need an address that people reach the server at"],
  ["serve --public-url http://tickets.example.com", "must be an https URL without a path"],
  ["serve --public-url https://tickets.example.com/turnout", "must be an https URL without a path"],
  ["serve --port 65536", "must be a whole number from 0 to 65535"]
]

describe("turnout, usage", { timeout: 120_000 }, () => {
  for (const [line, says] of WRONG) {
    it.concurrent(`wrong usage has exit code 2: turnout ${line}`, async () => {
      await using turnout = await CommandLine.embedded()
      const { code, stderr, stdout } = await turnout.run(...line.split(" "))
      assert.strictEqual(code, 2, stderr)
      if (line.includes("--json")) assert.strictEqual(JSON.parse(stdout).error._tag, "WrongUsage")
      else assert.strictEqual(stdout, "")
      assert.include(stderr, says)
      assert.match(stderr, /\(--help shows what can be done\)\n$/)
    })
  }

  for (const line of ["migrate", ""]) {
    it.concurrent(`a command without its subcommand shows its help, with exit code 2: turnout ${line}`, async () => {
      await using turnout = await CommandLine.embedded()
      const { code, stderr, stdout } = await turnout.run(...line.split(" ").filter((word) => word !== ""))
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(stderr, new RegExp(`^Usage: ${`turnout ${line}`.trim()} `))
    })
  }

  it.concurrent("--help and --version have exit code 0, and print on stdout only", async () => {
    await using turnout = await CommandLine.embedded()
    const help = await turnout.run("--help")
    assert.deepStrictEqual([help.code, help.stderr], [0, ""])
    for (const command of ["serve", "migrate", "import", "events", "registrations", "waitlist"]) {
      assert.match(help.stdout, new RegExp(`^  ${command}`, "m"))
    }
    const ofCommand = await turnout.run("import", "--help")
    assert.strictEqual(ofCommand.code, 0)
    assert.match(ofCommand.stdout, /^Usage: turnout import \[options\] <file>\n/)

    const manifest = new URL("../../packages/cli/package.json", import.meta.url)
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string }
    const shown = await turnout.run("--version")
    assert.deepStrictEqual([shown.code, shown.stdout, shown.stderr], [0, `${version}\n`, ""])
  })

  it.concurrent("a --database that is no URL of Postgres is refused, with the way out", async () => {
    await using turnout = await CommandLine.embedded()
    const { code, document } = await turnout.json("--database", "mysql://localhost/app", "events", "list")
    assert.deepStrictEqual(
      [code, document.error.message],
      [
        2,
        "option '--database <url> (or DATABASE_URL)' is invalid. must be a URL such as postgres://user@host:5432/database; for a folder use --data."
      ]
    )
  })
})
