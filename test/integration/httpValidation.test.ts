/**
 * What is not a valid request never reaches the domain: it is refused with every violation named, whatever it holds.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const ANY_ID = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1"
const REGISTRATIONS = `/events/${ANY_ID}/registrations`
const JSON_TYPE = "Content-Type: application/json"

/** Values with lone surrogates and control characters as JSON has them. */
const HOSTILE: ReadonlyArray<readonly [name: string, escaped: string]> = [
  ["a lone high surrogate", "\\ud800"],
  ["a lone low surrogate", "\\udfff"],
  ["surrogates in the wrong order", "\\udc00\\ud800"],
  ["NUL", "\\u0000"],
  ["BEL", "\\u0007"],
  ["ESC", "\\u001b"],
  ["DEL", "\\u007f"],
  ["a C1 control character", "\\u0085"]
]

/** Every text field of every body: the request, and where the field is. */
const TEXT_FIELDS: ReadonlyArray<readonly [path: string, pointer: string, body: (text: string) => string]> = [
  ...["title", "description", "location", "organizer", "timeZone"].map(
    (field) =>
      [
        "/events",
        `/${field}`,
        (text: string) => JSON.stringify(Http.eventJson({ [field]: "TEXT" })).replace("TEXT", text)
      ] as const
  ),
  ...["id", "name", "email"].map(
    (field) =>
      [
        REGISTRATIONS,
        `/attendee/${field}`,
        (text: string) =>
          JSON.stringify({ attendee: { email: "ada@example.com", [field]: "TEXT@example.com" } }).replace("TEXT", text)
      ] as const
  ),
  [
    REGISTRATIONS,
    "/notes",
    (text: string) => JSON.stringify({ attendee: { email: "ada@example.com" }, notes: "TEXT" }).replace("TEXT", text)
  ]
]

