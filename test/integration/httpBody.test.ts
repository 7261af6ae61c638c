/**
 * The body of a request is parsed once, whichever endpoint takes it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { vi } from "vitest"
import { call, TOKEN } from "../support/AdminClient.ts"

const NOBODY = "00000000-0000-4000-8000-000000000000"

const server = Server.layer({ port: 0, adminToken: Redacted.make(TOKEN) }).pipe(
  Layer.provideMerge(Turnout.layer()),
  Layer.provideMerge(Memory.layer)
)

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: unknown }>>>>
}

/** The operations of an API that take a body. */
const taking = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { requestBody }]) =>
      requestBody === undefined ? [] : [[method.toUpperCase(), path.replaceAll(/\{\w+\}/g, NOBODY)] as const]
    )
  )

describe("the body of a request", () => {
  it.live("is parsed once, by every operation that takes one", () =>
    Effect.gen(function* () {
      const documents = [yield* call("GET", "/openapi.json"), yield* call("GET", "/admin/openapi.json")]
      const operations = documents.flatMap(({ body }) => taking(body as Document))
      assert.isAbove(operations.length, 10)
      for (const [method, path] of operations) {
        const body = JSON.stringify({ [randomUUID()]: "a field that nobody knows" })
        const parse = vi.spyOn(JSON, "parse")
        const reply = yield* call(method, path, { body, headers: { "idempotency-key": randomUUID() } })
        const times = parse.mock.calls.filter(([text]) => text === body).length
        parse.mockRestore()
        assert.deepStrictEqual(
          [reply.status, reply.body.code, times],
          [400, "validation_failed", 1],
          `${method} ${path}`
        )
      }
    }).pipe(Effect.provide(server), Effect.provide(Logger.layer([])))
  )
})
