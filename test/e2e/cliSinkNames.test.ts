/**
 * Queues of one name, in two regions or at two servers: they are told apart by names that are given, or refused before
 * anything is sent.
 */
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs"
import { type FauxqsServer, startFauxqs } from "fauxqs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { TOKEN } from "../support/AdminClient.ts"
import * as CommandLine from "../support/CommandLine.ts"
import * as SqsServer from "../support/SqsServer.ts"

const QUEUE = "turnout.fifo"
const ENTRIES = 200
const environment = { AWS_REGION: "us-east-1" }

/** Two servers; the first has the queue in two regions. */
const servers: Array<FauxqsServer> = []
beforeAll(async () => {
  for (let server = 0; server < 2; server++) servers.push(await startFauxqs({ port: 0, logger: false }))
})
afterAll(() => Promise.all(servers.map((server) => server.stop())))

const create = (server: FauxqsServer, name: string, region = "us-east-1") => {
  const { queueUrl } = server.createQueue(name, { region, attributes: { FifoQueue: "true" } })
  const url = `http://127.0.0.1:${server.port}${new URL(queueUrl).pathname}`
  const entries = () =>
    server
      .inspectQueue(name)!
      .messages.ready.map(({ body }) => (JSON.parse(body) as { readonly version: number }).version)
  /** How many there are in this region. */
  const count = async () => {
    const client = new SQSClient({ ...SqsServer.ACCOUNT, region, endpoint: `http://127.0.0.1:${server.port}` })
    const asked = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["ApproximateNumberOfMessages"] })
    const { Attributes } = await client.send(asked).finally(() => client.destroy())
    return Number(Attributes?.["ApproximateNumberOfMessages"])
  }
  return { queueUrl, url, entries, count }
}

/** A database with an event of so many entries. */
const given = async () => {
  const turnout = await CommandLine.onPostgres()
  const emails = CommandLine.upTo(ENTRIES - 2).map((n) => `person-${n}@example.com\n`)
  const file = turnout.write("people.csv", `email\n${emails.join("")}`)
  await turnout.json("import", file, "--title", "Party", "--capacity", "1000")
  return turnout
}

const sinksOf = async (turnout: CommandLine.CommandLine) => {
  const rows = await CommandLine.sql(turnout.database!, "SELECT name FROM turnout.sinks ORDER BY name")
  return rows.map((row) => (row as { readonly name: string }).name)
}

const stop = async (running: CommandLine.Running) => {
  running.process.kill("SIGTERM")
  return await running.ended
}

