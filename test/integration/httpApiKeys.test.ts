/**
 * API keys over HTTP: whom they open the API for operators to, whom the audit log names, and when they stop working. Checks A1, A4 and A5
 * of the invariants as far as the API for operators goes.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import { REMEMBERED_MILLIS } from "@turnout/core/access/application/Authentication"
import type { ApiKeyInput } from "@turnout/core/access/domain/credentials/ApiKey"
import { MemberRole, permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { randomBytes } from "node:crypto"
import { call, TOKEN } from "../support/AdminClient.ts"

const server = () =>
  Server.layer({ port: 0, adminToken: Redacted.make(TOKEN) }).pipe(
    Layer.provideMerge(Layer.mergeAll(Turnout.layer(), ApiKeys.layer)),
    Layer.provideMerge(Memory.layer)
  )

const run = <A, E>(work: Effect.Effect<A, E, Layer.Success<ReturnType<typeof server>>>) =>
  work.pipe(Effect.provide(Layer.fresh(server())), Effect.provide(Logger.layer([])))

const create = (input: Partial<typeof ApiKeyInput.Encoded> = {}) =>
  ApiKeys.ApiKeys.use((keys) =>
    keys.create({ name: "A program", role: "operator", ...input }, permissionsOf("operator"), "ada")
  )

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
          ["GET", "/admin/organizations", "listOrganizations"],
          ["GET", "/admin/replays", "listReplays"]
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
            [401, "invalid_credential", 'Bearer error="invalid_token"'],
            token
          )
        }
        assert.strictEqual(yield* statusWith(text), 200)
        assert.strictEqual(yield* statusWith(TOKEN), 200)
      })
    )
  )

  it.effect("are made, listed, replaced and revoked by operators, and shown once", () =>
    run(
      Effect.gen(function* () {
        const body = { name: "Door", role: "checkin", organizationId: DEFAULT_ORGANIZATION }
        const made = yield* call("POST", "/admin/keys", { body })
        assert.strictEqual(made.status, 201)
        assert.deepInclude(made.body.key, { ...body, expiresAt: null, revokedAt: null, replacedBy: null })
        const { id } = made.body.key as { id: string }
        const replaced = yield* call("POST", `/admin/keys/${id}/replace`, { body: { overlapMillis: 60_000 } })
        assert.strictEqual(replaced.status, 201)
        const { id: next } = replaced.body.key as { id: string }
        assert.notStrictEqual(replaced.body.text, made.body.text)
        const again = yield* call("POST", `/admin/keys/${id}/replace`, { body: {} })
        assert.deepStrictEqual(
          [again.status, again.body.code, again.body.replacedBy],
          [409, "api_key_not_replaceable", next]
        )
        const operator = yield* call("POST", "/admin/keys", { body: { name: "Operations", role: "operator" } })
        assert.strictEqual(yield* statusWith(operator.body.text), 200)
        const listed = yield* call("GET", `/admin/keys?organizationId=${DEFAULT_ORGANIZATION}&limit=1`)
        assert.deepStrictEqual([listed.body.items[0].id, listed.body.next], [id, id])
        const rest = yield* call("GET", `/admin/keys?limit=500&after=${id}`)
        assert.deepStrictEqual(
          rest.body.items.map((key: { id: string }) => key.id),
          [next, operator.body.key.id]
        )
        for (const { text } of [made.body, replaced.body, operator.body] as ReadonlyArray<{ text: string }>)
          assert.notInclude(JSON.stringify([listed.body, rest.body]), text.slice(-43))
        const revoked = yield* call("POST", `/admin/keys/${next}/revoke`)
        assert.deepStrictEqual([revoked.status, revoked.body.revokedAt === null], [200, false])
        const { body: log } = yield* call("GET", "/admin/audit")
        assert.deepStrictEqual(
          log.items.map(({ action, who }: { action: string; who: string }) => [who, action]),
          [
            ["operator", "keys.revoke"],
            ["operator", "keys.create"],
            ["operator", "keys.replace"],
            ["operator", "keys.create"]
          ]
        )
      })
    )
  )

  it.effect("are refused by problems that name what is wrong", () =>
    run(
      Effect.gen(function* () {
        for (const [body, pointer] of [
          [{ name: "x", role: "operator", organizationId: DEFAULT_ORGANIZATION }, "/organizationId"],
          [{ name: "x", role: "viewer" }, "/organizationId"],
          [{ name: " ", role: "operator" }, "/name"],
          [{ name: "x", role: "king" }, "/role"]
        ] as const) {
          const refused = yield* call("POST", "/admin/keys", { body })
          assert.deepStrictEqual([refused.status, refused.body.violations[0].pointer], [400, pointer])
        }
        const nowhere = "00000000-0000-4000-8000-000000000000"
        const unknown = yield* call("POST", "/admin/keys", {
          body: { name: "x", role: "viewer", organizationId: nowhere }
        })
        assert.deepStrictEqual([unknown.status, unknown.body.code], [404, "organization_not_found"])
        const nobody = "f".repeat(32)
        for (const path of [`/admin/keys/${nobody}/revoke`, `/admin/keys/${nobody}/replace`]) {
          const gone = yield* call("POST", path, { body: {} })
          assert.deepStrictEqual([gone.status, gone.body.code], [404, "api_key_not_found"], path)
        }
        assert.strictEqual((yield* call("POST", "/admin/keys/x/revoke")).status, 400)
      })
    )
  )

  it.effect("stop working within ten seconds of being revoked, and when they end", () =>
    run(
      Effect.gen(function* () {
        const [one, other] = [yield* create(), yield* create()]
        assert.deepStrictEqual([yield* statusWith(one.text), yield* statusWith(other.text)], [200, 200])
        yield* ApiKeys.ApiKeys.use((keys) => keys.revoke(one.key.id, "ada"))
        const { text } = yield* ApiKeys.ApiKeys.use((keys) =>
          keys.replace(other.key.id, { overlapMillis: 0 }, permissionsOf("operator"), "ada")
        )
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
