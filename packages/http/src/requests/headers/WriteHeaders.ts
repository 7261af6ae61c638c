/**
 * The headers of writes: those of a request, and `Location` of an answer to a request that has created a resource.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

/** The key in the example of every write. Pages that send requests put a fresh key in its place. */
export const EXAMPLE_KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"

/** `Idempotency-Key` on every write; `X-Request-Id`, if there is one, is recorded in the journal (see `RequestId`). */
export const headers = {
  "idempotency-key": described(
    "A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done",
    Schema.String.annotate({ minLength: 1, maxLength: 255 }).check(
      Schema.isPattern(/^[\x20-\x7e]{1,255}$/u, { expected: "1 to 255 printable ASCII characters" })
    ),
    { examples: [EXAMPLE_KEY] }
  ),
  "x-request-id": described(
    "The id of the request: recorded in the journal, as far as it is printable ASCII and 200 characters long, and sent back if it is 1 to 128 visible ASCII characters without quotes",
    Schema.optionalKey(Schema.String),
    { examples: ["01JD8Z5T9W"] }
  )
}

/** The headers as a handler gets them. */
export type WriteHeaders = Schema.Struct.Type<typeof headers>

/** The answer 201, with the path of the new resource. */
export const created = <S extends Schema.Top>(
  schema: S
): HttpApiSchema.WithHeaders<S["Rebuild"], Schema.Struct<{ location: Schema.String }>> =>
  HttpApiSchema.WithHeaders(schema.pipe(HttpApiSchema.status(201)), { location: Schema.String })