describe("queues of one name", { timeout: 180_000 }, () => {
  it.concurrent("at two servers: each is given everything, under the name that it was given", async () => {
    await using turnout = await given()
    const [one, other] = servers.map((server) => create(server, QUEUE))
    const relay = turnout.start(["relay", "--sqs", one!.url, "--sqs", `eu-2.b_x=${other!.url}`], environment)
    const isDone = () => one!.entries().length >= ENTRIES && other!.entries().length >= ENTRIES
    await CommandLine.until(isDone, "both queues")
    assert.include(relay.printed.stderr, `relaying to ${one!.url}, eu-2.b_x (${other!.url})`)
    assert.strictEqual((await stop(relay)).code, 0)
    for (const queue of [one!, other!]) assert.deepStrictEqual(queue.entries(), CommandLine.upTo(ENTRIES))
    assert.deepStrictEqual(await sinksOf(turnout), ["eu-2.b_x", `sqs:${QUEUE}`])
  })

  it.concurrent("in two regions: each request goes to the region of its queue, by turnout serve as well", async () => {
    await using turnout = await given()
    const regions = ["us-east-1", "eu-central-1"]
    const [one, other] = regions.map((region) => create(servers[0]!, "regions.fifo", region))
    const args = [`us=${one!.queueUrl}`, `eu=${other!.queueUrl}`].flatMap((queue) => ["--sqs", queue])
    const endpoint = ["--sqs-endpoint", `http://127.0.0.1:${servers[0]!.port}`]
    const serving = turnout.start(["serve", "--port", "0", ...args, ...endpoint], environment)
    const counts = async () => [await one!.count(), await other!.count()]
    for (let attempt = 0; (await counts()).some((count) => count < ENTRIES); attempt++) {
      assert.isBelow(attempt, 600, "both queues are given everything")
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.strictEqual((await stop(serving)).code, 0)
    assert.deepStrictEqual(
      [await counts(), await sinksOf(turnout)],
      [
        [ENTRIES, ENTRIES],
        ["eu", "us"]
      ]
    )
  })

  it.concurrent("without names: wrong usage, with both queues and the way out, and nothing is sent", async () => {
    await using turnout = await given()
    const [one, other] = servers.map((server) => create(server, "refused.fifo"))
    for (const command of [["relay"], ["relay", "--json"], ["serve", "--port", "0"]]) {
      const { code, stderr, stdout } = await turnout.run(...command, "--sqs", one!.url, "--sqs", other!.url)
      const document = command.includes("--json") ? (JSON.parse(stdout) as { error: { _tag: string } }) : undefined
      assert.deepStrictEqual([code, document?.error._tag ?? stdout], [2, document === undefined ? "" : "WrongUsage"])
      for (const told of ['"sqs:refused.fifo"', one!.url, other!.url, "name=URL"]) assert.include(stderr, told)
    }
    assert.deepStrictEqual([one!.entries(), other!.entries(), await sinksOf(turnout)], [[], [], []])
  })

  const A = "http://127.0.0.1:1/000000000000/a.fifo"
  const B = "http://127.0.0.1:1/000000000000/b.fifo"
  const REFUSED: ReadonlyArray<readonly [what: string, sqs: ReadonlyArray<string>, says: string]> = [
    ["one name for two queues", [`x=${A}`, `x=${B}`], 'two sinks have the name "x"'],
    ["the default name of one for the other", [A, "http://127.0.0.2:1/1/a.fifo"], 'the name "sqs:a.fifo"'],
    ["one queue twice", [A, A], `two sinks lead to ${A}`],
    ["one queue twice under two names", [`x=${A}`, `y=${A}`], `two sinks lead to ${A}`],
    ["one queue, written in two ways", [A, "HTTP://127.0.0.1:1/000000000000/%61.fifo"], `two sinks lead to ${A}`],
    ["the name of another kind", [`stdout=${A}`], "stdout"],
    ["the name of a webhook", [`webhook:1=${A}`], '"webhook:1"'],
    ["the name of a projection", [`projection:sales=${A}`], '"projection:sales"'],
    ["no name", [`=${A}`], '""'],
    ["a name that is none", [`a b=${A}`], '"a b"'],
    ["dots for a name", [`..=${A}`], '".."']
  ]
  for (const [what, sqs, says] of REFUSED) {
    it.concurrent(`${what} is wrong usage`, async () => {
      await using turnout = await CommandLine.embedded()
      const { code, stderr, stdout } = await turnout.run("relay", ...sqs.flatMap((queue) => ["--sqs", queue]))
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.include(stderr, says)
    })
  }

  it.concurrent("no queue at all is wrong usage", async () => {
    await using turnout = await CommandLine.embedded()
    for (const args of [["--sqs"], ["--stdout", "--sqs"]])
      assert.strictEqual((await turnout.run("relay", ...args)).code, 2)
  })

  it.concurrent("an = within a URL is no name", async () => {
    await using turnout = await CommandLine.onPostgres()
    for (const url of ["https://127.0.0.1/?a=https://b", "queue=a"]) {
      const { code, stderr } = await turnout.run("relay", "--sqs", url)
      assert.deepStrictEqual([code, stderr.includes("must be the URL of a queue")], [2, true], stderr)
    }
  })
})

describe("dead-letter queues of one name", { timeout: 180_000 }, () => {
  it.concurrent("are told apart by the names that they are given", async () => {
    await using turnout = await CommandLine.onPostgres()
    const [one, other] = servers.map((server) => ({
      dead: create(server, "dead.fifo").url,
      live: create(server, "live.fifo").url
    }))
    const admin = ["serve", "--port", "0", "--admin-token", TOKEN]
    const refused = await turnout.run(...admin, "--dlq", one!.dead, one!.live, other!.dead, other!.live)
    assert.deepStrictEqual([refused.code, refused.stdout], [2, ""])
    for (const told of [one!.dead, other!.dead, "name=URL"]) assert.include(refused.stderr, told)
    const server = await turnout.serve(
      "--admin-token",
      TOKEN,
      "--sqs-region",
      "us-east-1",
      "--dlq",
      one!.dead,
      one!.live,
      `eu=${other!.dead}`,
      other!.live
    )
    const reply = await fetch(`${server.url}/admin/dead-letters`, { headers: { authorization: `Bearer ${TOKEN}` } })
    assert.deepStrictEqual(await reply.json(), {
      items: [
        { name: "dead.fifo", to: "live.fifo" },
        { name: "eu", to: "live.fifo" }
      ]
    })
    servers[1]!.sendMessage("dead.fifo", "hello", { messageGroupId: "a", messageDeduplicationId: "1" })
    const moved = await fetch(`${server.url}/admin/dead-letters/eu/redrive`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: "{}"
    })
    assert.deepStrictEqual(await moved.json(), { moved: 1, isMore: false })
    assert.strictEqual(servers[1]!.inspectQueue("live.fifo")!.messages.ready.length, 1)
    await server.stop("SIGTERM")
  })

  it.concurrent("are not moved to themselves", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { url } = create(servers[0]!, "itself.fifo")
    servers[0]!.sendMessage("itself.fifo", "hello", { messageGroupId: "a", messageDeduplicationId: "1" })
    const { code, stderr } = await turnout.run("dlq", "redrive", "--sqs", url, "--to", url, "--sqs-region", "us-east-1")
    assert.deepStrictEqual([code, stderr.includes("error: --to must be another queue")], [2, true], stderr)
  })
})
