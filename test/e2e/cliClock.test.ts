/**
 * The command line on a machine whose clock is set while it runs.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

const preload = new URL("../support/settableDate.mjs", import.meta.url).href

describe("turnout relay, its clock set back by a minute", { timeout: 120_000 }, () => {
  it("O2: goes on delivering at once, and says what has happened", async () => {
    await using turnout = await CommandLine.onPostgres()
    const emails = (from: number, to: number) =>
      CommandLine.upTo(to)
        .slice(from - 1)
        .map((n) => `person-${n}@example.com\n`)
        .join("")
    const file = turnout.write("party.csv", `email\n${emails(1, 3)}`)
    const { eventId } = (await turnout.json("import", file, "--title", "Party", "--capacity", "1000")).document
    const relay = turnout.start(["relay", "--stdout", "mail"], { NODE_OPTIONS: `--import ${preload}` })
    const lines = () => relay.printed.stdout.split("\n").length - 1
    await CommandLine.until(() => lines() === 5, "the first messages")
    relay.process.kill("SIGUSR2")
    await CommandLine.until(
      () => /set back by (59|60)\.\d seconds/.test(relay.printed.stderr),
      "the line about the clock"
    )
    const more = turnout.write("more.csv", `email\n${emails(4, 6)}`)
    await turnout.json("import", more, "--event", eventId)
    const committedAt = performance.now()
    await CommandLine.until(() => lines() === 8, "the next messages")
    assert.isBelow(performance.now() - committedAt, 5_000)
    relay.process.kill("SIGTERM")
    const { code, stderr } = await relay.ended
    assert.deepStrictEqual([code, stderr.match(/the wall clock was set/g)?.length], [0, 1])
  })
})

describe("turnout serve, its clock set back by a minute", { timeout: 120_000 }, () => {
  it("R7: decides by the clock of the database, stays ready, and tells the difference", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = turnout.start(["serve", "--port", "0", "--open"], { NODE_OPTIONS: `--import ${preload}` })
    await CommandLine.until(() => server.printed.stdout.endsWith("\n"), "the address of the server")
    const url = /http:\/\/[\d.]+:\d+/.exec(server.printed.stdout)![0]
    const offset = async () => {
      const { headers, status } = await fetch(`${url}/health/ready`)
      assert.strictEqual(status, 200)
      return Number(headers.get("store-clock-offset"))
    }
    const create = async (title: string) => {
      const answer = await fetch(`${url}/events`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": title },
        body: JSON.stringify(Given.eventInput({ title }))
      })
      return Date.parse(((await answer.json()) as { createdAt: string }).createdAt)
    }
    assert.closeTo(await offset(), 0, 2_000)
    assert.closeTo(await create("Before"), Date.now(), 5_000)
    server.process.kill("SIGUSR2")
    const isSet = async () => Math.abs((await offset()) - 60_000) < 2_000
    for (let tries = 0; !(await isSet()); tries++) assert.isBelow(tries, 1_000)
    assert.closeTo(await create("After"), Date.now(), 5_000)
    const line = /the clock of this process is (59|60)\.\d seconds behind that of the store/
    await CommandLine.until(() => line.test(server.printed.stderr), "the line about the clock")
    server.process.kill("SIGTERM")
    assert.strictEqual((await server.ended).code, 0)
  })
})
