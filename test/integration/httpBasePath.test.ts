/**
 * A server under a path prefix, alone and behind an nginx as the docs configure it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Client from "@turnout/http/Client"
import * as Server from "@turnout/http/Server"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { randomUUID } from "node:crypto"
import { blocksOf } from "../support/Docs.ts"
import * as Http from "../support/HttpServerFixture.ts"
import * as NginxProxy from "../support/NginxProxy.ts"

const started = Http.start({ server: { basePath: "/turnout" } })

const call = (url: string, init?: RequestInit) => Effect.promise(() => fetch(url, init))

const text = (response: Response) => Effect.promise(() => response.text())

const post = (url: string, body: unknown) =>
  call(url, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })

/** Creates and publishes an event, registers a person, and follows every `Location`. */
const followLocations = Effect.fnUntraced(function* (url: string, attendeeId: string) {
  const created = yield* post(`${url}/turnout/events`, Http.eventJson())
  const event = created.headers.get("location")!
  assert.match(event, /^\/turnout\/events\/[\da-f-]+$/)
  assert.strictEqual((yield* call(url + event)).status, 200)
  assert.strictEqual((yield* post(`${url}${event}/publish`, undefined)).status, 200)
  const attendee = { id: attendeeId, email: "ada@example.com" }
  const registered = yield* post(`${url}${event}/registrations`, { attendee })
  const registration = registered.headers.get("location")!
  assert.strictEqual(registered.status, 201)
  assert.match(registration, /^\/turnout\/events\/[\da-f-]+\/registrations\/[\da-f-]+$/)
  assert.strictEqual((yield* call(url + registration)).status, 200)
  const ofAttendee = yield* call(`${url}/turnout/attendees/${encodeURIComponent(attendeeId)}/registrations`)
  assert.strictEqual(ofAttendee.status, 200)
  const { items } = JSON.parse(yield* text(ofAttendee)) as { readonly items: ReadonlyArray<unknown> }
  assert.strictEqual(items.length, 1)
})

/** Reads the OpenAPI document, the page, and the script that the page names. */
const readDocs = Effect.fnUntraced(function* (url: string) {
  const openapi = JSON.parse(yield* text(yield* call(`${url}/turnout/openapi.json`))) as Record<string, object>
  assert.deepStrictEqual(openapi["servers"], [{ url: "/turnout", description: "This server" }])
  assert.property(openapi["paths"], "/events/{eventId}")
  const address = `${url}/turnout/docs`
  const page = yield* text(yield* call(address))
  assert.include(page, '"servers":[{"url":"/turnout","description":"This server"}]')
  const script = /<script src="([^"]*)">/.exec(page)![1]!
  assert.strictEqual((yield* call(new URL(script, address).href)).status, 200)
})

describe("HTTP under a path prefix", () => {
  it.live("Location and the documents have the prefix", () =>
    Effect.gen(function* () {
      const { url } = yield* started
      yield* followLocations(url, "a/b")
      yield* readDocs(url)
      assert.strictEqual((yield* call(`${url}/turnout/health/ready`)).status, 200)
    })
  )

  it.live("a path without the prefix, with it twice, or written in another way, leads nowhere", () =>
    Effect.gen(function* () {
      const { context } = yield* started
      for (const path of [
        "/",
        "/events",
        "/health/live",
        "/Turnout",
        "/turnout?",
        "/turnoutevents",
        "/turnout/turnout/events",
        "/Turnout/events",
        "/%74urnout/events",
        "//turnout/events",
        "/turnout//events",
        "/x/../turnout/events",
        "/turnout/../turnout/events",
        "/turnout;a=b/events"
      ]) {
        const reply = yield* Http.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`).pipe(
          Effect.provide(context)
        )
        assert.strictEqual(reply.status, 404, path)
        assert.include(reply.text, '"code":"route_not_found"', path)
      }
      const whole = yield* Http.raw(
        "GET http://x/turnout/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      ).pipe(Effect.provide(context))
      assert.strictEqual(whole.status, 200)
    })
  )

  it.live("a method that a resource does not have is told under the prefix too", () =>
    Effect.gen(function* () {
      const { url } = yield* started
      const reply = yield* call(`${url}/turnout/events`, { method: "DELETE" })
      assert.deepStrictEqual([reply.status, reply.headers.get("allow")], [405, "POST, GET, HEAD"])
    })
  )

  it.live("X-Forwarded-Prefix is not read", () =>
    Effect.gen(function* () {
      const { url } = yield* Http.start()
      const reply = yield* call(`${url}/events`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "idempotency-key": randomUUID(),
          "x-forwarded-prefix": "//evil.example"
        },
        body: JSON.stringify(Http.eventJson())
      })
      assert.match(reply.headers.get("location")!, /^\/events\//)
    })
  )

  it.live("the typed client works under the prefix", () =>
    Effect.gen(function* () {
      const { url } = yield* started
      const client = Client.layer(`${url}/turnout`).pipe(Layer.provide(FetchHttpClient.layer))
      const { items } = yield* Client.TurnoutClient.use((turnout) => turnout.events.list({ query: {} })).pipe(
        Effect.provide(client)
      )
      assert.deepStrictEqual(items, [])
    })
  )

  it.live("servers of one process have documents of their own", () =>
    Effect.gen(function* () {
      const [prefixed, plain] = [yield* started, yield* Http.start()]
      yield* readDocs(prefixed.url)
      const openapi = JSON.parse(yield* text(yield* call(`${plain.url}/openapi.json`))) as Record<string, object>
      assert.deepStrictEqual(openapi["servers"], [{ url: "/", description: "This server" }])
    })
  )

  it.live("everything works behind an nginx as the docs configure it", () =>
    Effect.gen(function* () {
      const { port } = yield* started
      const [blocks] = blocksOf("docs/guides/http.md", "nginx")
      const { url } = yield* NginxProxy.make(blocks!, port)
      yield* followLocations(url, "a/b c%2F")
      yield* readDocs(url)
      assert.strictEqual((yield* call(`${url}/turnout/admin/docs`)).status, 403)
      assert.strictEqual((yield* call(`${url}/turnout/%61dmin/docs`)).status, 403)
    })
  )

  it("a path that is no prefix is refused", () => {
    for (const basePath of [
      "/",
      "turnout",
      "/turnout/",
      "//a",
      "/a/../b",
      "/.",
      "/a b",
      "/%61",
      "/a?b",
      `/${"a".repeat(200)}`
    ])
      assert.throws(() => Server.layer({ basePath }), RangeError, /^basePath: must be a path/, basePath)
    for (const basePath of ["", "/a", "/a/b", "/v1.0", "/..a", "/a-b_c~d"]) Server.layer({ basePath })
  })
})
