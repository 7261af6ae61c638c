/**
 * The metrics of processes as Prometheus reads them: of servers, relays and consumers, on a port of their own.
 */
import { createServer, type Server } from "node:net"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as Promtool from "../support/Promtool.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

const DEFAULT_PORT = 9464

/** As on a machine on which nothing is set about metrics. */
const UNSET = { TURNOUT_METRICS_PORT: undefined }

const post = (url: string, key: string, body?: unknown) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })

const read = async (url: string): Promise<string> => {
  const answer = await fetch(url)
  assert.strictEqual(answer.status, 200)
  return answer.text()
}

/** The address of the metrics in the lines that a command begins with. */
const metricsIn = (lines: string): string => {
  const url = / {2}Metrics +(http:\S+\/metrics)\n/.exec(lines)?.[1]
  if (url === undefined) throw new Error(`no address of metrics: ${lines}`)
  return url
}

/** Takes a port; `undefined` if it is taken already. */
const take = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(undefined))
    server.listen(port, "127.0.0.1", () => resolve(server))
  })

describe("the metrics of turnout serve", { timeout: 120_000 }, () => {
  it.concurrent(
    "are at an address that it prints, and have what it has done, in a text that promtool takes",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const { printed, stop, url } = await turnout.serve("--sales")
      const metrics = metricsIn(printed.stdout)
      const created = await post(`${url}/events`, "create", Given.eventInput())
      const { id } = (await created.json()) as { id: string }
      const before = await read(metrics)
      assert.strictEqual((await post(`${url}/events/${id}/publish`, "publish")).status, 200)
      const text = await read(metrics)
      assert.deepStrictEqual(Promtool.check(text), { code: 0, says: "" })
      const grown = (series: string) => Promtool.valueOf(text, series) - Promtool.valueOf(before, series)
      assert.strictEqual(grown("turnout_lane_commit_seconds_count"), 1)
      assert.strictEqual(grown("turnout_lane_batch_size_sum"), 1)
      assert.isAbove(grown("turnout_lane_commit_seconds_sum"), 0)
      assert.isBelow(grown("turnout_lane_commit_seconds_sum"), 10, "it is in seconds")
      assert.match(text, /^turnout_build_info\{version="\d+\.\d+\.\d+"\} 1$/m)
      for (const name of ["process_open_fds", "nodejs_eventloop_lag_p99_seconds", "turnout_store_clock_offset_seconds"])
        assert.isFalse(Number.isNaN(Promtool.valueOf(text, name)), name)
      await until(async () => Promtool.valueOf(await read(metrics), DELIVERED) === 2, "the deliveries of the relay")
      const end = await stop("SIGTERM")
      assert.strictEqual(end.code, 0, end.stderr)
      await refused(metrics)
    }
  )

  it.concurrent("are nowhere else: not at the address of the API, and the API not at theirs", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { printed, url } = await turnout.serve()
    const metrics = metricsIn(printed.stdout)
    assert.strictEqual((await fetch(`${url}/metrics`)).status, 404)
    assert.strictEqual((await fetch(new URL("/events", metrics))).status, 404)
    assert.strictEqual((await fetch(metrics, { method: "HEAD" })).status, 200)
  })

  it.concurrent("are on the port and the host of the options, and in the document of --json", async () => {
    await using turnout = await CommandLine.onPostgres()
    const start = async (...args: ReadonlyArray<string>) => {
      const running = turnout.start(["serve", "--port", "0", "--json", ...args])
      await CommandLine.until(() => running.printed.stdout.endsWith("\n"), "the address of the server")
      return JSON.parse(running.printed.stdout) as { readonly metrics: string | null }
    }
    const { metrics } = await start("--metrics-host", "127.0.0.2")
    assert.match(metrics!, /^http:\/\/127\.0\.0\.2:\d+\/metrics$/)
    await read(metrics!)
    const fixed = await take(0)
    const { port } = fixed!.address() as { port: number }
    await new Promise((resolve) => fixed!.close(resolve))
    assert.strictEqual((await start("--metrics-port", String(port))).metrics, `http://127.0.0.1:${port}/metrics`)
    assert.isNull((await start("--no-metrics")).metrics)
  })

  it.concurrent("are left out of the second of two servers on a machine, which says how it gets some", async () => {
    await using turnout = await CommandLine.onPostgres()
    const holder = await take(DEFAULT_PORT)
    try {
      const running = turnout.start(["serve", "--port", "0", "--no-open", "--json"], UNSET)
      await CommandLine.until(() => running.printed.stdout.endsWith("\n"), "the address of the server")
      const { address, metrics } = JSON.parse(running.printed.stdout) as { address: string; metrics: unknown }
      assert.isNull(metrics)
      assert.strictEqual((await fetch(`${address}/health/live`)).status, 204)
      const warning = JSON.parse(running.printed.stderr.split("\n")[0]!) as { level: string; message: string }
      assert.strictEqual(warning.level, "WARN")
      assert.include(warning.message, "port 9464 of 127.0.0.1 is taken")
      assert.include(warning.message, "--metrics-port chooses another port")
    } finally {
      await new Promise((resolve) => (holder === undefined ? resolve(undefined) : holder.close(resolve)))
    }
  })

  it.concurrent("are wrong usage on a port that was asked for and cannot be had", async () => {
    await using turnout = await CommandLine.onPostgres()
    const holder = await take(0)
    const port = String((holder!.address() as { port: number }).port)
    try {
      const byFlag = await turnout.run("serve", "--port", "0", "--metrics-port", port)
      assert.deepStrictEqual([byFlag.code, byFlag.stdout], [2, ""])
      assert.include(byFlag.stderr, `cannot serve the metrics on 127.0.0.1:${port}`)
      assert.include(byFlag.stderr, "--no-metrics")
      const byVariable = await turnout.start(["relay", "--sales"], { TURNOUT_METRICS_PORT: port }).ended
      assert.strictEqual(byVariable.code, 2, byVariable.stderr)
      const nowhere = await turnout.run("serve", "--port", "0", "--metrics-host", "192.0.2.1")
      assert.strictEqual(nowhere.code, 2, nowhere.stderr)
    } finally {
      await new Promise((resolve) => holder!.close(resolve))
    }
  })
})

