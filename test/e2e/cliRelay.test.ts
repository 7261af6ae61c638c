/**
 * `turnout relay`, and `turnout serve` with a queue: processes that deliver, share, stop, and are killed.
 */
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

const inQueue = (name: string) => sqs.queues().inspectQueue(name)!.messages.ready.length

/** An event with so many people. */
const event = async (turnout: CommandLine.CommandLine, title: string, people: number) => {
  const emails = CommandLine.upTo(people).map((n) => `person-${n}@example.com\n`)
  const file = turnout.write(`${title}.csv`, `email\n${emails.join("")}`)
  return (await turnout.json("import", file, "--title", title, "--capacity", "1000")).document.eventId
}

interface Printed {
  readonly eventId: string
  readonly version: number
  readonly type: string
}

const messagesOf = (stdout: string): ReadonlyArray<Printed> =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Printed)

const stop = async (running: CommandLine.Running, signal: NodeJS.Signals = "SIGTERM") => {
  running.process.kill(signal)
  return await running.ended
}

describe("turnout relay", { timeout: 180_000 }, () => {
  it.concurrent("prints messages, goes on where it was, and gives its leases back when it is stopped", async () => {
    await using turnout = await CommandLine.onPostgres()
    const first = await event(turnout, "First", 3)
    const relay = turnout.start(["relay", "--stdout", "mail"])
    await CommandLine.until(() => messagesOf(relay.printed.stdout).length >= 5, "the messages")
    const ended = await stop(relay)
    assert.deepStrictEqual([ended.code, ended.stderr.includes("relaying to stdout:mail")], [0, true])
    assert.deepStrictEqual(
      messagesOf(ended.stdout).map(({ eventId, type, version }) => [eventId, version, type]),
      [
        [first, 1, "EventCreated"],
        [first, 2, "EventPublished"],
        [first, 3, "AttendeeRegistered"],
        [first, 4, "AttendeeRegistered"],
        [first, 5, "AttendeeRegistered"]
      ]
    )
    const held = "SELECT 1 FROM turnout.outbox_slots WHERE owner IS NOT NULL"
    assert.deepStrictEqual(await CommandLine.sql(turnout.database!, held), [])

    const second = await event(turnout, "Second", 1)
    const again = turnout.start(["relay", "--stdout", "mail"])
    await CommandLine.until(() => messagesOf(again.printed.stdout).length >= 3, "the new messages")
    const { stdout } = await stop(again, "SIGINT")
    assert.deepStrictEqual(
      messagesOf(stdout).map(({ eventId, version }) => [eventId, version]),
      [1, 2, 3].map((version) => [second, version])
    )
  })

  it.concurrent("L2, O2: is replaced once its lease has run out, if it is killed", async () => {
    await using turnout = await CommandLine.onPostgres()
    const relays = ["one", "two"].map((owner) =>
      turnout.start(["relay", "--stdout", "mail", "--owner", owner, "--lease-ttl", "2000"])
    )
    const shares = async () => {
      const rows = await CommandLine.sql(
        turnout.database!,
        "SELECT owner, count(*)::int AS count FROM turnout.outbox_slots WHERE owner IS NOT NULL GROUP BY 1 ORDER BY 1"
      ).catch(() => [])
      return rows.map((row) => Object.values(row as object).join(" "))
    }
    for (let attempt = 0; (await shares()).join() !== "one 32,two 32"; attempt++) {
      assert.isBelow(attempt, 500, "the slots are shared")
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await stop(relays[0]!, "SIGKILL")
    const killedAt = Date.now()
    for (let attempt = 0; (await shares()).join() !== "two 64"; attempt++) {
      assert.isBelow(attempt, 500, "the slots are taken over")
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.isBelow(Date.now() - killedAt, 3_000, "within the time of the lease and a second")
    const id = await event(turnout, "Party", 20)
    await CommandLine.until(() => messagesOf(relays[1]!.printed.stdout).length >= 22, "the messages")
    assert.deepStrictEqual(
      messagesOf(relays[1]!.printed.stdout).map(({ eventId, version }) => [eventId, version]),
      CommandLine.upTo(22).map((version) => [id, version])
    )
  })

  it.concurrent.each(["SIGTERM", "SIGKILL"] as const)(
    "prints messages without a sink, and leaves nothing behind when it ends by %s",
    async (signal) => {
      await using turnout = await CommandLine.onPostgres()
      const first = await event(turnout, "First", 1)
      const looks = [turnout.start(["relay", "--stdout"]), turnout.start(["relay", "--stdout"])]
      const [one, other] = looks.map(
        ({ printed }) =>
          () =>
            messagesOf(printed.stdout)
      )
      await CommandLine.until(() => one!().length === 3 && other!().length === 3, "all messages, for each of both")
      const second = await event(turnout, "Second", 1)
      await CommandLine.until(() => one!().length === 6 && other!().length === 6, "the next messages")
      assert.deepStrictEqual(
        one!().map(({ eventId, version }) => [eventId, version]),
        [first, second].flatMap((id) => [1, 2, 3].map((version) => [id, version]))
      )
      assert.deepStrictEqual(
        one!().map((message) => Object.keys(message)),
        one!().map(() => ["id", "eventId", "version", "type", "schemaVersion", "payload", "metadata", "occurredAt"])
      )
      const ended = await Promise.all(looks.map((look) => stop(look, signal)))
      assert.isTrue(ended.every(({ stderr }) => stderr.includes("relaying to stdout")))
      for (const table of ["sinks", "outbox_slots", "outbox_positions", "outbox_workers"])
        assert.deepStrictEqual(await CommandLine.sql(turnout.database!, `SELECT * FROM turnout.${table}`), [], table)
      await CommandLine.sql(turnout.database!, "UPDATE turnout.journal SET occurred_at = now() - interval '2 hours'")
      const pruned = await turnout.json("outbox", "prune", "--before", "2999-01-01")
      assert.deepInclude(pruned.document as object, { deleted: 6, oldest: null, keepers: [] })
    }
  )

  it.concurrent("begins a look without a sink where it is told to", async () => {
    await using turnout = await CommandLine.onPostgres()
    await event(turnout, "First", 1)
    const look = turnout.start(["relay", "--stdout", "--start-from", "now"])
    await CommandLine.until(() => look.printed.stderr.includes("relaying to stdout"), "the beginning")
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const second = await event(turnout, "Second", 1)
    await CommandLine.until(() => messagesOf(look.printed.stdout).length === 3, "the messages")
    assert.isTrue(messagesOf(look.printed.stdout).every(({ eventId }) => eventId === second))
    assert.strictEqual((await stop(look)).code, 0)
  })

  it.concurrent("says what to do if it is not told where to", async () => {
    await using turnout = await CommandLine.onPostgres()
    const none = await turnout.run("relay")
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "--sqs with the URL of a queue")
    const wrong = await turnout.run("relay", "--sqs", "queue")
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.stderr, "must be the URL of a queue")
    assert.strictEqual((await turnout.run("relay", "--stdout", "--lease-ttl", "1")).code, 2)
    for (const name of ["", " ", "a b", "a:b", "-"])
      assert.strictEqual((await turnout.run("relay", `--stdout=${name}`)).code, 2, name)
  })
})

