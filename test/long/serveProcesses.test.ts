/**
 * `turnout serve --processes`: one port, several processes, one of which relays. They start, stop, are killed and are replaced.
 */
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { createServer, type AddressInfo } from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as ConnectionHolders from "../support/ConnectionHolders.ts"
import * as Given from "../support/Given.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

/** What the server says with `--json`. */
interface Announced {
  readonly address: string
  readonly processes: number
  readonly pids: ReadonlyArray<number>
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** A request on a connection of its own. */
interface Sent {
  /** The port of this end of the connection, once it is made. */
  readonly port: Promise<number>
  readonly answer: Promise<Answer>
}

const PATIENCE_MILLIS = 20_000

const send = (method: string, url: string, body?: unknown): Sent => {
  const agent = new Agent({ keepAlive: true })
  const sent = request(url, {
    method,
    agent,
    timeout: PATIENCE_MILLIS,
    headers: { "content-type": "application/json", "idempotency-key": randomUUID() }
  })
  const port = new Promise<number>((resolve, reject) => {
    sent.once("error", reject)
    sent.once("socket", (socket) => socket.once("connect", () => resolve(socket.localPort!)))
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    sent.once("error", reject)
    sent.once("timeout", () => sent.destroy(new Error("no answer")))
    sent.once("response", (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.once("error", reject).once("end", () => resolve({ status: response.statusCode!, body: text }))
    })
  })
  port.catch(() => {})
  answer.catch(() => {})
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  return { port, answer }
}

const announcedBy = ({ printed }: CommandLine.Running): Announced => JSON.parse(printed.stdout) as Announced

/** The process that has started another one. */
const parentOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])

/** Starts a server. The processes that it names are its own, so that a test may signal them. */
const start = async (turnout: CommandLine.CommandLine, processes: number, ...args: ReadonlyArray<string>) => {
  const server = await turnout.serve("--json", "--processes", String(processes), ...args)
  const announced = announcedBy(server)
  for (const pid of announced.pids) assert.strictEqual(parentOf(pid), server.pid)
  return { ...server, ...announced }
}

