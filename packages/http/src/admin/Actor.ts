/**
 * The operator who sends a request: the header `X-Actor` has the name, and the audit log records it.
 */
import * as Schema from "effect/Schema"

export const headers = {
  "x-actor": Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[\x20-\x7e]{1,200}$/, { expected: "1 to 200 printable ASCII characters" }))
  )
}

/** The name for the audit log; without one it is `admin`. */
export const whoOf = (headers: { readonly "x-actor"?: string }): string => headers["x-actor"] ?? "admin"
