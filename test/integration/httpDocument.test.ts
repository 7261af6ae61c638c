/**
 * What the OpenAPI documents say: everything in words, bounds that are those of the schemas, and what webhooks are sent.
 */
import { assert, describe, it } from "@effect/vitest"
import { EventChanges, EventInput } from "@turnout/core/admission/domain/model/Event"
import { AttendedInput } from "@turnout/core/admission/domain/model/Attendance"
import { GuestInput } from "@turnout/core/admission/domain/model/Register"
import {
  ConfirmationInput,
  CorrectionInput,
  RegistrationInput
} from "@turnout/core/admission/domain/model/Registration"
import { CapacityInput } from "@turnout/core/admission/domain/model/Seats"
import { JournalEvent, JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import * as Text from "@turnout/core/kernel/domain/Text"
import { WebhookInput } from "@turnout/core/webhooks/domain/Webhook"
import { contact, HOMEPAGE, VERSION } from "@turnout/http/internal/document/Info"
import type { JsonSchema, Operation } from "@turnout/http/internal/document/Json"
import { Arbitrary, Effect, Result, Schema } from "effect"
import * as fc from "fast-check"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as ApiDocument from "../support/ApiDocument.ts"
import { ODD_EMAILS } from "../fuzz/Corpus.ts"
import { ROOT } from "../support/Docs.ts"

const both = [
  ["the API", ApiDocument.api],
  ["the API for operators", ApiDocument.adminApi]
] as const

interface Named {
  readonly at: string
  readonly operation: Operation
}

const operationsOf = ({ document }: ApiDocument.Documented): ReadonlyArray<Named> =>
  [...Object.entries(document.paths), ...Object.entries(document.webhooks ?? {})].flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ at: `${method} ${path}`, operation }))
  )

/** The fields in a schema that nothing is said of. */
const silentIn = (schema: JsonSchema, at: string): ReadonlyArray<string> => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined ? [`${at}.${name}`] : []),
    ...silentIn(field, `${at}.${name}`)
  ]),
  ...[...(schema.anyOf ?? []), ...(schema.allOf ?? [])].flatMap((one) => silentIn(one, at)),
  ...(typeof schema.items === "object" ? silentIn(schema.items, `${at}[]`) : [])
]

