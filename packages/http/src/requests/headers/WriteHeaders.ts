/**
 * The headers of writes: those of a request, and `Location` of an answer to a request that has created a resource.
 */
import * as Schema from "effect/Schema"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

/** `Idempotency-Key` on every write; `X-Request-Id`, if there is one, is recorded in the journal (see `RequestId`). */
export const headers = {
  "idempotency-key": Schema.String.check(
    Schema.isPattern(/^[\x20-\x7e]{1,255}$/, { expected: "1 to 255 printable ASCII characters" })
  ).annotate({ examples: ["8e03978e-40d5-43dd-bc93-6894a57f9324"] }),
  "x-request-id": Schema.optionalKey(
    Schema.String.annotate({
      description: "Recorded in the journal, as far as it is printable ASCII and 200 characters long",
      examples: ["01JD8Z5T9W"]
    })
  )
}

/** The headers as a handler gets them. */
export type WriteHeaders = Schema.Struct.Type<typeof headers>

/** The answer 201, with the path of the new resource. */
export const created = <S extends Schema.Top>(
  schema: S
): HttpApiSchema.WithHeaders<S["Rebuild"], Schema.Struct<{ location: Schema.String }>> =>
  HttpApiSchema.WithHeaders(schema.pipe(HttpApiSchema.status(201)), { location: Schema.String })