describe("the metrics of", { timeout: 120_000 }, () => {
  it.concurrent("turnout relay are at an address that it prints", async () => {
    await using turnout = await CommandLine.onPostgres()
    const people = turnout.write("people.csv", "email\nada@example.com\n")
    await turnout.json("import", people, "--title", "Party", "--capacity", "10")
    const relay = turnout.start(["relay", "--sales"])
    await CommandLine.until(() => relay.printed.stderr.includes("Ctrl-C stops it."), "the relay")
    const metrics = metricsIn(relay.printed.stderr)
    await until(async () => Promtool.valueOf(await read(metrics), DELIVERED) === 3, "the deliveries")
    assert.deepStrictEqual(Promtool.check(await read(metrics)), { code: 0, says: "" })
  })

  it.concurrent("turnout worker are at an address that it prints", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { queueUrl } = sqs.queues().createQueue("metrics.fifo", { attributes: { FifoQueue: "true" } })
    const handlers = turnout.write("handlers.mjs", "export default { EventCreated: () => {} }")
    const args = ["worker", "--sqs", queueUrl, ...sqs.options(), "--consumer", "mails", "--handlers", handlers]
    const worker = turnout.start(args)
    await CommandLine.until(() => worker.printed.stdout.includes("Ctrl-C stops it."), "the worker")
    const text = await read(metricsIn(worker.printed.stdout))
    assert.deepStrictEqual(Promtool.check(text), { code: 0, says: "" })
    assert.match(text, /^process_open_fds \d+$/m)
  })
})

const DELIVERED = 'turnout_relay_deliveries_total{sink="projection:sales"}'

const until = async (holds: () => Promise<boolean>, what: string): Promise<void> => {
  for (const end = Date.now() + 30_000; !(await holds());) {
    if (Date.now() > end) throw new Error(`waited 30 seconds for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Nobody listens at an address any more. */
const refused = async (url: string): Promise<void> => {
  const error = await fetch(url).then(
    () => undefined,
    (error: Error) => error.cause as NodeJS.ErrnoException
  )
  assert.strictEqual(error?.code, "ECONNREFUSED")
}