describe.each(both)("the document of %s", (_name, documented) => {
  it("says what every field is", () => {
    const { schemas } = documented().document.components
    assert.deepStrictEqual(
      Object.entries(schemas).flatMap(([name, schema]) => silentIn(schema, name)),
      []
    )
  })

  it("says what every operation, parameter, response and header is", () => {
    const { components, tags } = documented().document
    const silent = operationsOf(documented()).flatMap(({ at, operation }) => [
      ...(["summary", "description"] as const)
        .filter((word) => (operation[word] ?? "") === "")
        .map((word) => `${at} ${word}`),
      ...operation.parameters.filter(({ description = "" }) => description === "").map(({ name }) => `${at} ${name}`),
      ...Object.entries(operation.responses).flatMap(([status, { description, headers = {} }]) => [
        ...(/ /.test(description) ? [] : [`${at} ${status}`]),
        ...Object.entries(headers)
          .filter(([, header]) => !("$ref" in header) && (header.description ?? "") === "")
          .map(([name]) => `${at} ${status} ${name}`)
      ])
    ])
    const shared = Object.entries(components.headers ?? {}).filter(([, { description = "" }]) => description === "")
    assert.deepStrictEqual([silent, shared, tags.filter(({ description = "" }) => description === "")], [[], [], []])
  })

  it("has an example for every body and every parameter that is required, which its schema allows", () => {
    const { validator } = documented()
    for (const { at, operation } of operationsOf(documented())) {
      for (const { example, name, required, schema } of operation.parameters) {
        assert.isTrue(example !== undefined || !required, `${at} ${name}`)
        if (example !== undefined) assert.isTrue(validator(schema)(example), `${at} ${name} ${String(example)}`)
      }
      for (const { example, schema } of Object.values(operation.requestBody?.content ?? {})) {
        const validate = validator(schema)
        assert.isTrue(validate(example), `${at} ${JSON.stringify(validate.errors)}`)
      }
    }
  })

  it("gives operations names that are those of functions, each to one", () => {
    const names = operationsOf(documented()).map(({ operation }) => operation.operationId)
    for (const name of names) assert.match(name, /^[a-z][A-Za-z]+$/)
    assert.strictEqual(new Set(names).size, names.length)
  })

  it("names every header of answers that some answers have", () => {
    const has = (name: string, expected: (status: string, named: Named) => boolean) => {
      for (const named of operationsOf(documented()).filter(
        ({ operation }) => !operation.operationId.startsWith("on")
      )) {
        for (const [status, { headers = {} }] of Object.entries(named.operation.responses)) {
          assert.strictEqual(name in headers, expected(status, named), `${name} of ${named.at} ${status}`)
        }
      }
    }
    const isWrite = ({ operation }: Named) => operation.parameters.some(({ name }) => name === "Idempotency-Key")
    has("X-Request-Id", () => true)
    has("WWW-Authenticate", (status) => status === "401")
    has("Retry-After", (status, named) => ["429", "503"].includes(status) || (status === "409" && isWrite(named)))
    const isHealth = ({ operation }: Named) =>
      ["getLiveness", "getReadiness", "getHealth"].includes(operation.operationId)
    for (const name of ["RateLimit", "RateLimit-Policy"]) has(name, (_, named) => !isHealth(named))
    has("Idempotent-Replayed", (status, named) => isWrite(named) && /^(2..|409|412)$/.test(status))
    has("Location", (status, { at }) => status === "201" && !at.includes("/admin/"))
    has("Store-Clock-Offset", (status, { at }) => at === "get /health/ready" && status === "200")
  })

  it("is about the product as its package is", () => {
    const text = readFileSync(join(ROOT, "packages/http/package.json"), "utf8")
    const { author, homepage, license, version } = JSON.parse(text) as Readonly<Record<string, string>>
    assert.deepStrictEqual([HOMEPAGE, VERSION, contact.name], [homepage!, version!, author!])
    const { info } = documented().document
    assert.deepInclude(info, { version, contact: { name: author, url: homepage } })
    assert.deepInclude(info["license"], { name: license, identifier: license })
  })
})

/** Values of a schema, as JSON. */
const drawn = <A>(schema: Schema.Codec<A, unknown>): ReadonlyArray<unknown> => {
  const sample = Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 100, size: 12, seed: "turnout" })
  return Effect.runSync(sample).map((value) => Schema.encodeSync(Schema.toCodecJson(schema))(value))
}

const SCHEDULE = { startsAt: "2035-05-12T18:00:00Z", endsAt: "2035-05-12T22:00:00+02:00" }
const EVENT = { title: "A", organizer: "B", timeZone: "Europe/Berlin", capacity: 0, ...SCHEDULE }
const FREE_TIMES = ["startsAt", "endsAt", "registrationOpensAt", "registrationClosesAt"]

const events = drawn(EventChanges).map((changes) => ({
  ...EVENT,
  ...Object.fromEntries(Object.entries(changes as object).filter(([name]) => !FREE_TIMES.includes(name)))
}))

const ADDRESSES = [
  ...ODD_EMAILS.map((json) => JSON.parse(json) as unknown),
  "ada@example.com",
  " Ada@M\u00fcnchen.DE\t",
  "\u200bada@example.com",
  `${"a".repeat(64)}@${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(57)}.de`,
  "\uff41da\uff20example.com",
  "ada@localhost"
]
const people = [...ADDRESSES, "ada@example.com"].flatMap((email) =>
  ["user-7", "\u0130", undefined].map((id) => ({ ...(id === undefined ? {} : { id }), email, name: "e\u0301 " }))
)
const registrations = people.map((attendee) => ({ attendee, notes: "Two\nlines" }))