describe("HTTP validation", () => {
  withLayer(Http.layer(), { excludeTestServices: true })("by default", (it) => {
    describe("bodies", () => {
      it.effect("all violations are named at once", () =>
        Effect.gen(function* () {
          const reply = yield* Http.post("/events", { title: "", capacity: "many", waitlist: "maybe", nope: 1 })
          Http.assertInvalid(
            reply,
            ...["/title", "/capacity", "/waitlist", "/nope", "/organizer", "/startsAt", "/endsAt", "/timeZone"].map(
              (pointer) => `body ${pointer}`
            )
          )
        })
      )

      it.effect("unknown fields are refused by name, also within others", () =>
        Effect.gen(function* () {
          const body = { attendee: { email: "ada@example.com", role: "speaker" }, seat: 4 }
          Http.assertInvalid(yield* Http.post(REGISTRATIONS, body), "body /attendee/role", "body /seat")
        })
      )

      it.effect("pointers are escaped as RFC 6901 asks", () =>
        Effect.gen(function* () {
          Http.assertInvalid(yield* Http.post("/events", Http.eventJson({ "a/b~c": 1 })), "body /a~1b~0c")
        })
      )

      it.effect.each(["[]", "null", "1", '"text"', "true"])(
        "a body that is no object is refused as a whole: %s",
        (body) =>
          Effect.gen(function* () {
            Http.assertInvalid(yield* Http.post("/events", body), "body ")
          })
      )

      it.effect.each(["{", "", "nope", '{"a":1}}', "\u0000", "{'a':1}", '{"a":1,}', "NaN", "\ufeff\ufeff{}"])(
        "what is not JSON is refused: %j",
        (body) =>
          Effect.gen(function* () {
            Http.assertProblem(yield* Http.post("/events", body), 400, "malformed_json")
          })
      )

      it.effect("a write that needs a body is refused without one", () =>
        Effect.gen(function* () {
          const request = `${Http.head("POST", "/events", JSON_TYPE, "Connection: close")}Content-Length: 0\r\n\r\n`
          Http.assertProblem(yield* Http.raw(request), 400, "malformed_json")
        })
      )

      it.effect("what is not UTF-8 is refused", () =>
        Effect.gen(function* () {
          const body = Buffer.concat([Buffer.from('{"title":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
          Http.assertProblem(yield* Http.post("/events", body), 400, "malformed_json")
        })
      )

      it.effect("the schedule of a new event must be in order", () =>
        Effect.gen(function* () {
          const swapped = Http.eventJson({ startsAt: "2099-05-02T00:00:00Z", endsAt: "2099-05-01T00:00:00Z" })
          Http.assertInvalid(yield* Http.post("/events", swapped), "body /endsAt")
          const window = Http.eventJson({
            startsAt: "2099-05-01T00:00:00Z",
            endsAt: "2099-05-02T00:00:00Z",
            registrationOpensAt: "2098-05-02T00:00:00Z",
            registrationClosesAt: "2098-05-02T00:00:00Z"
          })
          Http.assertInvalid(yield* Http.post("/events", window), "body /registrationClosesAt")
        })
      )

      it.effect("texts have their lengths, counted after trimming", () =>
        Effect.gen(function* () {
          const longest = { title: `  ${"x".repeat(200)}  `, description: "x".repeat(4_000), location: "x".repeat(500) }
          assert.strictEqual((yield* Http.post("/events", Http.eventJson(longest))).status, 201)
          const tooLong = {
            title: "x".repeat(201),
            description: "x".repeat(4_001),
            location: "x".repeat(501),
            organizer: "   "
          }
          Http.assertInvalid(
            yield* Http.post("/events", Http.eventJson(tooLong)),
            "body /title",
            "body /description",
            "body /location",
            "body /organizer"
          )
        })
      )

      it.effect.each(["", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c", "ada@example..com", 7, null, {}])(
        "an e-mail address must be one: %j",
        (email) =>
          Effect.gen(function* () {
            Http.assertInvalid(yield* Http.post(REGISTRATIONS, { attendee: { email } }), "body /attendee/email")
          })
      )

      it.effect.each([
        "'ada@example.com'",
        "“ada@example.com”",
        "<ada@example.com>",
        "a\u200bda@example.com",
        "ada@1.2.3.4"
      ])("an address that is pasted with something, or cannot be one, is refused: %s", (email) =>
        Effect.gen(function* () {
          Http.assertInvalid(yield* Http.post(REGISTRATIONS, { attendee: { email } }), "body /attendee/email")
        })
      )

      it.effect.each([" ", "\u200b", "\u2800", "\u3164", "\u0301"])(
        "a title, an organizer, a name and an id need something to see: %j",
        (text) =>
          Effect.gen(function* () {
            const event = yield* Http.post("/events", Http.eventJson({ title: text, organizer: text }))
            Http.assertInvalid(event, "body /title", "body /organizer")
            assert.include(event.text, "must have something to see")
            const attendee = { email: "ada@example.com", name: `\u00ad${text}`, id: text }
            Http.assertInvalid(
              yield* Http.post(REGISTRATIONS, { attendee }),
              "body /attendee/name",
              "body /attendee/id"
            )
          })
      )

      it.effect("an id of a host does not begin as those of addresses do", () =>
        Effect.gen(function* () {
          const attendee = { id: "MailTo:ada@example.com", email: "ada@example.com" }
          const reply = yield* Http.post(REGISTRATIONS, { attendee })
          Http.assertInvalid(reply, "body /attendee/id")
          assert.include(reply.text, "must not begin with mailto:")
        })
      )

      it.effect.each(["2027-02-30T10:00:00Z", "2027-05-01T10:00:00", "2027-05-01", "10000-01-01T00:00:00Z"])(
        "a time that is none is refused: %s",
        (startsAt) =>
          Effect.gen(function* () {
            Http.assertInvalid(yield* Http.post("/events", Http.eventJson({ startsAt })), "body /startsAt")
          })
      )

      it.effect.each([
        "2027-13-01T10:00:00Z",
        "2027-00-10T10:00:00Z",
        "2027-05-00T10:00:00Z",
        "2027-02-29T10:00:00Z",
        "2027-05-01T24:00:00Z",
        "2027-05-01T25:00:00Z",
        "2027-05-01T10:60:00Z",
        "2027-05-01T10:00:61Z",
        "2027-05-01T10:00:00+24:00",
        "2027-05-01T10:00:00+0200",
        "2027-05-01 10:00:00Z",
        "+002027-05-01T10:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "1899-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "tomorrow",
        "",
        1_800_000_000_000,
        null
      ])("so is this one: %j", (startsAt) =>
        Effect.gen(function* () {
          Http.assertInvalid(yield* Http.post("/events", Http.eventJson({ startsAt })), "body /startsAt")
        })
      )

      it.effect.each(["2096-02-29T10:00:00Z", "2027-05-01T10:00:00.123456789+14:00", "9998-12-31T23:59:59.999Z"])(
        "a time that there is is taken: %s",
        (startsAt) =>
          Effect.gen(function* () {
            const body = Http.eventJson({ startsAt, endsAt: "9999-12-31T23:59:59.999Z" })
            assert.strictEqual((yield* Http.post("/events", body)).status, 201)
          })
      )

      it.effect.each(["1e400", "-1", "1.5", "1000001", "1e21", "9007199254740993", '"2"', "null", "true", "[2]"])(
        "a capacity of %s is refused",
        (capacity) =>
          Effect.gen(function* () {
            const body = JSON.stringify(Http.eventJson({ capacity: 777 })).replace("777", capacity)
            Http.assertInvalid(yield* Http.post("/events", body), "body /capacity")
          })
      )

      it.effect("minus zero is zero", () =>
        Effect.gen(function* () {
          const body = JSON.stringify(Http.eventJson({ capacity: 777 })).replace("777", "-0")
          const { headers, status } = yield* Http.post("/events", body)
          assert.strictEqual(status, 201)
          assert.include((yield* Http.get(headers.get("location")!)).text, '"capacity":0,')
        })
      )

      it.effect("of a field that is there twice, the last one counts", () =>
        Effect.gen(function* () {
          const body = JSON.stringify(Http.eventJson({ title: "First" })).replace("{", '{"title":7,')
          const reply = yield* Http.post("/events", body)
          assert.deepStrictEqual([reply.status, reply.body.title], [201, "First"])
        })
      )

      it.effect.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
        "a field named %s is unknown like any other",
        (name) =>
          Effect.gen(function* () {
            const body = JSON.stringify(Http.eventJson()).replace("{", `{${JSON.stringify(name)}:{"title":"x"},`)
            Http.assertInvalid(yield* Http.post("/events", body), `body /${name}`)
            const attendee = `{"attendee":{"email":"ada@example.com",${JSON.stringify(name)}:{"name":"x"}}}`
            Http.assertInvalid(yield* Http.post(REGISTRATIONS, attendee), `body /attendee/${name}`)
          })
      )

      it.effect("__proto__ does not stand in for the fields of the body", () =>
        Effect.gen(function* () {
          const reply = yield* Http.post("/events", `{"__proto__":${JSON.stringify(Http.eventJson())}}`)
          Http.assertProblem(reply, 400, "validation_failed")
          assert.includeMembers(
            reply.body.violations.map(({ pointer }) => pointer),
            ["/__proto__", "/title"]
          )
        })
      )

      it.effect("the depth of a body does not matter", () =>
        Effect.gen(function* () {
          const arrays = "[".repeat(30_000) + "]".repeat(30_000)
          const objects = '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000)
          for (const deep of [arrays, objects]) {
            const event = JSON.stringify(Http.eventJson({ title: "TITLE" }))
            Http.assertInvalid(yield* Http.post("/events", event.replace('"TITLE"', deep)), "body /title")
            Http.assertInvalid(yield* Http.post("/events", event.replace("{", `{"nope":${deep},`)), "body /nope")
            Http.assertInvalid(
              yield* Http.post(REGISTRATIONS, `{"attendee":{"email":"a@example.com","x":${deep}}}`),
              "body /attendee/x"
            )
            const action = yield* Http.post(`/events/${ANY_ID}/publish`, `{"x":${deep}}`)
            Http.assertInvalid(action, "body /x")
          }
          Http.assertInvalid(yield* Http.post("/events", arrays), "body ")
        })
      )

      it.effect("an answer to many violations stays in proportion", () =>
        Effect.gen(function* () {
          const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`f${n}`, 0]))
          const reply = yield* Http.post("/events", Http.eventJson(unknown))
          Http.assertProblem(reply, 400, "validation_failed")
          assert.isBelow(reply.text.length, 2_000_000)
        })
      )
    })

    describe("text", () => {
      it.effect.each(TEXT_FIELDS)("%s %s: what cannot be stored is refused", ([path, pointer, body]) =>
        Effect.gen(function* () {
          for (const [, escaped] of HOSTILE) {
            Http.assertInvalid(yield* Http.post(path, body(`a${escaped}b`)), `body ${pointer}`)
          }
        })
      )

      it.effect.each(HOSTILE)("the name of a field may hold %s and is refused as any other", ([, escaped]) =>
        Effect.gen(function* () {
          const body = JSON.stringify(Http.eventJson()).replace("{", `{"a${escaped}b":1,`)
          const reply = yield* Http.post("/events", body)
          Http.assertProblem(reply, 400, "validation_failed")
          assert.lengthOf(reply.body.violations, 1)
          assert.isTrue(reply.body.violations.every(({ pointer, rule }) => (pointer + rule).isWellFormed()))
          const action = yield* Http.post(`/events/${ANY_ID}/publish`, `{"a${escaped}b":1}`)
          Http.assertProblem(action, 400, "validation_failed")
        })
      )

      it.effect("line breaks belong to texts with several lines only", () =>
        Effect.gen(function* () {
          const fine = yield* Http.post("/events", Http.eventJson({ description: "two\r\nlines\tand a tab" }))
          assert.strictEqual(fine.status, 201)
          Http.assertInvalid(yield* Http.post("/events", Http.eventJson({ title: "two\nlines" })), "body /title")
        })
      )

      it.effect("surrogates in pairs are fine", () =>
        Effect.gen(function* () {
          const body = JSON.stringify(Http.eventJson({ title: "TITLE" })).replace("TITLE", "\\ud83c\\udf9f")
          const reply = yield* Http.post("/events", body)
          assert.deepStrictEqual([reply.status, reply.body.title], [201, "\u{1f39f}"])
        })
      )
    })

    describe("bodies where none is expected", () => {
      const publish = `/events/${ANY_ID}/publish`

      it.effect.each(["{}", " {} ", undefined])("%j is as good as none", (body) =>
        Effect.gen(function* () {
          Http.assertProblem(yield* Http.post(publish, body), 404, "event_not_found")
        })
      )

      it.effect("a field is refused by name", () =>
        Effect.gen(function* () {
          const reply = yield* Http.post(publish, { force: true, "a/b": 1 })
          Http.assertInvalid(reply, "body /force", "body /a~1b")
        })
      )

      it.effect.each(["null", "0", '"now"', "false"])("%s is refused", (body) =>
        Effect.gen(function* () {
          Http.assertInvalid(yield* Http.post(publish, body), "body ")
        })
      )

      it.effect("an array is refused", () =>
        Effect.gen(function* () {
          Http.assertInvalid(yield* Http.post(publish, "[]"), "body ")
        })
      )

      it.effect("what is not JSON is refused", () =>
        Effect.gen(function* () {
          Http.assertProblem(yield* Http.post(publish, "now!"), 400, "malformed_json")
        })
      )

      it.effect("too much is refused", () =>
        Effect.gen(function* () {
          Http.assertProblem(yield* Http.post(publish, " ".repeat(65_537)), 413, "payload_too_large")
        })
      )
    })

    describe("paths", () => {
      it.effect.each([
        "not-a-uuid",
        "0196fd0c5a5f7b7e8a576dbf8bb3f6c1",
        `{${ANY_ID}}`,
        `${ANY_ID}%00`,
        `${ANY_ID}%0a`,
        `%20${ANY_ID}`,
        "%F0%9F%8E%9F"
      ])("an event id that is no UUID is refused: %s", (id) =>
        Effect.gen(function* () {
          Http.assertInvalid(yield* Http.get(`/events/${id}`), "path /eventId")
          Http.assertInvalid(yield* Http.post(`/events/${id}/publish`), "path /eventId")
          Http.assertInvalid(yield* Http.get(`/events/${id}/waitlist`), "path /eventId")
        })
      )

      it.effect("every id that is no UUID is named", () =>
        Effect.gen(function* () {
          const reply = yield* Http.post("/events/one/registrations/two/cancel")
          Http.assertInvalid(reply, "path /eventId", "path /registrationId")
        })
      )

      it.effect("an id of any length is answered with a problem", () =>
        Effect.gen(function* () {
          for (const length of [101, 500, 8_000]) {
            const reply = yield* Http.get(`/events/${"x".repeat(length)}`)
            assert.include([400, 404, 414], reply.status)
            Http.assertProblem(reply, reply.status, reply.body.code)
          }
        })
      )

      it.effect.each(["x", "日"])("an attendee id may have 254 characters: %s…", (character) =>
        Effect.gen(function* () {
          const id = character.repeat(254)
          const event = yield* Given.publishedEvent()
          const attendee = { id, email: "ada@example.com" }
          assert.strictEqual((yield* Http.post(`/events/${event.id}/registrations`, { attendee })).status, 201)
          const found = yield* Http.get(`/attendees/${encodeURIComponent(id)}/registrations`)
          assert.deepStrictEqual([found.status, found.body.items?.length], [200, 1])
        })
      )

      it.effect.each([
        ["NUL", "%00"],
        ["a line break", "a%0ab"],
        ["nothing but a space", "%20"],
        ["255 characters", "x".repeat(255)]
      ])("an attendee id that cannot be one is refused: %s", ([, id]) =>
        Effect.gen(function* () {
          Http.assertInvalid(yield* Http.get(`/attendees/${id}/registrations`), "path /attendeeId")
        })
      )

      it.effect.each([
        "/events/%",
        "/events/%ff",
        "/events/%ed%a0%80",
        "/attendees/%ff/registrations",
        "/%zz",
        "//",
        "/."
      ])("a path that cannot be decoded is nobody's fault but the client's: %s", (path) =>
        Effect.gen(function* () {
          const reply = yield* Http.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
          assert.include([400, 404], reply.status)
          Http.assertProblem(reply, reply.status, reply.body.code)
        })
      )
    })

    describe("queries", () => {
      it.effect.each(["0", "-1", "501", "1.5", "abc", "", "1e400", "NaN", "Infinity", "1&limit=2", "%00"])(
        "limit=%s is refused",
        (limit) =>
          Effect.gen(function* () {
            const { id } = yield* Given.draftEvent()
            for (const path of [
              "/events",
              `/events/${id}/registrations`,
              `/events/${id}/waitlist`,
              "/attendees/ada/registrations"
            ]) {
              const reply = yield* Http.get(`${path}?limit=${limit}`)
              Http.assertProblem(reply, 400, "validation_failed")
              for (const { in: part, pointer } of reply.body.violations) {
                assert.match(`${part} ${pointer}`, /^query \/limit/)
              }
            }
          })
      )

      const encode = (text: string) => Buffer.from(text).toString("base64url")
      it.effect.each([
        "!!!",
        "",
        "%00",
        encode("nope"),
        encode("{}"),
        encode("-1"),
        encode("1.5"),
        encode("1e400"),
        encode("99999999999999999999"),
        encode('"x"'),
        encode("null"),
        encode("[".repeat(5_000)),
        encode('{"startsAt":"2027-02-30T00:00:00Z","id":"x"}'),
        "a&cursor=b"
      ])("cursor=%s is refused", (cursor) =>
        Effect.gen(function* () {
          const { id } = yield* Given.draftEvent()
          for (const path of [
            "/events",
            `/events/${id}/registrations`,
            `/events/${id}/waitlist`,
            "/attendees/ada/registrations"
          ]) {
            const reply = yield* Http.get(`${path}?cursor=${cursor}`)
            Http.assertProblem(reply, 400, "validation_failed")
            for (const { in: part, pointer } of reply.body.violations) {
              assert.match(`${part} ${pointer}`, /^query \/cursor/)
            }
          }
        })
      )

      it.effect("the cursor of another list is refused", () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent()
          yield* Given.registerAll(event.id, 2)
          const { body } = yield* Http.get(`/events/${event.id}/registrations?limit=1`)
          Http.assertProblem(yield* Http.get(`/events?cursor=${body.nextCursor}`), 400, "validation_failed")
        })
      )

      it.effect("the cursor of a list in another order is refused", () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent()
          yield* Given.registerAll(event.id, 2)
          const path = `/events/${event.id}/registrations?limit=1`
          const { body } = yield* Http.get(`${path}&order=newest`)
          Http.assertInvalid(yield* Http.get(`${path}&cursor=${body.nextCursor}`), "query /cursor")
          assert.strictEqual((yield* Http.get(`${path}&order=newest&cursor=${body.nextCursor}`)).status, 200)
        })
      )

      it.effect("unknown and wrong parameters are all named", () =>
        Effect.gen(function* () {
          const query = "status=odd&from=yesterday&until=2027-02-30T00:00:00Z&organizer=%00&nope=1&__proto__=1"
          Http.assertInvalid(
            yield* Http.get(`/events?${query}`),
            ...["status", "from", "until", "organizer", "nope", "__proto__"].map((name) => `query /${name}`)
          )
        })
      )

      it.effect.each([
        "status=draft&status=published",
        "status[]=draft",
        "%00=1",
        "%ff",
        "organizer=",
        "state=confirmed",
        "status=",
        "status=draft,open",
        "status=draft,,published",
        "search=",
        `search=${"a".repeat(101)}`,
        "search=%00",
        "total=yes",
        "total=",
        "order=entry",
        "from=2027-05-01T18:00:00Z&until=2027-05-01T18:00:00Z",
        "startsFrom=2027-05-02T18:00:00Z&startsUntil=2027-05-01T18:00:00Z"
      ])("?%s is refused", (query) =>
        Effect.gen(function* () {
          Http.assertProblem(yield* Http.get(`/events?${query}`), 400, "validation_failed")
        })
      )

      it.effect("bytes that are no text are refused or found nowhere, and never our own failure", () =>
        Effect.gen(function* () {
          for (const query of ["organizer=%ff", "organizer=%ed%a0%80", "cursor=%ff", "organizer=%"]) {
            const reply = yield* Http.raw(`GET /events?${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
            assert.include([200, 400], reply.status, query)
          }
        })
      )
    })

    describe("headers", () => {
      it.effect("every header that is wrong is named", () =>
        Effect.gen(function* () {
          const reply = yield* Http.raw(
            Http.head("POST", "/events", "Authorization: a", "Authorization: b", "Content-Type: a") +
              "Content-Type: b\r\n\r\n"
          )
          Http.assertInvalid(reply, "header /authorization", "header /content-type")
        })
      )
    })
  })
})
