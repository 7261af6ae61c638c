/**
 * A server of several processes, as far as it is shown in a moment: that it serves, and from where, and when it does not. What happens when
 * processes end, stop or are signalled is in `test/long/serveProcesses.test.ts`.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

interface Announced {
  readonly address: string
  readonly metrics: ReadonlyArray<string>
  readonly processes: number
  readonly pids: ReadonlyArray<number>
}

describe("turnout serve --processes", { timeout: 180_000 }, () => {
  it("serves one port from so many processes, each with metrics of its own, and stops them all", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await turnout.serve("--json", "--processes", "2", "--metrics-port", "0")
    const { address, metrics, pids, processes } = JSON.parse(server.printed.stdout) as Announced
    assert.deepStrictEqual([processes, new Set(pids).size, new Set(metrics).size], [2, 2, 2])
    const answers = await Promise.all(CommandLine.upTo(12).map(() => fetch(`${address}/health/ready`)))
    assert.isTrue(answers.every(({ status }) => status === 200))
    const counts = await Promise.all(metrics.map(async (one) => (await fetch(one)).text()))
    for (const text of counts) assert.match(text, /^http_server_requests_in_flight \d+$/m)
    assert.strictEqual((await server.stop("SIGTERM")).code, 0)
    for (const pid of pids) assert.throws(() => process.kill(pid, 0))
  })

  it("needs a server for its data", async () => {
    await using turnout = await CommandLine.embedded()
    const { code, stderr } = await turnout.run("serve", "--port", "0", "--processes", "2")
    assert.strictEqual(code, 2)
    assert.include(stderr, "--processes needs a Postgres server")
  })
})
