/**
 * `turnout doctor`: what it finds, what it advises, and that a neighbour which is away or hangs is a finding like any other.
 */
import { SILENCE_TIMEOUT_MILLIS } from "@turnout/adapters/internal/postgres/client/Silence"
import { existsSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import { allOf } from "../../packages/cli/src/usage/Kinds.ts"
import * as CommandLine from "../support/CommandLine.ts"
import { program } from "../support/ParsedCommand.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

interface Found {
  readonly name: string
  readonly level: "ok" | "notice" | "warning" | "failure"
  readonly says: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly advice: ReadonlyArray<string>
}

const examine = async (turnout: CommandLine.CommandLine, ...args: ReadonlyArray<string>) => {
  const { code, document, millis } = await turnout.json("doctor", ...args)
  const { checks, level } = document as unknown as { readonly level: string; readonly checks: ReadonlyArray<Found> }
  checks.flatMap(({ advice }) => advice).forEach(assertTypable)
  return { code, level, checks, millis, of: (name: string) => checks.filter((one) => one.name === name) }
}

const commands = allOf(program())

/** Advice that is a command names one that there is, and options that it has. */
const assertTypable = (advice: string): void => {
  if (!advice.startsWith("turnout ")) return
  const words = advice.split(/[\s,:]+/).slice(1)
  const named = commands.findLast(({ path }) => path.length > 0 && path.every((word, index) => words[index] === word))
  assert.isDefined(named, advice)
  const options = [...named!.command.options, ...program().options].map(({ long }) => long)
  const unknown = words.filter((word) => word.startsWith("--") && word !== "--help" && !options.includes(word))
  assert.deepStrictEqual(unknown, [], advice)
}

const levels = (found: ReadonlyArray<Found>) => found.map(({ level }) => level)

/** The finding whose sentence matches. */
const finding = (found: ReadonlyArray<Found>, pattern: RegExp): Found => {
  const one = found.find(({ says }) => pattern.test(says))
  assert.isDefined(one, `${pattern} in ${JSON.stringify(found.map(({ says }) => says))}`)
  return one!
}

/** Changes a setting of the database, from its next session on. Another database of the server is where that can be said. */
const alter = (url: string, setting: string) => {
  const other = new URL(url)
  const name = other.pathname.slice(1)
  other.pathname = "/postgres"
  return CommandLine.sql(other.href, `ALTER DATABASE "${name}" ${setting}`)
}

/** Makes a database in which much is wrong, and gives the ids of a webhook that fails, and of one that is disabled. */
const troubled = async (turnout: CommandLine.CommandLine) => {
  const file = turnout.write("people.csv", "email\na@example.com\n")
  await turnout.run("import", file, "--title", "Party", "--capacity", "10")
  const added = await turnout.json("webhooks", "add", "https://a.invalid/", "--start-from", "beginning")
  const { id } = (added.document as unknown as { readonly webhook: { readonly id: string } }).webhook
  const off = crypto.randomUUID()
  const sink = `webhook:${id}`
  await turnout.run("outbox", "replay", "--sink", sink, "--all", "--no-wait")
  await CommandLine.sql(
    turnout.database!,
    `UPDATE turnout.webhooks SET failing_since = '2020-01-01' WHERE id = '${id}'`,
    `INSERT INTO turnout.webhooks (id, url, description, secret, disabled_because)
     VALUES ('${off}', 'https://b.invalid/', '', 'whsec_', 'it answered 410 Gone')`,
    `UPDATE turnout.outbox_slots SET owner = 'web-9:77:abc', until = '2020-01-02' WHERE sink = '${sink}' AND slot = 1`,
    `INSERT INTO turnout.outbox_blocked (sink, stream, slot, version, attempts, error)
     SELECT '${sink}', event_id, slot, version, 5, 'poison' FROM turnout.journal WHERE version = 1`,
    `INSERT INTO turnout.idempotency (key, operation, principal, fingerprint, request_id, answer, created_at, expires_at)
     SELECT n, 'x', 'x', 'x', gen_random_uuid(), '{}', now(), now() - interval '1 day' FROM generate_series(1, 20000) n`
  )
  await alter(turnout.database!, "SET synchronous_commit = off")
  return { failing: id, off }
}

describe("turnout doctor", { timeout: 180_000 }, () => {
  it.concurrent("names what is wrong, since when, and the command that helps; and it writes nothing", async () => {
    await using turnout = await CommandLine.onPostgres()
    const empty = await examine(turnout)
    assert.strictEqual(empty.code, 1)
    assert.deepInclude(empty.of("schema")[0], { level: "failure", advice: ["turnout migrate up"] })
    assert.deepStrictEqual(empty.of("sinks"), [], "without tables there are no sinks to look at")
    const schemas = await CommandLine.sql(turnout.database!, "SELECT 1 FROM pg_namespace WHERE nspname = 'turnout'")
    assert.deepStrictEqual(schemas, [], "nothing is set up")

    const { failing, off } = await troubled(turnout)
    const { checks, code, level, of } = await examine(turnout)
    // A server of the tests may run with fsync off, which no server of users should.
    const [{ fsync }] = (await CommandLine.sql(turnout.database!, "SHOW fsync")) as [{ readonly fsync: string }]
    assert.deepStrictEqual([code, level], [1, fsync === "on" ? "warning" : "failure"])
    assert.isString(of("database")[0]!.facts["version"])
    const sink = finding(of("sinks"), /entries wait, and no relay delivers to it/)
    assert.include(sink.says, "the last lease ended at 2020-01-02")
    assert.strictEqual(sink.level, "warning")
    assert.include(finding(of("sinks"), /streams are parked/).advice[0], "turnout outbox parked list --sink webhook:")
    assert.include(finding(of("webhooks"), /has failed since 2020-01-01/).advice, `turnout webhooks test ${failing}`)
    assert.include(finding(of("webhooks"), /is disabled: it answered 410/).advice, `turnout webhooks enable ${off}`)
    assert.match(finding(of("replays"), /no relay of the sink runs/).advice[1]!, /^turnout outbox replay cancel /)
    assert.include(finding(of("growth"), /20,000 idempotency records/).advice, "turnout sweep")
    assert.strictEqual(finding(of("settings"), /synchronous_commit is off/).level, "warning")
    assert.deepStrictEqual(levels(of("schema")), ["ok"])
    assert.isNumber(of("clock")[0]!.facts["aheadMillis"])

    // Where nobody may write, everything else is found as before.
    await alter(turnout.database!, "SET default_transaction_read_only = on")
    const readOnly = await examine(turnout)
    const refused = finding(readOnly.of("database"), /only read \(default_transaction_read_only is on\)/)
    assert.strictEqual(refused.level, "failure")
    assert.deepStrictEqual(
      readOnly.checks.filter((one) => one !== refused).map(({ level, name }) => [name, level]),
      checks.map(({ level, name }) => [name, level])
    )

    // A table that hangs is a finding of the checks that need it.
    await alter(turnout.database!, "RESET default_transaction_read_only")
    const release = await CommandLine.lockJournal(turnout.database!)
    try {
      const locked = await examine(turnout)
      assert.isBelow(locked.millis, SILENCE_TIMEOUT_MILLIS)
      assert.include(levels(locked.of("growth")), "failure")
      assert.deepStrictEqual(levels(locked.of("webhooks")), levels(of("webhooks")))
    } finally {
      await release()
    }
  })

  it.concurrent("says what does not answer, and looks at the rest: a database that is away, and queues", async () => {
    await using turnout = await CommandLine.embedded()
    const create = (queue: string, attributes: Record<string, string>) =>
      sqs.queues().createQueue(queue, { attributes }).queueUrl
    const dead = create("doctor-dead.fifo", { FifoQueue: "true" })
    const policy = JSON.stringify({
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:doctor-dead.fifo",
      maxReceiveCount: 3
    })
    const live = create("doctor.fifo", { FifoQueue: "true", RedrivePolicy: policy })
    const bare = create("doctor-bare", {})
    sqs.queues().sendMessage("doctor-dead.fifo", "a", { messageGroupId: "a", messageDeduplicationId: "a" })
    turnout.write(
      "turnout.config.json",
      JSON.stringify({
        database: "postgres://a:pa55word@127.0.0.1:1/a",
        relay: { sqs: [`mail=${live}`], sqsEndpoint: sqs.endpoint(), sqsRegion: "us-east-1" }
      })
    )
    const gone = `${new URL(live).origin}/000000000000/nobody`
    const found = await examine(turnout, "--sqs", bare, "--sqs", gone, ...sqs.options())
    assert.deepStrictEqual([found.code, found.level], [1, "failure"])
    const [database] = found.of("database")
    assert.deepInclude(database, { level: "failure" })
    assert.match(database!.says, /ECONNREFUSED|cannot be reached/)
    assert.notInclude(JSON.stringify(found.checks), "pa55word")
    assert.include(found.of("configuration")[0]!.says, "turnout.config.json")
    const queues = found.of("queues")
    assert.include(finding(queues, /dead letters wait in doctor-dead.fifo/).advice[0], `turnout dlq list --sqs ${dead}`)
    assert.strictEqual(finding(queues, /doctor-bare has no redrive policy/).level, "warning")
    assert.strictEqual(finding(queues, /doctor-bare is a standard queue/).level, "notice")
    assert.isTrue(queues.some(({ level, says }) => level === "failure" && says.includes("nobody")))
  })

  it.concurrent("does not wait for a server that says nothing", async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    await using turnout = await CommandLine.embedded()
    try {
      const { port } = silent.address() as AddressInfo
      const { millis, of } = await examine(turnout, "--database", `postgres://a@127.0.0.1:${port}/a`)
      assert.match(of("database")[0]!.says, /no answer/)
      assert.isBelow(millis, SILENCE_TIMEOUT_MILLIS)
    } finally {
      silent.close()
    }
  })

  it.concurrent("makes no folder, and says how one is made", async () => {
    await using turnout = await CommandLine.embedded()
    const { code, stdout } = await turnout.run("doctor")
    assert.strictEqual(code, 1)
    assert.match(stdout, /^ {2}failure {2}there is no database in .*\n +next: turnout migrate up\n/m)
    assert.match(stdout, /\n1 failure, 0 warnings\.\n$/)
    assert.isFalse(existsSync(join(turnout.folder, "turnout-data")))
  })
})