/** Input that a document shows by name, and the schema that reads it. Some of the input is refused by the schema. */
const INPUTS = [
  ["EventInput", EventInput, events],
  ["EventChanges", EventChanges, drawn(EventChanges)],
  ["CapacityInput", CapacityInput, drawn(CapacityInput)],
  ["RegistrationInput", RegistrationInput, registrations],
  ["GuestInput", GuestInput, registrations.map((input) => ({ ...input, beyond: "raise" }))],
  ["ConfirmationInput", ConfirmationInput, drawn(ConfirmationInput)],
  ["CorrectionInput", CorrectionInput, [...drawn(CorrectionInput), ...people.map((attendee) => ({ attendee }))]],
  ["AttendedInput", AttendedInput, drawn(AttendedInput)]
] as const

/** Changes text in ways that the schemas undo when they read it. */
const written = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => ` \u00a0${text}\t`,
  (text) => text.normalize("NFD"),
  (text) => text.normalize("NFD").padEnd(text.length + 300)
)

describe("the bounds in the document", () => {
  it.each(INPUTS)("of %s forbid nothing that the schema reads", (name, schema, inputs) => {
    const validate = ApiDocument.api().validator({ $ref: `#/components/schemas/${name}` })
    const isRead = Schema.decodeUnknownResult(Schema.toCodecJson(schema as Schema.Codec<unknown>))
    const read = inputs.filter((input) => Result.isSuccess(isRead(input)))
    assert.isAbove(read.length, 15)
    for (const input of read) assert.isTrue(validate(input), JSON.stringify([input, validate.errors]))
  })

  it("of text forbid nothing that the schema reads, however it is written", () => {
    const { validator } = ApiDocument.api()
    const properties = ApiDocument.api().document.components.schemas["EventInput"]!.properties!
    const fields = [
      ["title", Text.line({ minLength: 1, maxLength: 200 }), 200],
      ["location", Text.line({ maxLength: 500 }), 500],
      ["description", Text.paragraphs({ maxLength: 4_000 }), 4_000]
    ] as const
    const parts = fc.constantFrom("x", "é", "ế", "각", "ﬁ", "\u0344", "😀", " ", "\n")
    let accepted = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...fields),
        fc.array(parts, { maxLength: 10 }),
        fc.integer({ min: -2, max: 2 }),
        written,
        ([name, schema, most], begin, more, write) => {
          const text = write(
            begin
              .join("")
              .padEnd(most + more, begin.at(-1) ?? "x")
              .slice(0, most + more)
          )
          if (Result.isFailure(Schema.decodeUnknownResult(schema)(text))) return
          accepted += 1
          const validate = validator(properties[name]!)
          assert.isTrue(validate(text), JSON.stringify([name, text.length, validate.errors]))
        }
      ),
      { numRuns: 2_000 }
    )
    assert.isAbove(accepted, 300)
  })

  it.each([
    ["title", "", "\t ", "x".repeat(201), "é".repeat(201)],
    ["location", "x".repeat(501)],
    ["description", `${"x".repeat(2_000)}\n${"x".repeat(2_000)}`],
    ["capacity", -1, 1_000_001, 1.5, "1"],
    ["startsAt", "2035-05-12", "2035-05-12T18:00:00", "tomorrow"],
    ["timeZone", "", "+01:00"],
    ["id", "1", "not-a-uuid"],
    ["waitlist", "maybe"]
  ] as const)("refuse what the server refuses: %s", (field, ...values) => {
    const documented = ApiDocument.api()
    const schema = documented.document.components.schemas["EventInput"]!.properties![field]!
    for (const value of values) assert.isFalse(documented.validator(schema)(value), JSON.stringify(value))
  })

  it("of webhooks are those of their URLs", () => {
    const { document, validator } = ApiDocument.adminApi()
    const validate = validator(document.components.schemas["WebhookInput"]!.properties!["url"]!)
    const isUrl = Schema.is(WebhookInput.fields.url)
    for (const url of ["https://example.com/ü", "HTTP://x", "https:\\\\x", `https://x/${"y".repeat(1_990)}`])
      assert.isTrue(isUrl(url) && validate(url), url)
    for (const url of ["ftp://x", "x", "", `https://x/${"y".repeat(1_991)}`])
      assert.isFalse(isUrl(url) || validate(url), url)
  })

  it("of numbers in queries are those of their schemas", () => {
    const limits = both.flatMap(([, documented]) =>
      operationsOf(documented()).flatMap(({ operation }) => operation.parameters.filter(({ name }) => name === "limit"))
    )
    assert.isAbove(limits.length, 10)
    for (const { schema } of limits)
      assert.deepStrictEqual(schema, { type: "integer", minimum: 1, maximum: 500, default: 50 })
  })
})

