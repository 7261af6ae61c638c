/**
 * What a server says of its neighbours: they degrade it, and it does its work.
 */
import { randomUUID } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import type { Health } from "@turnout/http/internal/health/HealthApi"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import { freePort } from "../support/PostgresServer.ts"
import * as RedisServer from "../support/RedisServer.ts"

const json = { "content-type": "application/json" }

describe("the health of a server", { timeout: 120_000 }, () => {
  it("tells what is known of each neighbour, none of which keeps it from being ready", async () => {
    await using redis = await RedisServer.start()
    await using turnout = await CommandLine.onPostgres()
    const closed = `127.0.0.1:${await freePort()}`
    const issuer = { issuer: `http://${closed}`, audience: "turnout", roles: [] }
    const options = {
      redis: redis.url,
      issuers: JSON.stringify([issuer]),
      smtp: `smtp://${closed}`,
      "mail-from": "tickets@example.com",
      sqs: `mail=http://${closed}/1/mail.fifo`,
      "sqs-endpoint": `http://${closed}`,
      "sqs-region": "eu-central-1",
      "metrics-port": "0"
    }
    const { stop, url } = await turnout.serve(
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
    )
    const health = async (path = "/health") => {
      const response = await fetch(url + path)
      assert.strictEqual(response.status, 200)
      return (await response.json()) as Health
    }
    const statuses = ({ components }: Health) =>
      Object.fromEntries(components.map(({ name, status }) => [name, status]))
    /** Waits until a component is in a state. */
    const until = async (name: string, status: string) => {
      for (let tries = 0; statuses(await health())[name] !== status; tries++) {
        assert.isBelow(tries, 300, `${name} is not ${status}: ${JSON.stringify(await health())}`)
        await pause(100)
      }
    }
    await until("redis", "up")
    await until("issuers", "down")
    const first = await health()
    assert.deepStrictEqual(
      first.components.map(({ name }) => name),
      ["store", "issuers", "mail", "queue mail", "redis"]
    )
    assert.deepInclude(statuses(first), { store: "up", mail: "unknown", "queue mail": "unknown" })

    const key = () => ({ ...json, "idempotency-key": randomUUID() })
    const made = await fetch(`${url}/events`, {
      method: "POST",
      headers: key(),
      body: JSON.stringify(Given.eventInput({ capacity: 5 }))
    })
    assert.strictEqual(made.status, 201)
    await until("queue mail", "down")
    await fetch(`${url}/sign-in`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ address: "ada@example.com" })
    })
    await until("mail", "down")
    await redis.kill()
    await until("redis", "down")
    const all = await health("/health/ready")
    assert.strictEqual(all.status, "degraded")
    assert.strictEqual(statuses(all)["store"], "up")
    for (const { name, since, status } of all.components)
      if (status === "down") assert.isAtMost(Date.parse(String(since)), Date.now(), name)
    await redis.start()
    await until("redis", "up")
    assert.strictEqual((await stop("SIGTERM")).code, 0)
  })
})
