/**
 * `turnout serve`, `relay` and `worker` as processes, on a database that takes no writes for a while; and what commands say
 * of one that lets nobody in.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

const HANDLERS = `
const note = async (event, { message, sql }) => {
  await new Promise((resolve) => setTimeout(resolve, 200))
  try {
    await sql("INSERT INTO told (version) VALUES ($1)", [message.version])
  } catch {
    throw new Error("could not be noted")
  }
}
export default { EventPublished: note, EventCreated: note, AttendeeRegistered: note }
`

const WORDS = /SQLSTATE 25006: .*read-only transaction/
const SECONDS = 8

const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe("a database that takes no writes", { timeout: 180_000 }, () => {
  it.concurrent("is told of once a second by each process, which go on afterwards as if nothing had been", async () => {
    await using turnout = await CommandLine.onPostgres()
    const url = turnout.database!
    const name = new URL(url).pathname.slice(1)
    const dead = sqs.queues().createQueue("refusals-dead.fifo", { attributes: { FifoQueue: "true" } })
    const redrive = { deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:refusals-dead.fifo", maxReceiveCount: 2 }
    const { queueUrl } = sqs.queues().createQueue("refusals.fifo", {
      attributes: { FifoQueue: "true", VisibilityTimeout: "2", RedrivePolicy: JSON.stringify(redrive) }
    })
    assert.isDefined(dead)
    turnout.write("handlers.mjs", HANDLERS)
    const server = await turnout.serve("--no-relay")
    await CommandLine.sql(url, "CREATE TABLE told (n serial PRIMARY KEY, version bigint)")
    const worker = turnout.start([
      "worker",
      "--sqs",
      queueUrl,
      "--handlers",
      "handlers.mjs",
      "--consumer",
      "noting",
      ...sqs.options()
    ])
    const relay = turnout.start(["relay", "--sqs", queueUrl, ...sqs.options()])
    const post = async (path: string, body: unknown, key: string) => {
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(body)
      })
      const text = await response.text()
      return { status: response.status, retryAfter: response.headers.get("retry-after"), text }
    }
    const created = await post(
      "/events",
      {
        title: "Party",
        organizer: "me",
        capacity: 1_000,
        startsAt: "2030-05-01T18:00:00Z",
        endsAt: "2030-05-01T23:00:00Z",
        timeZone: "Europe/Berlin"
      },
      "event"
    )
    const { id } = JSON.parse(created.text) as { id: string }
    await post(`/events/${id}/publish`, {}, "publish")
    const register = (n: number) =>
      post(`/events/${id}/registrations`, { attendee: { email: CommandLine.email(n) } }, `person ${n}`)
    const told = async () =>
      ((await CommandLine.sql(url, "SELECT version::integer FROM told ORDER BY n")) as Array<{ version: number }>).map(
        ({ version }) => version
      )
    for (const n of CommandLine.upTo(20)) assert.strictEqual((await register(n)).status, 201)

    // In the middle of its messages.
    for (let tries = 0; tries < 600 && (await told()).length < 3; tries++) await wait(50)
    const disconnect = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = '${name}' AND pid <> pg_backend_pid()`
    await CommandLine.sql(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`, disconnect)
    const began = Date.now()
    const refused = []
    while (Date.now() - began < SECONDS * 1_000) {
      assert.strictEqual((await fetch(`${server.url}/health/ready`)).status, 503)
      refused.push(await register(21))
      await wait(100)
    }
    for (const { retryAfter, status, text } of refused) {
      assert.strictEqual(status, 503, text)
      assert.isNotNull(retryAfter)
      assert.notMatch(text, WORDS)
    }
    await CommandLine.sql(
      url,
      "SET default_transaction_read_only = off",
      `ALTER DATABASE ${name} RESET default_transaction_read_only`
    )
    for (const { printed } of [server, relay, worker]) {
      const lines = printed.stderr.split("\n").filter((line) => WORDS.test(line))
      assert.isNotEmpty(lines, printed.stderr)
      assert.isAtMost(lines.length, SECONDS + 2, printed.stderr)
    }

    for (let tries = 0; tries < 100 && (await fetch(`${server.url}/health/ready`)).status !== 200; tries++)
      await wait(50)
    for (const n of CommandLine.upTo(22)) assert.strictEqual((await register(n)).status, 201)
    for (let tries = 0; tries < 400 && (await told()).length < 24; tries++) await wait(100)
    assert.deepStrictEqual(await told(), CommandLine.upTo(24))
    const { messages } = sqs.queues().inspectQueue("refusals-dead.fifo")!
    assert.deepStrictEqual([messages.ready.length, messages.inflight.length], [0, 0])
    for (const { ended, process } of [worker, relay]) {
      process.kill("SIGTERM")
      assert.strictEqual((await ended).code, 0)
    }
    assert.strictEqual((await server.stop("SIGTERM")).code, 0)
  })

  it.concurrent("says why, in the words of the server, to whoever runs a command on it", async () => {
    await using turnout = await CommandLine.onPostgres()
    const missing = new URL(turnout.database!)
    missing.pathname = "/turnout_that_is_not_there"
    const stranger = new URL(turnout.database!)
    stranger.username = "turnout_stranger"
    const nobody = new URL(turnout.database!)
    nobody.port = "1"
    for (const [url, words] of [
      [missing, /SQLSTATE 3D000: .*"turnout_that_is_not_there" does not exist/],
      [stranger, /SQLSTATE 28000: .*role "turnout_stranger" does not exist/],
      [nobody, /ECONNREFUSED/]
    ] as const) {
      const { code, document, stderr } = await turnout.json("--database", url.href, "events", "list")
      assert.deepStrictEqual([code, document.error._tag], [1, "Unavailable"])
      assert.match(stderr, words)
      assert.match(document.error.message, words)
    }
  })
})
