/**
 * The operator who sends a request: the header `X-Actor` has the name, and the audit log records it.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"

export const headers = {
  "x-actor": described(
    "Who asks, for the audit log: 1 to 200 printable ASCII characters; `admin` if nobody is named",
    Schema.optionalKey(
      Schema.String.annotate({ minLength: 1, maxLength: 200 }).check(
        Schema.isPattern(/^[\x20-\x7e]{1,200}$/u, { expected: "1 to 200 printable ASCII characters" })
      )
    ),
    { examples: ["ada"] }
  )
}

/** The name for the audit log; without one it is `admin`. */
export const whoOf = (headers: { readonly "x-actor"?: string }): string => headers["x-actor"] ?? "admin"
