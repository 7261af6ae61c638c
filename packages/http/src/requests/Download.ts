/**
 * Downloads in the definition of an API: text in pieces, and the name of a file to save it in.
 */
import * as Schema from "effect/Schema"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

const headers = { "content-disposition": Schema.String, "cache-control": Schema.String }

/** The answer to a download of CSV (RFC 4180). */
export const csv = HttpApiSchema.WithHeaders(
  HttpApiSchema.StreamUint8Array({ contentType: "text/csv; charset=utf-8; header=present" }).annotate({
    description: "CSV with a header, in UTF-8"
  }),
  headers
)

/** The answer to a download of JSON lines. */
export const jsonLines = HttpApiSchema.WithHeaders(
  HttpApiSchema.StreamUint8Array({ contentType: "application/x-ndjson" }).annotate({
    description: "A JSON document on each line, in UTF-8"
  }),
  headers
)