/** Makes an event, opens it, and returns its address. */
const openEvent = async (address: string): Promise<string> => {
  const made = await send("POST", `${address}/events`, Given.eventInput({ capacity: 1_000 })).answer
  const event = `${address}/events/${(JSON.parse(made.body) as { readonly id: string }).id}`
  assert.strictEqual((await send("POST", `${event}/publish`).answer).status, 200)
  return event
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const untilGone = (pids: ReadonlyArray<number>, seconds = 30) =>
  CommandLine.until(() => !pids.some(isAlive), "the end of the processes", seconds)

/** The processes that have taken the place of others, as the log says it. */
const replacements = (stderr: string): number => stderr.split("another one takes its place").length - 1

describe("turnout serve --processes", { timeout: 180_000 }, () => {
  it("says once where it serves and with which processes, and shares connections among them", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await start(turnout, 3)
    assert.deepStrictEqual([server.processes, new Set(server.pids).size], [3, 3])
    assert.notInclude(server.pids, server.pid)
    const port = Number(new URL(server.address).port)
    assert.isAbove(port, 0)
    const all = CommandLine.upTo(24).map(() => send("GET", `${server.address}/health/live`))
    const answers = await Promise.all(all.map(({ answer }) => answer))
    assert.isTrue(answers.every(({ status }) => status === 204))
    const holders = ConnectionHolders.of(port, await Promise.all(all.map((one) => one.port)), server.pids)
    for (const pid of server.pids) assert.include(holders, pid)
    // The primary holds none.
    assert.notInclude(holders, undefined)
    const { code, stderr, stdout } = await server.stop("SIGTERM")
    assert.deepStrictEqual([code, stdout.trim().split("\n").length, replacements(stderr)], [0, 1, 0])
    await untilGone(server.pids, 0)

    const inWords = await turnout.serve("--processes", "2")
    assert.match(inWords.printed.stdout, /^Turnout is serving at [^]*\n {2}Processes 2: \d+, \d+\n/)
    assert.strictEqual(inWords.printed.stdout.split("Turnout is serving").length, 2)
    assert.strictEqual((await inWords.stop("SIGTERM")).code, 0)
  })

  it("replaces a process that is killed under load, and answers meanwhile", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await start(turnout, 2)
    const event = await openEvent(server.address)
    const killed = server.pids[1]!
    const over = new AbortController()
    const outcomes: Array<string> = []
    const client = async (name: string) => {
      for (let n = 0; !over.signal.aborted; n++) {
        const person = { attendee: { email: `${name}-${n}@example.com` } }
        const { answer } = send("POST", `${event}/registrations`, person)
        outcomes.push(
          await answer.then(
            ({ status }) => String(status),
            (error: Error) => error.message
          )
        )
      }
    }
    const clients = ["a", "b", "c", "d"].map(client)
    await CommandLine.until(() => outcomes.length > 40, "some requests")
    process.kill(killed, "SIGKILL")
    await CommandLine.until(() => replacements(server.printed.stderr) === 1, "the line of the log")
    assert.include(
      server.printed.stderr,
      `process ${killed} of the server was ended by SIGKILL; another one takes its place at once`
    )
    const before = outcomes.length
    await CommandLine.until(() => outcomes.length > before + 100, "further requests")
    over.abort()
    await Promise.all(clients)
    const failed = outcomes.filter((outcome) => outcome !== "201")
    // What the killed process had in hand, and a connection that was on its way to it.
    assert.isAtMost(failed.length, clients.length, failed.join())
    const port = Number(new URL(server.address).port)
    const served = async () => {
      const all = CommandLine.upTo(8).map(() => send("GET", `${server.address}/health/live`))
      await Promise.all(all.map(({ answer }) => answer))
      return ConnectionHolders.of(port, await Promise.all(all.map((one) => one.port)), server.pids)
    }
    // Connections that none of the first processes holds are those of the new one.
    for (let attempt = 0; !(await served()).includes(undefined); attempt++) assert.isBelow(attempt, 100)
    assert.strictEqual((await server.stop("SIGTERM")).code, 0)
  })

  it("relays in one process, and in the one that takes its place", async () => {
    await using turnout = await CommandLine.onPostgres()
    const name = "processes.fifo"
    const { queueUrl } = sqs.queues().createQueue(name, { attributes: { FifoQueue: "true" } })
    const inQueue = () => sqs.queues().inspectQueue(name)!.messages.ready.length
    const server = await start(turnout, 3, "--sqs", queueUrl, ...sqs.options())
    const owners = async () => {
      const rows = await CommandLine.sql(
        turnout.database!,
        "SELECT DISTINCT owner FROM turnout.outbox_slots WHERE owner IS NOT NULL"
      )
      return rows.map((row) => (row as { readonly owner: string }).owner)
    }
    const event = await openEvent(server.address)
    await CommandLine.until(() => inQueue() === 2, "the messages of the event")
    assert.deepStrictEqual(
      (await owners()).map((owner) => /:(\d+)/.exec(owner)?.[1]),
      [String(server.pids[0])]
    )
    process.kill(server.pids[0]!, "SIGKILL")
    const registered = await Promise.all(
      CommandLine.upTo(20).map((n) => send("POST", `${event}/registrations`, Given.person(n)).answer.catch(() => null))
    )
    const count = registered.filter((answer) => answer?.status === 201).length
    assert.isAbove(count, 10)
    await CommandLine.until(() => inQueue() >= 2 + count, "the other messages")
    const [owner, ...others] = await owners()
    assert.deepStrictEqual(others, [])
    assert.notInclude(owner, `:${server.pids[0]}`)
    assert.strictEqual((await server.stop("SIGTERM")).code, 0)
    assert.deepStrictEqual(await owners(), [])
  })

  it.each([
    ["SIGTERM", "from a supervisor that signals every process"],
    ["SIGINT", "by Ctrl-C, which signals every process"]
  ] as const)("%s %s: running requests of all processes are answered", async (signal, _from) => {
    await using turnout = await CommandLine.onPostgres()
    const server = await start(turnout, 2)
    const event = await openEvent(server.address)
    const unlock = await CommandLine.lockEvents(turnout.database!)
    const running = CommandLine.upTo(6).map((n) => send("POST", `${event}/registrations`, Given.person(n)))
    await CommandLine.untilBlocked(turnout.database!)
    await pause(300)
    const port = Number(new URL(server.address).port)
    const holders = ConnectionHolders.of(port, await Promise.all(running.map((one) => one.port)), server.pids)
    assert.sameMembers([...new Set(holders)], [...server.pids])

    for (const pid of server.pids) process.kill(pid, signal)
    const stopping = server.stop(signal)
    await pause(300)
    for (const pid of server.pids) process.kill(pid, signal)
    await pause(300)
    assert.isTrue([server.pid, ...server.pids].every(isAlive))
    await unlock()

    const answers = await Promise.all(running.map(({ answer }) => answer))
    assert.deepStrictEqual(
      answers.map(({ status }) => status),
      running.map(() => 201)
    )
    const { code, millis, stderr } = await stopping
    assert.deepStrictEqual([code, replacements(stderr)], [0, 0])
    assert.isBelow(millis, 15_000)
    await untilGone(server.pids, 0)
  })

  it("a second signal ends all processes at once", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await start(turnout, 2)
    const event = await openEvent(server.address)
    const unlock = await CommandLine.lockEvents(turnout.database!)
    const running = send("POST", `${event}/registrations`, Given.person(1)).answer.catch(() => "cut")
    await CommandLine.untilBlocked(turnout.database!)
    server.process.kill("SIGINT")
    await pause(300)
    const { code, millis } = await server.stop("SIGINT")
    assert.strictEqual(code, 130)
    assert.isBelow(millis, 10_000)
    assert.strictEqual(await running, "cut")
    await untilGone(server.pids, 2)
    await unlock()
  })

  it("ends a process that does not stop, when the time to stop is over", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await start(turnout, 2, "--shutdown-grace", "100")
    const stopped = server.pids[1]!
    process.kill(stopped, "SIGSTOP")
    try {
      const { code, stderr } = await server.stop("SIGTERM")
      assert.strictEqual(code, 1)
      assert.strictEqual(stderr.split("stopped with work unfinished after 9600 ms").length, 2, stderr)
      await untilGone(server.pids, 2)
    } finally {
      if (isAlive(stopped)) process.kill(stopped, "SIGKILL")
    }
  })

  it("leaves no process at the port, and no request unanswered, if the primary is killed", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await start(turnout, 2)
    const event = await openEvent(server.address)
    const unlock = await CommandLine.lockEvents(turnout.database!)
    const running = send("POST", `${event}/registrations`, Given.person(1)).answer
    await CommandLine.untilBlocked(turnout.database!)
    process.kill(server.pid, "SIGKILL")
    await CommandLine.until(() => !isAlive(server.pid), "the end of the primary")
    const port = Number(new URL(server.address).port)
    const other = createServer()
    await new Promise<void>((resolve, reject) => other.once("error", reject).listen(port, "127.0.0.1", resolve))
    await new Promise((resolve) => other.close(resolve))
    await unlock()
    assert.strictEqual((await running).status, 201)
    await untilGone(server.pids)
  })

  it("fails as one process does if it cannot start, and says so once", async () => {
    await using turnout = await CommandLine.onPostgres()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const taken = ["--port", String((other.address() as AddressInfo).port)]
    const away = ["--port", "0", "--database", "postgres://nobody@127.0.0.1:1/none"]
    const queue = (name: string) => `https://sqs.eu-central-1.amazonaws.com/000000000000/${name}.fifo`
    const twice = ["--dlq", queue("dead"), queue("live"), "--dlq", queue("dead"), queue("other")]
    try {
      for (const [exitCode, ...args] of [
        [1, ...taken],
        [1, ...away],
        [1, ...away, "--json"],
        [2, "--port", "0", ...twice]
      ] as const) {
        const one = await turnout.run("serve", ...args)
        const several = await turnout.run("serve", "--processes", "3", ...args)
        assert.deepStrictEqual([several.code, several.stdout, several.stderr], [exitCode, one.stdout, one.stderr])
        assert.strictEqual(several.stderr.split("error: ").length, 2, several.stderr)
      }
    } finally {
      other.close()
    }
  })

  it("is refused on an embedded database, and with more processes than the most", async () => {
    await using turnout = await CommandLine.embedded()
    const embedded = await turnout.run("serve", "--port", "0", "--processes", "2")
    assert.deepStrictEqual([embedded.code, embedded.stdout], [2, ""])
    assert.match(embedded.stderr, /an embedded database belongs to one process: name it with --database/)
    for (const number of ["0", "65", "two"]) {
      const { code, stderr } = await turnout.run("serve", "--port", "0", "--processes", number)
      assert.deepStrictEqual([code, stderr.includes("from 1 to 64")], [2, true])
    }
    const alone = await turnout.serve("--json", "--processes", "1")
    assert.notProperty(announcedBy(alone), "pids")
    assert.strictEqual((await alone.stop("SIGTERM")).code, 0)
  })

  it("waits longer and longer before it starts a process that cannot begin, and goes on when it can", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await start(turnout, 2)
    turnout.write("turnout.config.json", "{")
    process.kill(server.pids[1]!, "SIGKILL")
    const { printed } = server
    const attempts = () =>
      printed.stderr
        .split("\n")
        .filter((line) => line.startsWith("{") && line.endsWith("}"))
        .map((line) => JSON.parse(line) as { readonly message: string; readonly timestamp: string })
        .flatMap(({ message, timestamp }) => {
          const millis = /exit code 2; another one takes its place in (\d+) ms/.exec(message)?.[1]
          return millis === undefined ? [] : [{ millis: Number(millis), at: Date.parse(timestamp) }]
        })
    const long = () => attempts().findIndex(({ millis }) => millis > 2_500)
    await CommandLine.until(() => long() >= 0 && long() < attempts().length - 1, "an attempt after a long pause")
    const [before, after] = attempts().slice(long())
    assert.isAtLeast(after!.at - before!.at, before!.millis)
    assert.strictEqual((await send("GET", `${server.address}/health/ready`).answer).status, 200)
    // The options of the file are for the next start of the server.
    turnout.write("turnout.config.json", JSON.stringify({ serve: { basePath: "/elsewhere", processes: 1 } }))
    const port = Number(new URL(server.address).port)
    const isServed = async () => {
      const all = CommandLine.upTo(4).map(() => send("GET", `${server.address}/health/live`))
      const answers = await Promise.all(all.map(({ answer }) => answer))
      assert.isTrue(answers.every(({ status }) => status === 204))
      return ConnectionHolders.of(port, await Promise.all(all.map((one) => one.port)), server.pids).includes(undefined)
    }
    for (const end = Date.now() + 60_000; !(await isServed());) assert.isBelow(Date.now(), end, "a new process serves")
    assert.strictEqual((await server.stop("SIGTERM")).code, 0)
  })
})
