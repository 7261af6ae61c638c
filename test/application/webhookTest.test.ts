/**
 * Testing a webhook: the test message, what is made of the answer, and that nothing follows from it.
 */
import * as Memory from "@turnout/adapters/memory"
import { layerPost } from "@turnout/adapters/webhooks/sink"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import * as WebhookTest from "@turnout/core/webhooks/application/WebhookTest"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { Webhook as Verifier } from "standardwebhooks"
import { assert, describe, it } from "vitest"
import * as AnyEndpoint from "../support/AnyEndpoint.ts"

interface Received {
  readonly body: string
  readonly headers: Record<string, string>
}

/** Runs a test of a webhook whose endpoint answers in this way. */
const tested = async (
  answer: RequestListener,
  use: (given: {
    readonly url: string
    readonly secret: string
    readonly id: string
    readonly received: ReadonlyArray<Received>
  }) => Effect.Effect<void, unknown, WebhookStore | AuditLog | OutboxOperations | Webhooks.Webhooks> = () => Effect.void
) => {
  const received: Array<Received> = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => (body += chunk.toString()))
    request.on("end", () => {
      received.push({ body, headers: request.headers as Record<string, string> })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  try {
    return await Effect.gen(function* () {
      const { secret, webhook } = yield* Webhooks.Webhooks.use((webhooks) => webhooks.create({ url }, { who: "ada" }))
      const facts = Effect.all([
        WebhookStore.use((store) => store.get(webhook.id)),
        WebhookStore.use((store) => store.attempts(webhook.id, { after: null, limit: 10 })),
        Effect.map(
          OutboxOperations.use(({ status }) => status),
          ({ sinks, written }) => ({ sinks, written })
        ),
        AuditLog.use(({ list }) => list({ after: null, limit: 10 }))
      ])
      const before = yield* facts
      const result = yield* WebhookTest.run(webhook.id, "ada").pipe(Effect.provide(layerPost({ allowPrivate: true })))
      assert.deepStrictEqual(yield* facts, before, "nothing has changed")
      yield* use({ url, secret, id: webhook.id, received })
      return { result, received, secret, id: webhook.id }
    }).pipe(Effect.provide(AnyEndpoint.webhooks.pipe(Layer.provideMerge(Layer.fresh(Memory.layer)))), Effect.runPromise)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe("a test of a webhook", () => {
  it("posts a message of its own kind, signed as every other", async () => {
    const { id, received, result, secret } = await tested((_, response) => response.writeHead(204).end())
    assert.lengthOf(received, 1)
    const [{ body, headers }] = received as [Received]
    const message = new Verifier(secret).verify(body, headers) as Record<string, unknown>
    assert.deepStrictEqual(message, {
      id: result.message,
      type: "turnout.test",
      schemaVersion: 1,
      payload: { webhook: id },
      metadata: { actor: "ada", correlationId: null, causationId: null },
      occurredAt: result.at.toISOString()
    })
    assert.strictEqual(headers["webhook-id"], result.message)
    assert.deepInclude(result, { status: 204, error: null, verdict: "delivered", retryMillis: null })
  })

  it.each([
    ["500", 500, {}, { verdict: "retried", retryMillis: 5_000, error: "HTTP 500: no" }],
    ["429 with Retry-After", 429, { "retry-after": "60" }, { verdict: "retried", retryMillis: 60_000 }],
    ["a redirect", 302, { location: "https://elsewhere.example/" }, { verdict: "retried" }],
    ["410", 410, {}, { verdict: "disabled", retryMillis: null, error: "HTTP 410: no" }]
  ] as const)("says what a relay makes of %s, and does none of it", async (_, status, headers, expected) => {
    const { result } = await tested((_, response) => response.writeHead(status, headers).end("no"))
    assert.deepInclude(result, { status, ...expected })
    for (const [name, value] of Object.entries(headers)) assert.strictEqual(result.headers[name], value)
    assert.isString(result.headers["date"])
    assert.isAtLeast(result.millis, 0)
  })

  it("says so if there is no answer, or a relay would not post there", async () => {
    const { result } = await tested((request) => request.socket.destroy())
    assert.deepInclude(result, { status: null, verdict: "retried", headers: {} })
    assert.isString(result.error)
    await tested(
      (_, response) => response.end(),
      ({ id, received }) =>
        Effect.gen(function* () {
          const refused = yield* WebhookTest.run(id, "ada").pipe(Effect.provide(layerPost()))
          assert.lengthOf(received, 1)
          assert.match(refused.error!, /must begin with https/)
        })
    )
  })

  it("works for a webhook that is disabled, and leaves it so", async () => {
    await tested(
      (_, response) => response.writeHead(200).end(),
      ({ id }) =>
        Effect.gen(function* () {
          yield* Webhooks.Webhooks.use((webhooks) => webhooks.disable(id, "ada"))
          const result = yield* WebhookTest.run(id, "ada").pipe(Effect.provide(layerPost({ allowPrivate: true })))
          assert.deepInclude(result, { verdict: "delivered" })
          assert.strictEqual(result.webhook.disabledBecause, "by ada")
          assert.strictEqual((yield* WebhookStore.use((store) => store.get(id))).state, "disabled")
        })
    )
  })
})
