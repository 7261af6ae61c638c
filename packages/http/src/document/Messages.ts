/**
 * The section `webhooks` of a document: what is posted to webhooks, one operation for each type of journal event. It is made from
 * the schemas of the journal, so it has every type that there is.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { Message } from "@turnout/core/delivery/domain/Message"
import { JournalEvent, schemaVersionOf } from "@turnout/core/journal/domain/JournalEvent"
import * as Schema from "effect/Schema"
import { exampleOf, resolverOf } from "./Examples.ts"
import type { JsonSchema, Operation, Operations, Parameter } from "./Json.ts"

export const TAG = {
  name: "messages",
  description:
    "What Turnout posts to webhooks, by the rules of Standard Webhooks: one request for each journal event, in the order of the stream of its event. Operators add webhooks by the API for operators, and owners of an organization those of the organization, which are posted what happens to its events."
}

interface Kind {
  readonly type: string
  readonly summary: string
  readonly identifier: string
  readonly schema: Schema.Top
}

const NOTHING = Schema.Record(Schema.String, Schema.Never)

/** The messages about journal events, by type. */
const kinds: ReadonlyArray<Kind> = JournalEvent.members.map((member) => {
  const { _tag, ...payload } = member.fields
  const type = _tag.schema.literal
  const identifier = `${type}Message`
  const summary = String(Schema.resolveAnnotations(member)?.["description"] ?? type)
  const schema = Schema.Struct({
    ...Message.fields,
    type: described("The type of the journal event", Schema.Literal(type)),
    schemaVersion: described(
      "The version of the form of `payload`. A message that was written in an earlier form is posted in that form",
      Schema.Literal(schemaVersionOf(type))
    ),
    payload: described(summary, Object.keys(payload).length === 0 ? NOTHING : Schema.Struct(payload))
  }).annotate({ identifier })
  return { type, summary, identifier, schema }
})

/** The schemas of the messages, which the components of a document need. */
export const schemas: ReadonlyArray<Schema.Top> = kinds.map(({ schema }) => schema)

const header = (name: string, description: string, schema: JsonSchema, example: string): Parameter => ({
  name,
  in: "header",
  required: true,
  description,
  schema: { type: "string", ...schema },
  example
})

const HEADERS: ReadonlyArray<Parameter> = [
  header(
    "webhook-id",
    "The id of the message, and for a message of a replay an underscore and the id of the replay after it: the same in every attempt, so that duplicates are recognised by it",
    { pattern: "^[0-9a-f-]{36}(_[0-9a-f-]{36})?$" },
    "0197d0a5-3f4e-7c1a-9b2d-5e6f7a8b9c0d"
  ),
  header(
    "webhook-timestamp",
    "When the request was made, in seconds since 1970: refuse one that is minutes off",
    { pattern: "^[0-9]+$" },
    "2061624600"
  ),
  header(
    "webhook-signature",
    "For each secret in force, `v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body` under it, with blanks between them: one that is right is enough",
    { pattern: "^v1,[A-Za-z0-9+/]+=*( v1,[A-Za-z0-9+/]+=*)*$" },
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
  ),
  header("user-agent", "The sender", { enum: ["Turnout-Webhooks"] }, "Turnout-Webhooks")
]

const RESPONSES: Operation["responses"] = {
  "204": { description: "The message has arrived. Any status of 200 to 299 says so; a body is not read" },
  "410": { description: "The endpoint is gone: the webhook is disabled" },
  "503": {
    description:
      "The message has not arrived, as with every other status: it is posted again later, and later messages of its stream wait for it",
    headers: {
      "Retry-After": {
        description: "Seconds, or a date: the whole endpoint is left alone until then, for 12 hours at most",
        required: false,
        schema: { type: "string" }
      }
    }
  }
}

/** The section, for a document whose components have these schemas. */
export const section = (components: Readonly<Record<string, JsonSchema>>): Readonly<Record<string, Operations>> => {
  const resolve = resolverOf(components)
  return Object.fromEntries(
    kinds.map(({ identifier, summary, type }) => {
      const schema = { $ref: `#/components/schemas/${identifier}` }
      const post: Operation = {
        operationId: `on${type}`,
        tags: [TAG.name],
        summary,
        description: `Posted to every webhook that wants \`${type}\`: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}.`,
        parameters: HEADERS,
        requestBody: {
          required: true,
          description: "The message, as every other system receives it",
          content: { "application/json": { schema, example: exampleOf(schema, resolve) } }
        },
        security: [],
        responses: RESPONSES
      }
      return [type, { post }]
    })
  )
}
