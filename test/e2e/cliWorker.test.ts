/**
 * `turnout worker` and `turnout dlq`: handlers of a module, and what becomes of messages that they fail at.
 */
import { assert, describe, it } from "vitest"
import { request, TOKEN } from "../support/AdminClient.ts"
import * as CommandLine from "../support/CommandLine.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

let queues = 0
/** A queue with a dead-letter queue, to which messages go that were received twice. */
const makeQueues = () => {
  const name = `cli-${++queues}`
  const dead = sqs.queues().createQueue(`${name}-dead.fifo`, { attributes: { FifoQueue: "true" } })
  const redrive = { deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${name}-dead.fifo`, maxReceiveCount: 2 }
  const live = sqs.queues().createQueue(`${name}.fifo`, {
    attributes: { FifoQueue: "true", VisibilityTimeout: "2", RedrivePolicy: JSON.stringify(redrive) }
  })
  return { live: live.queueUrl, dead: dead.queueUrl, deadName: `${name}-dead.fifo`, liveName: `${name}.fifo` }
}

const ready = (name: string) => sqs.queues().inspectQueue(name)!.messages.ready.length

const event = async (turnout: CommandLine.CommandLine, people: number) => {
  const emails = CommandLine.upTo(people).map((n) => `person-${n}@example.com\n`)
  const file = turnout.write("people.csv", `email\n${emails.join("")}`)
  return (await turnout.json("import", file, "--title", "Party", "--capacity", "1000")).document.eventId
}

/** Writes down whom it was told about, and fails at person 2 while there is a file of this name. */
const handlers = `
import { existsSync } from "node:fs"
export default {
  EventPublished: () => {},
  EventCreated: async (event, { sql }) => {
    await sql("INSERT INTO told (who) VALUES ($1)", [event.details.title])
  },
  AttendeeRegistered: async ({ registration: { attendee } }, { message, sql }) => {
    await sql("INSERT INTO told (who, version) VALUES ($1, $2)", [attendee.email, message.version])
    if (attendee.email.startsWith("person-2") && existsSync("broken")) throw new Error("cannot")
  }
}
`

/** People whose handler does something odd, and what the log says about their messages. */
const ODD = {
  endless: "could not be dealt with",
  stubborn: "could not be dealt with",
  late: "could not be dealt with",
  sleeping: "(SQLSTATE 57014: SELECT pg_sleep(30))",
  refused: "(SQLSTATE 23505: COMMIT)",
  silent: "(SQLSTATE 23505: INSERT INTO told VALUES ($1, $2))",
  careless: "(SQLSTATE 23505: INSERT INTO told VALUES ($1, 0))",
  awaiting: "(SQLSTATE 22012: SELECT 1 / $1::integer)",
  committing: "could not be dealt with"
}

const oddHandlers = `
import { setTimeout as sleep } from "node:timers/promises"
let n = 0
const nothing = () => {}
const odd = {
  fine: () => {},
  // Goes on after it has returned.
  hasty: (who, sql) => void sql("SELECT 1").then(() => sleep(200)).then(() => sql("INSERT INTO told VALUES ('late', 1000)")),
  endless: () => new Promise(() => {}),
  stubborn: async (who, sql) => {
    for (;;) { await sleep(100); try { await sql("SELECT 1") } catch {} }
  },
  late: async (who, sql) => { await sleep(1500); throw new Error("too late") },
  sleeping: (who, sql) => sql("SELECT pg_sleep(30)"),
  refused: (who, sql) => sql("INSERT INTO told VALUES ('taken', $1)", [++n + 100]),
  silent: async (who, sql) => { try { await sql("INSERT INTO told VALUES ($1, $2)", ["again", 0]) } catch {} },
  careless: (who, sql) => void sql("INSERT INTO told VALUES ($1, 0)", [who]),
  awaiting: (who, sql) => sql("SELECT 1 / $1::integer", [0]),
  committing: async (who, sql) => { await sql("COMMIT"); throw new Error("after all") }
}
export default {
  EventCreated: nothing,
  EventPublished: nothing,
  AttendeeRegistered: async ({ registration: { attendee } }, { sql, signal }) => {
    if (!(signal instanceof AbortSignal) || signal.aborted) throw new Error("no signal")
    const [who] = attendee.email.split("@")
    await sql("INSERT INTO told VALUES ($1, $2)", [who, ++n])
    await odd[who](who, sql)
  }
}
`

interface Letters {
  readonly items: ReadonlyArray<{
    readonly group: string
    readonly message: { readonly id: string; readonly version: number }
  }>
  readonly moved: number
  readonly error: { readonly _tag: string; readonly message: string }
}

/** What a line of the log has with `--json`. */
const LOGGED = ["timestamp", "level", "message"]

describe("turnout worker", { timeout: 180_000 }, () => {
  it.concurrent("sets up a database that has none of the tables, and says what it leaves alone", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { live } = makeQueues()
    turnout.write("handlers.mjs", handlers)
    const args = ["worker", "--sqs", live, ...sqs.options(), "--handlers", "handlers.mjs", "--consumer", "mails"]
    const worker = turnout.start(args)
    await CommandLine.until(() => worker.printed.stdout.includes("Ctrl-C stops it."), "the worker is at work")
    assert.match(worker.printed.stdout, /Left alone, .*: EventUpdated, /)
    const { document } = await turnout.json("migrate", "status")
    assert.isTrue(document.migrations.every(({ appliedAt }) => appliedAt !== null))
    worker.process.kill("SIGTERM")
    assert.strictEqual((await worker.ended).code, 0)
  })

  it.concurrent(
    "N1, N3: handles each message once; poison goes to the dead letters, from where it comes back",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const { dead, deadName, live, liveName } = makeQueues()
      const id = await event(turnout, 4)
      await CommandLine.sql(turnout.database!, "CREATE TABLE told (who text NOT NULL, version bigint)")
      const told = async () =>
        (await CommandLine.sql(turnout.database!, "SELECT who FROM told ORDER BY version NULLS FIRST")).map(
          (row) => (row as { who: string }).who
        )
      turnout.write("handlers.js", handlers)
      turnout.write("package.json", `{"type":"module"}`)
      turnout.write("broken", "")
      const relay = turnout.start(["relay", "--sqs", live, "--json", ...sqs.options()])
      const worker = turnout.start([
        "worker",
        "--sqs",
        live,
        "--handlers",
        "handlers.js",
        "--consumer",
        "teller",
        "--json",
        ...sqs.options()
      ])
      await CommandLine.until(() => ready(deadName) === 1, "the dead letter", 90)
      const others = ["Party", ...[1, 3, 4].map((n) => `person-${n}@example.com`)]
      for (let tries = 0; tries < 200 && (await told()).length < 4; tries++)
        await new Promise((resolve) => setTimeout(resolve, 50))
      assert.deepStrictEqual(await told(), others, "what it wrote before it failed is gone")

      const json = async (...args: ReadonlyArray<string>) => {
        const running = turnout.start(["dlq", ...args, "--json", ...sqs.options()])
        const ended = await running.ended
        return { code: ended.code, document: CommandLine.documentOf(ended) as unknown as Letters }
      }
      const list = await json("list", "--sqs", dead)
      assert.isNotEmpty(list.document.items)
      assert.deepInclude(list.document.items[0], { group: id })
      assert.strictEqual(list.document.items[0]!.message.version, 4)
      assert.strictEqual(ready(deadName), 1, "looking leaves it there")

      await turnout.shell("rm broken")
      const redriven = await json("redrive", "--sqs", dead, "--to", live, "--as", "ada")
      assert.deepStrictEqual(redriven, { code: 0, document: { moved: 1 } as never })
      await CommandLine.until(() => ready(deadName) === 0 && ready(liveName) === 0, "the queues to be empty")
      const everybody = ["Party", ...CommandLine.upTo(4).map((n) => `person-${n}@example.com`)]
      for (let tries = 0; tries < 200 && (await told()).length < 5; tries++)
        await new Promise((resolve) => setTimeout(resolve, 50))
      assert.deepStrictEqual(await told(), everybody)
      const audit = await turnout.run("audit", "list", "--limit", "1")
      assert.match(audit.stdout, / ada +dlq\.redrive /)

      const types = ["EventPublished", "EventCreated", "AttendeeRegistered"]
      for (const [running, document] of [
        [worker, { consumer: "teller", queue: `sqs:${liveName}`, types }],
        [relay, { sinks: [live] }]
      ] as const) {
        running.process.kill("SIGTERM")
        const ended = await running.ended
        assert.strictEqual(ended.code, 0, ended.stderr)
        assert.deepInclude(JSON.parse(ended.stdout), document)
        const logged = ended.stderr
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
        // Lines about failures have a cause, and lines about what was done have none.
        for (const { cause: _, ...line } of logged) assert.containsAllKeys(line, LOGGED)
        if (running === worker)
          assert.isNotEmpty(
            logged.filter((line) => "cause" in line),
            "it failed at a message"
          )
      }
    }
  )

  it.concurrent(
    "N1, N3, N5: gives up what fails at a message, whatever a handler does, and deals with the others",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const { deadName, live, liveName } = makeQueues()
      const people = [...Object.keys(ODD), "fine", "hasty"]
      await turnout.run("migrate", "up")
      await CommandLine.sql(
        turnout.database!,
        "CREATE TABLE told (who text UNIQUE DEFERRABLE INITIALLY DEFERRED, n integer PRIMARY KEY)"
      )
      await CommandLine.sql(turnout.database!, "INSERT INTO told VALUES ('taken', 0)")
      for (const who of people)
        await turnout.json(
          "import",
          turnout.write(`${who}.csv`, `email\n${who}@example.com\n`),
          "--title",
          who,
          "--capacity",
          "1"
        )
      turnout.write("odd.mjs", oddHandlers)
      const relay = turnout.start(["relay", "--sqs", live, "--json", ...sqs.options()])
      const args = [
        "--handlers",
        "odd.mjs",
        "--consumer",
        "odd",
        "--concurrency",
        "1",
        "--handler-timeout",
        "1000",
        "--shutdown-grace",
        "500"
      ]
      const worker = turnout.start(["worker", "--sqs", live, ...args, "--json", ...sqs.options()])
      const count = Object.keys(ODD).length
      await CommandLine.until(() => ready(deadName) === count && ready(liveName) === 0, "the dead letters", 120)
      const told = await CommandLine.sql(turnout.database!, "SELECT who FROM told WHERE n > 0 ORDER BY who")
      assert.deepStrictEqual(told, [{ who: "fine" }, { who: "hasty" }])
      worker.process.kill("SIGTERM")
      relay.process.kill("SIGTERM")
      const ended = await worker.ended
      assert.strictEqual(ended.code, 0, ended.stderr)
      const log = ended.stderr.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line).message] : []))
      for (const [who, words] of Object.entries(ODD)) {
        const lines = log.filter((line) => String(line).includes("could not be dealt with") && line.includes(words))
        assert.isAtLeast(lines.length, 2, `${who}: ${words}\n${log.join("\n")}`)
      }
      assert.include(log.join("\n"), "nothing waited for it")
    }
  )

  it.concurrent("says what is wrong with its module, and with a queue that is not there", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const { live } = makeQueues()
    const start = async (...args: ReadonlyArray<string>) => {
      const ended = await turnout.start(["worker", "--consumer", "c", ...args, ...sqs.options()]).ended
      return [ended.code, ended.stderr] as const
    }
    const [code, stderr] = await start("--sqs", live, "--handlers", "missing.js")
    assert.deepStrictEqual([code, stderr.includes("cannot load missing.js")], [1, true])
    turnout.write("none.mjs", "export const a = 1\n")
    assert.include((await start("--sqs", live, "--handlers", "none.mjs"))[1], "must export an object by default")
    turnout.write("unknown.mjs", "export default { SeatSold: () => {} }\n")
    assert.include(
      (await start("--sqs", live, "--handlers", "unknown.mjs"))[1],
      "there is no journal event of type SeatSold"
    )
    turnout.write("wrong.mjs", "export default { EventCreated: 1 }\n")
    assert.include((await start("--sqs", live, "--handlers", "wrong.mjs"))[1], "EventCreated must be a function")
    turnout.write("fine.mjs", "export default { EventCreated: () => {} }\n")
    const gone = await start("--sqs", `${live}x.fifo`, "--handlers", "fine.mjs")
    assert.deepStrictEqual([gone[0], gone[1].includes("The queue cannot be reached")], [1, true])
  })
})

describe("turnout serve with dead letters", { timeout: 180_000 }, () => {
  it.concurrent("shows them, and moves them back, over HTTP", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { dead, deadName, live, liveName } = makeQueues()
    const other = makeQueues()
    sqs.queues().sendMessage(deadName, "hello", { messageGroupId: "a", messageDeduplicationId: "1" })
    const queues = ["--dlq", dead, live, "--dlq", other.dead, other.live]
    const server = await turnout.serve("--admin-token", TOKEN, ...queues, ...sqs.options())
    const ask = async (method: string, path: string, body?: unknown) => {
      const at = `/admin/dead-letters${path}`
      return (await request(server.url, method, at, { body })).body
    }
    assert.deepStrictEqual(await ask("GET", ""), {
      items: [
        { name: deadName, to: liveName },
        { name: other.deadName, to: other.liveName }
      ]
    })
    const { items } = await ask("GET", `/${deadName}`)
    assert.deepStrictEqual([items.length, items[0].body], [1, "hello"])
    assert.deepStrictEqual(await ask("POST", `/${deadName}/redrive`, {}), { moved: 1, isMore: false })
    assert.deepStrictEqual([ready(deadName), ready(liveName)], [0, 1])
    const audit = await turnout.run("audit", "list", "--limit", "1")
    assert.match(audit.stdout, / operator +dlq\.redrive /)
    await server.stop("SIGTERM")
  })

  it.concurrent("says what is wrong with its queues", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { dead, live } = makeQueues()
    const refused = async (exitCode: number, ...args: ReadonlyArray<string>) => {
      const { code, stderr, stdout } = await turnout.run("serve", "--port", "0", ...sqs.options(), ...args)
      assert.deepStrictEqual([code, stdout], [exitCode, ""])
      return stderr
    }
    const admin = ["--admin-token", TOKEN]
    assert.include(await refused(2, ...admin, "--dlq", dead), "--dlq takes two URLs")
    assert.include(await refused(2, ...admin, "--dlq", dead, "queue"), "must be the URL of a queue")
    assert.include(await refused(2, ...admin, "--dlq", "queue", live), "must be the URL of a queue")
    assert.include(await refused(2, ...admin, "--dlq", dead, live, dead, live), "two queues have the name")
  })
})
