/**
 * `turnout sweep`: what processes delete now and then, at once.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

describe("turnout sweep", { timeout: 180_000 }, () => {
  const given = async () => {
    const turnout = await CommandLine.onPostgres()
    const file = turnout.write("people.csv", "email\nada@example.com\nbob@example.com\n")
    await turnout.json("import", file, "--title", "Party", "--capacity", "2")
    await CommandLine.sql(
      turnout.database!,
      "INSERT INTO turnout.inbox SELECT c, m, now() - interval '40 days' FROM (VALUES ('mail', 'a'), ('mail', 'b'), ('sales', 'a')) AS t(c, m)"
    )
    return turnout
  }
  const left = async (turnout: CommandLine.CommandLine) => {
    const rows = await CommandLine.sql(
      turnout.database!,
      "SELECT (SELECT count(*)::integer FROM turnout.idempotency) AS keys, (SELECT count(*)::integer FROM turnout.inbox) AS inbox"
    )
    return rows[0] as { readonly keys: number; readonly inbox: number }
  }
  const DAY = 86_400_000

  it.concurrent("deletes what expired more than two hours ago, and nothing else", async () => {
    await using turnout = await given()
    const { keys } = await left(turnout)
    assert.isAtLeast(keys, 2)
    assert.deepStrictEqual((await turnout.json("sweep")).document as object, { idempotency: 0 })
    await CommandLine.sql(
      turnout.database!,
      "UPDATE turnout.idempotency SET expires_at = now() - interval '3 hours' WHERE key = (SELECT min(key) FROM turnout.idempotency)"
    )
    const { code, stdout } = await turnout.run("sweep")
    assert.deepStrictEqual([code, stdout], [0, "1 expired idempotency records are deleted.\n"])
    assert.deepStrictEqual(await left(turnout), { keys: keys - 1, inbox: 3 })
  })

  it.concurrent("deletes old records of the inbox, of a consumer or of all, if it is told how old", async () => {
    await using turnout = await given()
    const sweep = async (...args: ReadonlyArray<string>) => (await turnout.json("sweep", ...args)).document as object
    assert.deepStrictEqual(await sweep("--inbox-ttl", String(41 * DAY)), { idempotency: 0, inbox: 0 })
    assert.deepStrictEqual(await sweep("--inbox-ttl", String(39 * DAY), "--consumer", "mail"), {
      idempotency: 0,
      inbox: 2
    })
    const words = await turnout.run("sweep", "--inbox-ttl", String(39 * DAY))
    assert.include(words.stdout, "1 old records of the inbox are deleted.")
    assert.strictEqual((await left(turnout)).inbox, 0)
  })

  it.concurrent("refuses a time that is none, and a consumer without a time", async () => {
    await using turnout = await given()
    for (const ttl of ["0", "59999", "a day", "-1"])
      assert.strictEqual((await turnout.run("sweep", `--inbox-ttl=${ttl}`)).code, 2, ttl)
    const { code, stderr } = await turnout.run("sweep", "--consumer", "mail")
    assert.strictEqual(code, 2)
    assert.include(stderr, "--inbox-ttl")
    assert.strictEqual((await left(turnout)).inbox, 3)
  })
})
