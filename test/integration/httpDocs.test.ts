/**
 * The OpenAPI document and the readable docs.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { EXAMPLE_KEY } from "@turnout/http/internal/requests/headers/WriteHeaders"
import * as Http from "../support/HttpServerFixture.ts"

interface Operation {
  readonly operationId: string
  readonly parameters: ReadonlyArray<{
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly description?: string
    readonly schema: Readonly<Record<string, unknown>>
  }>
  readonly requestBody?: { readonly required: boolean }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, unknown>>; readonly headers?: object }>
  >
}

interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

const OPERATIONS = [
  "delete /events/{eventId}",
  "delete /sessions",
  "delete /sessions/{sessionId}",
  "get /attendees/{attendeeId}/registrations",
  "get /events",
  "get /events/{eventId}",
  "get /events/{eventId}/registrations",
  "get /events/{eventId}/registrations.csv",
  "get /events/{eventId}/registrations/{registrationId}",
  "get /events/{eventId}/registrations/{registrationId}/position",
  "get /events/{eventId}/waitlist",
  "get /events/{eventId}/waitlist.csv",
  "get /health",
  "get /health/live",
  "get /health/ready",
  "get /me",
  "get /me/registrations",
  "get /sessions",
  "patch /events/{eventId}",
  "patch /events/{eventId}/registrations/{registrationId}",
  "post /events",
  "post /events/{eventId}/cancel",
  "post /events/{eventId}/complete",
  "post /events/{eventId}/guests",
  "post /events/{eventId}/publish",
  "post /events/{eventId}/registrations",
  "post /events/{eventId}/registrations/{registrationId}/attended",
  "post /events/{eventId}/registrations/{registrationId}/cancel",
  "post /events/{eventId}/registrations/{registrationId}/clear-attendance",
  "post /events/{eventId}/registrations/{registrationId}/confirm",
  "post /events/{eventId}/registrations/{registrationId}/link",
  "post /events/{eventId}/registrations/{registrationId}/no-show",
  "post /events/{eventId}/registrations/{registrationId}/reinstate",
  "post /events/{eventId}/registrations/{registrationId}/release-seat",
  "post /events/{eventId}/reopen",
  "post /events/{eventId}/unpublish",
  "post /sign-in",
  "post /sign-in/redeem",
  "put /events/{eventId}/capacity"
]

/** An answer with a secret is not kept, so it cannot be given again; ending what has ended changes nothing. */
const WITHOUT_KEY = ["replaceAttendeeLink", "requestSignIn", "redeemSignInLink", "endSession", "endAllSessions"]

const CODES = [
  "event_not_found",
  "registration_not_found",
  "event_already_exists",
  "event_was_deleted",
  "event_had_registrations",
  "version_conflict",
  "event_status_conflict",
  "event_has_registrations",
  "event_not_started",
  "event_over",
  "schedule_invalid",
  "capacity_below_seats_taken",
  "demotions_mismatch",
  "registration_not_open",
  "registration_closed",
  "capacity_full",
  "waitlist_full",
  "already_registered",
  "doors_not_open",
  "registration_state_conflict",
  "idempotency_key_reused",
  "idempotency_key_missing",
  "idempotency_key_in_flight",
  "idempotency_key_replayed",
  "malformed_json",
  "payload_too_large",
  "unsupported_media_type",
  "validation_failed",
  "store_unavailable",
  "outcome_unknown",
  "request_timeout",
  "internal_error",
  "malformed_request",
  "request_not_received",
  "uri_too_long",
  "expectation_failed",
  "headers_too_large",
  "cross_site",
  "sign_in_disabled",
  "link_refused",
  "session_not_found"
]

const CSV = "text/csv; charset=utf-8; header=present"

const document = Effect.map(Http.get("/openapi.json"), ({ body }) => body as unknown as OpenApi)
const operation = (method: string, path: string) => Effect.map(document, ({ paths }) => paths[path]![method]!)