describe("turnout serve with a queue", { timeout: 180_000 }, () => {
  const environment = { AWS_REGION: "us-east-1" }

  it.concurrent("delivers what it commits, unless that is left to others", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { queueUrl } = sqs.queues().createQueue("serve.fifo", { attributes: { FifoQueue: "true" } })
    const to = ["--sqs", queueUrl, "--sqs-endpoint", sqs.endpoint()]
    const started = async (...args: ReadonlyArray<string>) => {
      const running = turnout.start(["serve", "--port", "0", "--open", ...to, ...args], environment)
      await CommandLine.until(() => running.printed.stdout.endsWith("\n"), "the address")
      return { running, url: /http:\/\/[\d.]+:\d+/.exec(running.printed.stdout)![0] }
    }
    const create = async (url: string) => {
      const response = await fetch(`${url}/events`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
        body: JSON.stringify({
          title: "Party",
          organizer: "Ada",
          capacity: 2,
          startsAt: "2099-05-01T18:00:00Z",
          endsAt: "2099-05-01T23:00:00Z",
          timeZone: "Europe/Berlin"
        })
      })
      return ((await response.json()) as { id: string }).id
    }

    const silent = await started("--no-relay")
    const first = await create(silent.url)
    await stop(silent.running)
    assert.strictEqual(inQueue("serve.fifo"), 0)

    const server = await started()
    await CommandLine.until(() => inQueue("serve.fifo") === 1, "the message of the first event")
    const second = await create(server.url)
    await CommandLine.until(() => inQueue("serve.fifo") === 2, "the message of the second event")
    const ended = await stop(server.running)
    assert.strictEqual(ended.code, 0)
    const client = new SQSClient(sqs.access())
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 })
    )
    client.destroy()
    assert.deepStrictEqual(
      Messages.map(({ Body }) => (JSON.parse(Body!) as Printed).eventId),
      [first, second]
    )
  })
})
