/**
 * ETag and If-Match (RFC 9110): every answer about an event has its version, and a write is refused with 412 if the event itself
 * has changed since the version that its client has seen.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const etagOf = ({ headers }: Http.Reply) => headers.get("etag")
const ifMatch = (tag: string, more: Http.CallOptions = {}): Http.CallOptions => ({
  ...more,
  headers: { "if-match": tag }
})
const patch = (id: string, title: string, options: Http.CallOptions) =>
  Http.call("PATCH", `/events/${id}`, { ...options, body: { title } })

withLayer(Http.layer(), { excludeTestServices: true })("HTTP versions", (it) => {
  it.effect("every answer about an event has its version as ETag, and no other answer has one", () =>
    Effect.gen(function* () {
      const input = { ...Http.eventJson({ startsAt: "2020-05-01T18:00:00Z", endsAt: "2099-05-01T18:00:00Z" }) }
      const created = yield* Http.post("/events", input)
      const path = `/events/${created.body.id}`
      const replies = [
        created,
        yield* Http.post(`${path}/publish`),
        yield* Http.post(`${path}/unpublish`),
        yield* Http.call("PATCH", path, { body: { title: "Gala" } }),
        yield* Http.post(`${path}/publish`),
        yield* Http.call("PUT", `${path}/capacity`, { body: { capacity: 5 } }),
        yield* Http.post(`${path}/complete`)
      ]
      assert.deepStrictEqual(
        replies.map((reply) => [Math.floor(reply.status / 100), etagOf(reply)]),
        [1, 2, 3, 4, 5, 6, 7].map((version) => [2, `"${version}"`])
      )
      const other = yield* Http.post("/events", Http.eventJson())
      assert.strictEqual(etagOf(yield* Http.post(`/events/${other.body.id}/cancel`)), '"2"')
      for (const method of ["GET", "HEAD"]) assert.strictEqual(etagOf(yield* Http.call(method, path)), '"7"')
      const without = [
        yield* Http.get("/events"),
        yield* Http.get(`${path}/registrations`),
        yield* Http.get(`/events/${randomUUID()}`),
        yield* Http.post(`${path}/publish`),
        yield* Http.post(`${path}/registrations`, Given.person(1))
      ]
      for (const reply of without) assert.isNull(etagOf(reply))
    })
  )

  it.effect("the ETag is another as soon as the answer is: with every registration", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.publishedEvent()
      const before = yield* Http.get(`/events/${id}`)
      yield* Given.register(id, 1)
      const after = yield* Http.get(`/events/${id}`)
      assert.notStrictEqual(before.text, after.text)
      assert.deepStrictEqual([etagOf(before), etagOf(after)], ['"2"', '"3"'])
    })
  )

  it.effect("a client that has the version is spared the event, and one that has another version is not", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.publishedEvent()
      const path = `/events/${id}`
      const known = (tag: string) => ({ headers: { "if-none-match": tag } })
      const first = yield* Http.get(path)
      const tag = etagOf(first)!
      for (const header of [tag, `W/${tag}`, `"1", ${tag}`, "*"])
        for (const method of ["GET", "HEAD"]) {
          const { headers, status, text } = yield* Http.call(method, path, known(header))
          assert.deepStrictEqual(
            [status, text, headers.get("etag"), headers.get("content-type"), headers.get("vary")],
            [304, "", tag, null, first.headers.get("vary")],
            header
          )
          assert.strictEqual(headers.get("cache-control"), first.headers.get("cache-control"))
        }
      for (const header of ['"1"', tag.slice(0, -1), "no tag", ""])
        assert.strictEqual((yield* Http.call("GET", path, known(header))).text, first.text, header)
      yield* Given.register(id, 1)
      const changed = yield* Http.call("GET", path, known(tag))
      assert.deepStrictEqual([changed.status, etagOf(changed), changed.body.counts["confirmed"]], [200, '"3"', 1])
      assert.strictEqual((yield* Http.call("GET", "/events", known("*"))).status, 200)
      assert.strictEqual((yield* Http.call("GET", `/events/${randomUUID()}`, known("*"))).status, 404)
    })
  )

  it.effect("a form that was open is saved while people register, and refused after a colleague has saved", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.publishedEvent({ title: "Gala" })
      const opened = etagOf(yield* Http.get(`/events/${id}`))!
      yield* Given.registerAll(id, 4)
      const saved = yield* patch(id, "Ball", ifMatch(opened))
      assert.deepStrictEqual([saved.status, etagOf(saved), saved.body.title], [200, '"7"', "Ball"])
      const late = yield* patch(id, "Fair", ifMatch(opened))
      const facts = { eventId: id, expectedVersions: [2], version: 7, revision: 7 }
      Http.assertProblem(late, 412, "version_conflict", facts)
      assert.strictEqual(etagOf(late), '"7"', "the version that there is")
      const again = yield* patch(id, "Fair", ifMatch(etagOf(late)!))
      assert.deepStrictEqual([again.status, etagOf(again)], [200, '"8"'])
    })
  )

  it.effect(
    "every write about an event heeds If-Match, after what the request cannot know and before its content",
    () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent()
        yield* patch(id, "Gala", {})
        const stale = ifMatch('"1"')
        const path = `/events/${id}`
        const refused = [
          yield* patch(id, "Ball", stale),
          yield* Http.call("PATCH", path, { ...stale, body: { endsAt: "2001-01-01T00:00:00Z" } }),
          yield* Http.post(`${path}/publish`, undefined, stale),
          yield* Http.post(`${path}/cancel`, undefined, stale),
          yield* Http.call("PUT", `${path}/capacity`, { ...stale, body: { capacity: 7 } }),
          yield* Http.call("DELETE", path, stale)
        ]
        for (const reply of refused) {
          Http.assertProblem(reply, 412, "version_conflict")
          assert.strictEqual(etagOf(reply), '"2"')
        }
        Http.assertProblem(yield* Http.post(`${path}/complete`, undefined, stale), 409, "event_status_conflict")
        Http.assertProblem(yield* patch(randomUUID(), "Ball", stale), 404, "event_not_found")
        Http.assertInvalid(yield* Http.call("PATCH", path, { ...stale, body: { title: 1 } }), "body /title")
        // What is done already undoes nothing.
        const done = [yield* patch(id, "Gala", stale), yield* Http.post(`${path}/unpublish`, undefined, stale)]
        for (const reply of done) assert.deepStrictEqual([reply.status, etagOf(reply)], [200, '"2"'])
        yield* Http.post(`${path}/cancel`)
        Http.assertProblem(yield* Http.post(`${path}/reopen`, undefined, stale), 412, "version_conflict")
        const reopened = yield* Http.post(`${path}/reopen`, undefined, ifMatch('"3"'))
        assert.deepStrictEqual([reopened.status, etagOf(reopened), reopened.body.status], [200, '"5"', "draft"])
      })
  )

  it.effect.each([
    ['"2"', 200],
    ['"1", "2"', 200],
    ['"2" , "9"', 200],
    [',, "2",', 200],
    ['\t"2"', 200],
    ["*", 200],
    [' "a,b" , "2"', 200],
    ['"1"', 412],
    ['"3"', 412],
    ['"1", "3"', 412],
    // A weak tag is never equal in a strong comparison.
    ['W/"2"', 412],
    ['W/"2", "1"', 412],
    // Tags that this server does not give.
    ['""', 412],
    ['"02"', 412],
    ['"2.0"', 412],
    ['"*"', 412],
    ['"a"', 412],
    ['"9007199254740993"', 412],
    ['"\u00fc"', 412],
    ["2", 400],
    ["", 400],
    [",", 400],
    ['"2', 400],
    ['2"', 400],
    ["'2'", 400],
    ['"2" "1"', 400],
    ['"2";q=1', 400],
    ['*, "2"', 400],
    ['"2", *', 400],
    ["* *", 400],
    ['w/"2"', 400],
    ['W/ "2"', 400],
    ['"a b"', 400],
    ['" 2"', 400],
    [`${'"2",'.repeat(20)}"2"`, 400],
    [`"2"${" ".repeat(4_000)}x`, 400]
  ] as const)("If-Match: %s of an event in version 2: %d", ([tag, status]) =>
    Effect.gen(function* () {
      const { id } = yield* Given.draftEvent()
      yield* patch(id, "Gala", {})
      const reply = yield* patch(id, "Ball", ifMatch(tag))
      assert.strictEqual(reply.status, status, reply.text)
      if (status === 400) {
        Http.assertInvalid(reply, "header /if-match")
        assert.include(reply.body.violations[0]!.rule, 'such as "42"')
      }
    })
  )

  it.effect("a header that is sent twice is one list", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.draftEvent()
      const send = (...headers: ReadonlyArray<string>) =>
        Http.raw(
          `${Http.head("POST", `/events/${id}/publish`, ...headers, "Connection: close", "Content-Length: 0")}\r\n`
        )
      Http.assertProblem(yield* send('If-Match: "7"', 'If-Match: "8"'), 412, "version_conflict")
      assert.strictEqual((yield* send('If-Match: "7"', 'If-Match: "1"')).status, 200)
    })
  )

  it.effect("a condition is refused by name where it is not heeded", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.publishedEvent()
      const registration = yield* Given.register(id, 1)
      const path = `/events/${id}/registrations`
      const headers = { "if-match": '"2"' }
      const refused = [
        yield* Http.post(path, Given.person(2), { headers }),
        yield* Http.post(`${path}/${registration.id}/cancel`, undefined, { headers }),
        yield* Http.post("/events", Http.eventJson(), { headers })
      ]
      for (const reply of refused) Http.assertInvalid(reply, "header /if-match")
      const unless = { headers: { "if-none-match": "*" } }
      Http.assertInvalid(yield* patch(id, "Ball", unless), "header /if-none-match")
      const { body } = yield* Http.get(`/events/${id}`)
      assert.deepInclude(body, { version: 3, title: "Conference" } as object)
    })
  )

  it.effect("I1: the key decides first: a repeated request gets its first answer, with its ETag", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.draftEvent()
      const key = randomUUID()
      const first = yield* patch(id, "Gala", ifMatch('"1"', { key }))
      yield* patch(id, "Ball", {})
      const again = yield* patch(id, "Gala", ifMatch('"1"', { key }))
      assert.deepStrictEqual([again.status, again.text, etagOf(again)], [200, first.text, '"2"'])
      assert.strictEqual(again.headers.get("idempotent-replayed"), "true")
      Http.assertProblem(yield* patch(id, "Gala", ifMatch('"3"', { key })), 422, "idempotency_key_reused")
    })
  )

  it.effect("DELETE of a draft answers 204, again under its key, and 404 under another", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.draftEvent()
      const path = `/events/${id}`
      const key = randomUUID()
      Http.assertProblem(yield* Http.call("DELETE", path, { key: null }), 400, "idempotency_key_missing")
      Http.assertInvalid(yield* Http.call("DELETE", path, { body: { sure: true } }), "body /sure")
      const deleted = yield* Http.call("DELETE", path, ifMatch('"1"', { key }))
      assert.deepStrictEqual([deleted.status, deleted.text, etagOf(deleted)], [204, "", null])
      const again = yield* Http.call("DELETE", path, ifMatch('"1"', { key }))
      assert.deepStrictEqual([again.status, again.headers.get("idempotent-replayed")], [204, "true"])
      Http.assertProblem(yield* Http.call("DELETE", path), 404, "event_not_found")
      Http.assertProblem(yield* Http.get(path), 404, "event_not_found")
      Http.assertProblem(yield* patch(id, "Gala", ifMatch('"2"')), 404, "event_not_found")
      Http.assertProblem(yield* Http.post("/events", Http.eventJson({ id })), 409, "event_was_deleted")
    })
  )
})
