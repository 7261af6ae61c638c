/**
 * The API for operators, over real sockets, on the store in memory.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Projection from "@turnout/core/projections/application/Projection"
import * as Sales from "@turnout/core/projections/application/Sales"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { call, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"

const NOBODY = "00000000-0000-4000-8000-000000000000"

const base = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))
const silent = Logger.layer([])
// Made anew for each test: a server listens once.
const withAdmin = () => Server.layer({ port: 0, adminToken: Redacted.make(TOKEN) }).pipe(Layer.provideMerge(base))

describe("the token of operators", () => {
  it.each(["", "short", "0123456789 bcdef", "0123456789abcde\u00e9"])(
    "cannot be %j, which would be no secret",
    (token) => {
      assert.throws(
        () => Server.layer({ adminToken: Redacted.make(token) }),
        /adminToken: must have at least 16 characters/
      )
    }
  )
})

const run = <A, E>(work: Effect.Effect<A, E, Layer.Success<ReturnType<typeof withAdmin>>>) =>
  work.pipe(Effect.provide(Layer.fresh(withAdmin())), Effect.provide(silent))

/** A stream of five entries, of which the sink `mail` has been given the first, and the others wait: it is parked. */
const parked = Effect.gen(function* () {
  const { id } = yield* Given.publishedEvent({ capacity: 5 })
  for (let person = 1; person <= 3; person++) yield* Given.register(id, person)
  const outbox = yield* Outbox
  yield* outbox.register("mail", "beginning")
  const claims = yield* outbox.claim("mail", { owner: "worker", ttlMillis: 60_000, limit: 64 })
  const slices = yield* outbox.read("mail", claims, 100)
  const slice = slices.find(({ deliveries }) => deliveries.some(({ eventId }) => eventId === id))!
  const lease = claims.find(({ slot }) => slot === slice.slot)!
  const block = { stream: id, version: 2, attempts: 20, error: "550", retryAfterMillis: null }
  yield* outbox.acknowledge("mail", [{ ...lease, position: slice.position, blocked: [block] }])
  return id
})

