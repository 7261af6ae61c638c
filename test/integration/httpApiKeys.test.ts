/**
 * API keys over HTTP: whom they open the API for operators to, whom the audit log names, and when they stop working. Checks A1, A4 and A5
 * of the invariants as far as the API for operators goes.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import { REMEMBERED_MILLIS } from "@turnout/core/access/application/Authentication"
import type { ApiKeyInput } from "@turnout/core/access/domain/ApiKey"
import { MemberRole } from "@turnout/core/access/domain/Role"
import { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { randomBytes } from "node:crypto"
import { call, TOKEN } from "../support/AdminClient.ts"

const server = () =>
  Server.layerWithAdmin({ port: 0, adminToken: Redacted.make(TOKEN) }).pipe(
    Layer.provideMerge(Layer.mergeAll(Turnout.layer(), ApiKeys.layer)),
    Layer.provideMerge(Memory.layer)
  )

const run = <A, E>(work: Effect.Effect<A, E, Layer.Success<ReturnType<typeof server>>>) =>
  work.pipe(Effect.provide(Layer.fresh(server())), Effect.provide(Logger.layer([])))

const create = (input: Partial<typeof ApiKeyInput.Encoded> = {}) =>
  ApiKeys.ApiKeys.use((keys) => keys.create({ name: "A program", role: "operator", ...input }, "ada"))

const statusWith = (token: string) => Effect.map(call("GET", "/admin/outbox", { token }), ({ status }) => status)

describe("API keys over HTTP", () => {
  it.effect("open the API to operators, who are named by their keys whatever they say", () =>
    run(
      Effect.gen(function* () {
        const { key, text } = yield* create()
        assert.strictEqual(yield* statusWith(text), 200)
        const added = yield* call("POST", "/admin/organizations", {
          token: text,
          body: { slug: "music", name: "Music society" },
          headers: { "x-actor": "somebody else" }
        })
        assert.strictEqual(added.status, 201)
        const { body } = yield* call("GET", "/admin/audit?limit=1", { token: text })
        assert.deepInclude(body.items[0], { who: `key:${key.id}`, action: "organizations.create" })
        const stored = yield* ApiKeyStore.use((store) => store.find(key.id))
        assert.isNotNull(stored?.key.lastUsedAt)
      })
    )
  )

  it.effect.each(MemberRole.literals)("are refused with 403 where their role is that of a member: %s", (role) =>
    run(
      Effect.gen(function* () {
        const { text } = yield* create({ role, organizationId: DEFAULT_ORGANIZATION })
        for (const [method, path, operation] of [
          ["GET", "/admin/outbox", "getOutboxStatus"],
          ["GET", "/admin/webhooks", "listWebhooks"],
          ["GET", "/admin/audit", "listAuditEntries"],
          ["GET", "/admin/organizations/default", "getOrganization"]
        ] as const) {
          const { body, status } = yield* call(method, path, { token: text })
          assert.deepStrictEqual([status, body.code, body.operation], [403, "forbidden", operation])
        }
      })
    )
  )

  it.effect("are refused with 401 if they are none, and never pass for another credential", () =>
    run(
      Effect.gen(function* () {
        const { key, text } = yield* create()
        const other = randomBytes(32).toString("base64url")
        const wrong = [
          `tk_${key.id}_${other}`,
          `tk_${"f".repeat(32)}_${other}`,
          `tk_${key.id}`,
          `tk_${key.id}_`,
          `${text}x`,
          text.slice(0, -1),
          text.toUpperCase(),
          text.slice(3),
          `tk_${TOKEN}`,
          "tk_"
        ]
        for (const token of wrong) {
          const { body, headers, status } = yield* call("GET", "/admin/outbox", { token })
          assert.deepStrictEqual(
            [status, body.code, headers.get("www-authenticate")],
            [401, "unauthorized", "Bearer"],
            token
          )
        }
        assert.strictEqual(yield* statusWith(text), 200)
        assert.strictEqual(yield* statusWith(TOKEN), 200)
      })
    )
  )

  it.effect("stop working within ten seconds of being revoked, and when they end", () =>
    run(
      Effect.gen(function* () {
        const [one, other] = [yield* create(), yield* create()]
        assert.deepStrictEqual([yield* statusWith(one.text), yield* statusWith(other.text)], [200, 200])
        yield* ApiKeys.ApiKeys.use((keys) => keys.revoke(one.key.id, "ada"))
        const { text } = yield* ApiKeys.ApiKeys.use((keys) => keys.replace(other.key.id, { overlapMillis: 0 }, "ada"))
        assert.strictEqual(yield* statusWith(text), 200)
        assert.isAtMost(REMEMBERED_MILLIS, 10_000)
        yield* TestClock.adjust(REMEMBERED_MILLIS)
        assert.deepStrictEqual([yield* statusWith(one.text), yield* statusWith(other.text)], [401, 401])
        assert.strictEqual(yield* statusWith(text), 200)
        const { text: over } = yield* create({ expiresAt: new Date(0) })
        assert.strictEqual(yield* statusWith(over), 401)
      })
    )
  )
})