withLayer(Http.layer(), { excludeTestServices: true })("HTTP docs", (it) => {
  it.effect("/openapi.json is OpenAPI 3.1 in JSON", () =>
    Effect.gen(function* () {
      const reply = yield* Http.get("/openapi.json")
      assert.deepStrictEqual([reply.status, reply.type], [200, "application/json"])
      const { info, openapi } = yield* document
      assert.match(openapi, /^3\.1\.\d+$/)
      assert.deepInclude(info, { title: "Turnout", version: "0.1.0" })
    })
  )

  it.effect("every operation is listed, each under a name of its own", () =>
    Effect.gen(function* () {
      const { paths } = yield* document
      const listed = Object.entries(paths).flatMap(([path, item]) =>
        Object.entries(item).map(([method, { operationId }]) => ({ at: `${method} ${path}`, operationId }))
      )
      assert.deepStrictEqual(listed.map(({ at }) => at).toSorted(), OPERATIONS)
      assert.strictEqual(new Set(listed.map(({ operationId }) => operationId)).size, OPERATIONS.length)
    })
  )

  it.effect.each(CODES)("the code %s is documented", (code) =>
    Effect.gen(function* () {
      const { components } = yield* document
      const schema = Object.values(components.schemas).find((schema) => JSON.stringify(schema).includes(`"${code}"`))
      assert.isDefined(schema)
      const text = JSON.stringify(schema)
      for (const member of ["type", "title", "status", "detail"]) assert.include(text, `"${member}":`)
      assert.include(text, `urn:turnout:problem:${code}`)
    })
  )

  it.effect("a registration says what can go wrong, by status", () =>
    Effect.gen(function* () {
      const { responses } = yield* operation("post", "/events/{eventId}/registrations")
      assert.strictEqual(
        Object.keys(responses).join(" "),
        "201 400 401 403 404 408 409 413 414 415 417 422 429 431 500 503 504"
      )
      const conflict = JSON.stringify(responses["409"])
      for (const name of ["CapacityFullProblem", "RegistrationClosedProblem", "IdempotencyKeyInFlightProblem"]) {
        assert.include(conflict, name)
      }
      assert.notInclude(conflict, "EventHasRegistrationsProblem")
    })
  )

  it.effect("every problem is documented as application/problem+json, and nothing else is", () =>
    Effect.gen(function* () {
      const { paths } = yield* document
      for (const [path, item] of Object.entries(paths)) {
        for (const [method, { responses }] of Object.entries(item)) {
          for (const [status, { content = {} }] of Object.entries(responses)) {
            const success = path.endsWith(".csv") ? CSV : "application/json"
            const expected = ["202", "204", "304"].includes(status)
              ? []
              : [status < "400" ? success : "application/problem+json"]
            assert.deepStrictEqual(Object.keys(content), expected, `${method} ${path} ${status}`)
          }
        }
      }
    })
  )

  it.effect("every write asks for an Idempotency-Key, and no read does", () =>
    Effect.gen(function* () {
      const { paths } = yield* document
      for (const item of Object.values(paths)) {
        for (const [method, { operationId, parameters }] of Object.entries(item)) {
          if (WITHOUT_KEY.includes(operationId)) continue
          const key = parameters.find(({ name }) => name === "Idempotency-Key")
          if (method === "get") assert.isUndefined(key)
          else assert.deepInclude(key, { in: "header", required: true })
        }
      }
    })
  )

  it.effect("what is created is announced in Location", () =>
    Effect.gen(function* () {
      for (const path of ["/events", "/events/{eventId}/registrations"]) {
        const { responses } = yield* operation("post", path)
        assert.property(responses["201"]!.headers, "Location")
      }
    })
  )

  it.effect("answers about an event have an ETag, and writes about it take If-Match", () =>
    Effect.gen(function* () {
      const { paths } = yield* document
      const operations = Object.entries(paths).flatMap(([path, item]) =>
        Object.entries(item).map(([method, { parameters, responses }]) => ({
          at: `${method} ${path}`,
          takes: parameters.some(({ name }) => name === "If-Match"),
          tagged: Object.keys(responses).filter((status) => "ETag" in (responses[status]!.headers ?? {}))
        }))
      )
      assert.deepStrictEqual(
        operations
          .filter(({ takes }) => takes)
          .map(({ at, tagged }) => `${at}: ${tagged.join(" ")}`)
          .toSorted(),
        [
          "delete /events/{eventId}: 412",
          "patch /events/{eventId}: 200 412",
          "post /events/{eventId}/cancel: 200 412",
          "post /events/{eventId}/complete: 200 412",
          "post /events/{eventId}/publish: 200 412",
          "post /events/{eventId}/reopen: 200 412",
          "post /events/{eventId}/unpublish: 200 412",
          "put /events/{eventId}/capacity: 200 412"
        ]
      )
      assert.deepStrictEqual(
        operations
          .filter(({ tagged, takes }) => !takes && tagged.length > 0)
          .map(({ at, tagged }) => `${at}: ${tagged.join(" ")}`),
        ["post /events: 201", "get /events/{eventId}: 200 304"]
      )
    })
  )

  it.effect("limit is a whole number with its bounds", () =>
    Effect.gen(function* () {
      const { parameters } = yield* operation("get", "/events")
      const limit = parameters.find(({ name }) => name === "limit")
      assert.deepInclude(limit, { in: "query", required: false })
      assert.deepInclude(limit!.schema, { type: "integer", minimum: 1, maximum: 500 })
    })
  )

  it.effect("every parameter of a list that finds something is described", () =>
    Effect.gen(function* () {
      for (const path of ["/events", "/events/{eventId}/registrations"]) {
        const { parameters } = yield* operation("get", path)
        const query = parameters.filter((parameter) => parameter.in === "query" && parameter.name !== "limit")
        assert.isAbove(query.length, 8)
        for (const { description, name, schema } of query) {
          assert.isString(description ?? schema["description"], `${path} ${name}`)
        }
      }
    })
  )

  it.effect("every reference in the document leads somewhere", () =>
    Effect.gen(function* () {
      const openapi = yield* document
      for (const [, name] of JSON.stringify(openapi).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        assert.property(openapi.components.schemas, name!)
      }
    })
  )

  it.effect("/docs has nothing for the authors of documents, and a fresh idempotency key for each load", () =>
    Effect.gen(function* () {
      const { text } = yield* Http.get("/docs")
      for (const setting of ['"showDeveloperTools":"never"', '"agent":{"disabled":true}', '"mcp":{"disabled":true}'])
        assert.include(text, setting)
      assert.strictEqual(text.split(EXAMPLE_KEY).length, 2)
      assert.match(text, /const key = globalThis\.crypto\?\.randomUUID\?\.\(\) \?\? "[\da-f-]{36}"/)
      assert.include(text, '"name":"Idempotency-Key"')
      assert.include(text, '"example":key')
    })
  )

  it.effect("/docs is one HTML page that loads no script, style or picture from elsewhere", () =>
    Effect.gen(function* () {
      const reply = yield* Http.get("/docs")
      assert.strictEqual(reply.status, 200)
      assert.match(reply.type!, /^text\/html/)
      assert.match(reply.text, /^\s*<!doctype html>/i)
      // What is inside of the inlined scripts and styles is not markup.
      const markup = reply.text.replaceAll(/(<(script|style)\b[^>]*>)[^]*?<\/\2>/gi, "$1")
      assert.include(markup, "<script")
      assert.isBelow(markup.length, 20_000)
      // Its script is the server's own, wherever the server is.
      const sources = Array.from(markup.matchAll(/<(?:script|img|iframe)\b[^>]*\ssrc="([^"]*)"/gi), ([, src]) => src!)
      assert.lengthOf(sources, 1)
      assert.match(sources[0]!, /^docs\/[\w.-]+\.js$/)
      const script = yield* Http.get(`/${sources[0]!}`)
      assert.deepStrictEqual([script.status, script.type], [200, "text/javascript; charset=utf-8"])
      assert.notMatch(markup, /<link\b[^>]*\shref=/i)
    })
  )
})