describe("the API for operators", () => {
  describe("is refused", () => {
    it.live("to whoever has no token, or a wrong one", () =>
      Effect.gen(function* () {
        for (const token of [null, "", "wrong", `${TOKEN}0`, TOKEN.toUpperCase()]) {
          const reply = yield* call("GET", "/admin/outbox", { token })
          const [code, challenge] =
            token === null ? ["unauthorized", "Bearer"] : ["invalid_credential", 'Bearer error="invalid_token"']
          assert.deepStrictEqual([reply.status, reply.body.code], [401, code], `token ${token}`)
          assert.strictEqual(reply.headers.get("www-authenticate"), challenge)
        }
        // Before anything else is looked at.
        const reply = yield* call("POST", "/admin/webhooks", { token: null, body: "{" })
        assert.strictEqual(reply.status, 401)
      }).pipe(run)
    )
  })

  it.live("shows what waits, decides about parked streams, and writes down who did", () =>
    Effect.gen(function* () {
      const stream = yield* parked
      const { body: status } = yield* call("GET", "/admin/outbox")
      assert.deepInclude(status.sinks[0], { name: "mail", parked: 1, retrying: 0 })
      const { body: list } = yield* call("GET", "/admin/sinks/mail/blocked?state=parked")
      assert.deepStrictEqual([list.items.length, list.items[0].stream, list.next], [1, stream, null])
      assert.deepStrictEqual((yield* call("GET", "/admin/sinks/mail/blocked?state=retrying")).body.items, [])
      const at = `/admin/sinks/mail/blocked/${stream}`
      const { body: shown } = yield* call("GET", at)
      assert.deepStrictEqual(
        shown.waiting.map(({ type, version }: { type: string; version: number }) => [version, type]),
        [
          [2, "EventPublished"],
          [3, "AttendeeRegistered"],
          [4, "AttendeeRegistered"],
          [5, "AttendeeRegistered"]
        ]
      )
      const skip = () => call("POST", `${at}/skip`, { body: { version: 2 } })
      assert.deepInclude((yield* skip()).body, { version: 3, attempts: 0 })
      const again = yield* skip()
      assert.deepStrictEqual([again.status, again.body.code, again.body.version], [409, "stream_moved_on", 3])
      assert.strictEqual((yield* call("POST", `${at}/retry`, {})).body.version, 3)
      assert.strictEqual((yield* call("POST", `${at}/discard`)).body.version, 6)
      assert.deepStrictEqual((yield* call("POST", "/admin/sinks/mail/blocked/retry")).body, { retried: 0 })
      const { body: audit } = yield* call("GET", "/admin/audit?principal=operator&limit=2")
      assert.deepStrictEqual(
        audit.items.map(({ action, who }: { action: string; who: string }) => [action, who]),
        [
          ["outbox.discard", "operator"],
          ["outbox.retry", "operator"]
        ]
      )
      const { body: next } = yield* call("GET", `/admin/audit?principal=operator&after=${audit.next}`)
      assert.deepInclude(next.items[0], { action: "outbox.skip", who: "operator" })
      const { body: pruned } = yield* call("POST", "/admin/outbox/prune", { body: { before: "2020-01-01T00:00:00Z" } })
      assert.deepStrictEqual(pruned, { deleted: 0, isMore: false, keepers: [] })
      assert.strictEqual((yield* call("DELETE", "/admin/sinks/mail", {})).status, 204)
      assert.deepStrictEqual((yield* call("GET", "/admin/outbox")).body.sinks, [])
    }).pipe(run)
  )

  it.live("reads on in the journal, and repairs it where there is something to repair", () =>
    Effect.gen(function* () {
      const now = (yield* call("GET", "/admin/journal?from=now")).body
      assert.deepStrictEqual(now.items, [])
      const eventId = yield* parked
      const seen: Array<number> = []
      let { cursor } = now
      while (true) {
        const { body, status } = yield* call("GET", `/admin/journal?limit=2&cursor=${cursor}`)
        assert.strictEqual(status, 200)
        if (body.items.length === 0) break
        assert.isAtMost(body.items.length, 2)
        seen.push(...body.items.map(({ version }: { version: number }) => version))
        ;({ cursor } = body)
      }
      assert.deepStrictEqual(seen, [1, 2, 3, 4, 5])
      const all = (yield* call("GET", "/admin/journal")).body
      assert.deepInclude(all.items[0], { eventId, version: 1 })
      assert.strictEqual(all.items[0].event._tag, "EventCreated")
      const some = (yield* call("GET", "/admin/journal?type=EventPublished")).body
      assert.deepStrictEqual(
        some.items.map(({ version }: { version: number }) => version),
        [2]
      )
      assert.deepStrictEqual((yield* call("POST", "/admin/outbox/repair")).body, { repaired: null })
    }).pipe(run)
  )

  it.live("starts, shows, cancels and counts replays", () =>
    Effect.gen(function* () {
      const stream = yield* parked
      const { body: counted } = yield* call("POST", "/admin/replays/count", { body: { stream } })
      assert.deepStrictEqual(counted, { entries: 5 })
      const started = yield* call("POST", "/admin/replays", { body: { sink: "mail", stream, perSecond: 5 } })
      assert.strictEqual(started.status, 201)
      assert.deepInclude(started.body, {
        sink: "mail",
        state: "running",
        total: 5,
        sent: 0,
        who: "operator",
        perSecond: 5
      })
      const { id } = started.body
      assert.deepStrictEqual((yield* call("GET", `/admin/replays/${id}`)).body, started.body)
      assert.deepStrictEqual((yield* call("GET", "/admin/replays")).body, { items: [started.body], next: null })
      const resumed = yield* call("POST", `/admin/replays/${id}/resume`)
      assert.deepStrictEqual([resumed.status, resumed.body.code], [409, "replay_not_open"])
      assert.strictEqual((yield* call("POST", `/admin/replays/${id}/cancel`)).body.state, "cancelled")
    }).pipe(run)
  )

  it.live("administers webhooks, and shows a secret once", () =>
    Effect.gen(function* () {
      const input = { url: "https://example.com/hooks", types: ["EventCreated"], description: "shop" }
      const made = yield* call("POST", "/admin/webhooks", { body: input })
      assert.strictEqual(made.status, 201)
      assert.match(made.body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
      assert.deepInclude(made.body.webhook, { ...input, state: "enabled" })
      const at = `/admin/webhooks/${made.body.webhook.id}`
      const shown = yield* call("GET", at)
      assert.deepStrictEqual(shown.body, made.body.webhook)
      const changed = yield* call("PATCH", at, { body: { types: null } })
      assert.deepStrictEqual(changed.body, { ...made.body.webhook, types: null })
      const rotated = yield* call("POST", `${at}/rotate`, { body: { overlapMillis: 1_000 } })
      assert.notStrictEqual(rotated.body.secret, made.body.secret)
      assert.isString(rotated.body.webhook.previousSecretUntil)
      assert.deepStrictEqual(rotated.body.webhook.previousSecretsUntil, [rotated.body.webhook.previousSecretUntil])
      for (let n = 2; n < 10; n++)
        assert.strictEqual(
          (yield* call("POST", `${at}/rotate`, { body: {} })).body.webhook.previousSecretsUntil.length,
          n
        )
      const refused = yield* call("POST", `${at}/rotate`, { body: {} })
      assert.deepStrictEqual([refused.status, refused.body.code], [409, "too_many_secrets"])
      assert.match(refused.body.detail, /signed with 10 secrets, the most that there may be/)
      assert.strictEqual((yield* call("POST", `${at}/rotate`, { body: { overlapMillis: 0 } })).status, 200)
      assert.strictEqual((yield* call("POST", `${at}/disable`)).body.disabledBecause, "by operator")
      assert.strictEqual((yield* call("POST", `${at}/enable`)).body.state, "enabled")
      assert.deepStrictEqual((yield* call("GET", `${at}/attempts`)).body, { items: [], next: null })
      assert.strictEqual((yield* call("GET", "/admin/webhooks")).body.items.length, 1)
      assert.strictEqual((yield* call("DELETE", at)).status, 204)
      assert.deepStrictEqual((yield* call("GET", "/admin/webhooks")).body, { items: [], next: null })
    }).pipe(run)
  )

  it.live("shows sales, and makes them anew", () =>
    Effect.gen(function* () {
      const eventId = yield* parked
      const missing = yield* call("GET", `/admin/sales/${eventId}`)
      assert.deepStrictEqual([missing.status, missing.body.code], [404, "sales_not_counted"])
      const rebuilt = yield* call("POST", `/admin/sales/${eventId}/rebuild`)
      assert.deepInclude(rebuilt.body, { eventId, capacity: 5, version: 5, millisToSellOut: null })
      assert.strictEqual(rebuilt.body.registrations.confirmed, 3)
      yield* Projection.rebuild(Sales.projection, eventId)
      assert.deepStrictEqual((yield* call("GET", `/admin/sales/${eventId}`)).body, rebuilt.body)
      const { registrationsByDay, ...listed } = rebuilt.body
      assert.deepStrictEqual(Object.values(registrationsByDay), [3])
      assert.deepStrictEqual((yield* call("GET", "/admin/sales")).body, { items: [listed], next: null })
      assert.strictEqual((yield* call("POST", `/admin/sales/${NOBODY}/rebuild`)).status, 404)
    }).pipe(run)
  )

  const wrong: ReadonlyArray<readonly [string, string, unknown, number, string]> = [
    ["GET", "/admin/sinks/none/blocked/no-uuid", undefined, 400, "validation_failed"],
    ["GET", `/admin/sinks/none/blocked/${NOBODY}`, undefined, 404, "sink_not_found"],
    ["GET", "/admin/sinks/a%00b/blocked", undefined, 400, "validation_failed"],
    ["GET", "/admin/sinks/none/blocked?state=lost", undefined, 400, "validation_failed"],
    ["GET", "/admin/journal?cursor=nonsense", undefined, 400, "validation_failed"],
    ["GET", "/admin/journal?from=tomorrow", undefined, 400, "validation_failed"],
    ["GET", "/admin/audit?limit=0", undefined, 400, "validation_failed"],
    ["GET", "/admin/audit?after=x", undefined, 400, "validation_failed"],
    ["GET", "/admin/audit?after=1e99", undefined, 400, "validation_failed"],
    ["POST", `/admin/sinks/none/blocked/${NOBODY}/skip`, { version: -1 }, 400, "validation_failed"],
    ["POST", `/admin/sinks/none/blocked/${NOBODY}/skip`, { version: 1e300 }, 400, "validation_failed"],
    ["POST", `/admin/sinks/none/blocked/${NOBODY}/skip`, undefined, 415, "unsupported_media_type"],
    ["POST", `/admin/sinks/none/blocked/${NOBODY}/retry`, { a: 1 }, 400, "validation_failed"],
    ["DELETE", "/admin/sinks/none", undefined, 404, "sink_not_found"],
    ["POST", "/admin/replays", { sink: "none", all: true }, 404, "sink_not_found"],
    ["POST", "/admin/replays", { sink: "none" }, 400, "validation_failed"],
    ["POST", "/admin/replays", { sink: "none", all: true, types: ["EventCreated"] }, 400, "validation_failed"],
    ["POST", "/admin/replays", { sink: "none", types: [] }, 400, "validation_failed"],
    ["POST", "/admin/replays", { sink: "none", perSecond: 0 }, 400, "validation_failed"],
    ["POST", "/admin/replays", { sink: "a\u0000" }, 400, "validation_failed"],
    ["POST", "/admin/replays", { sink: "none", from: "yesterday" }, 400, "validation_failed"],
    ["POST", "/admin/replays", { sink: "none", more: 1 }, 400, "validation_failed"],
    ["GET", `/admin/replays/${NOBODY}`, undefined, 404, "replay_not_found"],
    ["POST", "/admin/webhooks", { url: "nowhere" }, 400, "validation_failed"],
    ["POST", "/admin/webhooks", { url: "https://10.0.0.1/" }, 400, "validation_failed"],
    ["POST", "/admin/webhooks", { url: "http://example.com/" }, 400, "validation_failed"],
    ["POST", "/admin/webhooks", "{", 400, "malformed_json"],
    ["PATCH", `/admin/webhooks/${NOBODY}`, { url: "https://example.com" }, 404, "webhook_not_found"],
    ["POST", `/admin/webhooks/${NOBODY}/rotate`, { overlapMillis: -1 }, 400, "validation_failed"],
    ["DELETE", `/admin/webhooks/${NOBODY}`, undefined, 404, "webhook_not_found"],
    ["PUT", "/admin/outbox", undefined, 405, "method_not_allowed"],
    ["GET", "/admin/nothing", undefined, 404, "route_not_found"]
  ]
  it.live("says what is wrong with a request, and changes nothing", () =>
    Effect.gen(function* () {
      const before = (yield* call("GET", "/admin/audit")).body
      for (const [method, path, body, status, code] of wrong) {
        const reply = yield* call(method, path, { body })
        assert.deepStrictEqual(
          [reply.status, reply.body.code],
          [status, code],
          `${method} ${path}: ${JSON.stringify(reply.body)}`
        )
      }
      assert.deepStrictEqual((yield* call("GET", "/admin/audit")).body, before)
    }).pipe(run)
  )

  it.live("is documented, with the token that it needs", () =>
    Effect.gen(function* () {
      const { body } = yield* call("GET", "/admin/openapi.json", { token: null })
      assert.strictEqual(body.info.title, "Turnout for operators")
      // Readers of documents compare the scheme in lower case, and take any other word for a user and a password.
      assert.deepInclude(body.components.securitySchemes.bearer, { type: "http", scheme: "bearer" })
      for (const [path, operations] of Object.entries(
        body.paths as Record<string, Record<string, { security: unknown }>>
      ))
        for (const { security } of Object.values(operations)) assert.isNotEmpty(security, path)
      const docs = yield* call("GET", "/admin/docs", { token: null })
      assert.strictEqual(docs.status, 200)
      assert.include(docs.body, '"authentication":{"preferredSecurityScheme":"bearer"}')
    }).pipe(run)
  )
})