describe("the section webhooks", () => {
  const { document, validator } = ApiDocument.api()

  it("has every type of journal event, with an example", () => {
    assert.sameMembers(Object.keys(document.webhooks!), [...JournalEventType.literals])
    const read = Schema.decodeUnknownSync(Schema.toCodecJson(JournalEvent))
    for (const [type, { post }] of Object.entries(document.webhooks!)) {
      const example = post!.requestBody!.content["application/json"]!.example as { readonly payload: object }
      assert.strictEqual(read({ _tag: type, ...example.payload })._tag, type)
    }
  })

  it("describes every payload that was ever stored", () => {
    const folder = join(ROOT, "test/samples/journal")
    const files = readdirSync(folder)
    assert.isAbove(files.length, 20)
    for (const file of files) {
      const [type, version] = file.split(".")
      const schema = document.components.schemas[`${type}Message`]!.properties!
      const validate = validator(schema["payload"]!)
      const { payload } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { readonly payload: object }
      assert.isTrue(validate(payload), `${file} ${JSON.stringify(validate.errors)}`)
      assert.isTrue(validator(schema["schemaVersion"]!)(Number(version!.slice(1))), file)
    }
  })
})

describe("the check of answers", () => {
  const id = "00000000-0000-4000-8000-000000000000"
  const problem = {
    type: "urn:turnout:problem:event_not_found",
    title: "There is no such event",
    status: 404,
    code: "event_not_found",
    eventId: id
  }
  const headers = { ...ApiDocument.FOR_BROWSERS, "content-type": "application/problem+json", "x-request-id": "a" }
  const check = (status: number, given: Readonly<Record<string, string>>, body: unknown, path = `/events/${id}`) =>
    ApiDocument.check("GET", path, { status, headers: new Headers(given), text: JSON.stringify(body) })

  it("takes an answer that the document has, and those outside of any operation", () => {
    check(404, headers, problem)
    check(404, headers, {}, "/nothing")
    check(404, headers, { code: "route_not_found" })
  })

  it.each([
    ["another status", 410, headers, problem, /status is not documented/],
    [
      "another media type",
      404,
      { ...headers, "content-type": "application/json" },
      problem,
      /content type application\/json/
    ],
    ["a header that nobody knows", 404, { ...headers, "x-new": "1" }, problem, /header x-new is not documented/],
    [
      "no header that must be there",
      404,
      { ...ApiDocument.FOR_BROWSERS, "content-type": headers["content-type"] },
      problem,
      /x-request-id is missing/
    ],
    ["another header than is said", 404, { ...headers, "x-request-id": "a b" }, problem, /x-request-id is a b/],
    ["a field that nobody knows", 404, headers, { ...problem, extra: 1 }, /additional properties/],
    ["no field that must be there", 404, headers, { ...problem, eventId: undefined }, /required property 'eventId'/],
    ["another code", 404, headers, { ...problem, code: "other" }, /allowed values/]
  ] as const)("refuses an answer with %s", (_name, status, given, body, expected) => {
    assert.throws(() => check(status, given, body), expected)
  })
})
