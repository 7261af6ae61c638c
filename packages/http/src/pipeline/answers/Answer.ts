/**
 * The answer to a request, before it is written to the connection.
 */
import type * as Stream from "effect/Stream"
import type * as ProblemDetails from "effect/http/ProblemDetails"
import type { Readable } from "node:stream"

/** A text or bytes are written at once. A stream is written as the client takes it. */
export type Body = string | Uint8Array | Readable | Stream.Stream<Uint8Array>

export interface Answer {
  readonly status: number
  /** The headers by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Absent if the answer has no content. */
  readonly body?: Body
  /** The problem that the answer tells of, which is its body in JSON; then there is no other body. */
  readonly problem?: ProblemDetails.ProblemDetails
}

const NO_HEADERS: Readonly<Record<string, string>> = {}

/** An answer without content. */
export const empty = (status: number, headers = NO_HEADERS): Answer => ({ status, headers })

const JSON_TYPE = { "content-type": "application/json" } as const

/** An answer with JSON. `value` is encoded already. */
export const json = (status: number, value: unknown): Answer => ({
  status,
  headers: JSON_TYPE,
  body: JSON.stringify(value)
})

/** The answer with further headers, which take the place of those of the same name. */
export const withHeaders = (answer: Answer, headers: Readonly<Record<string, string>>): Answer => ({
  ...answer,
  headers: { ...answer.headers, ...headers }
})
