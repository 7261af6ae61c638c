/**
 * Endpoints that take a body and do without one: no body counts as `{}`.
 */
import * as Context from "effect/Context"
import type * as Headers from "effect/http/Headers"

/** An annotation of an endpoint: whether its body may be left out. */
export const OptionalBody = Context.Reference<boolean>("@turnout/OptionalBody", { defaultValue: () => false })

/** Says so in the document of the API. */
export const describeOptionalBody = (operation: Record<string, unknown>): Record<string, unknown> => ({
  ...operation,
  requestBody: { ...(operation["requestBody"] as object), required: false }
})

/** Whether a request has no body, as far as its headers say. */
export const isAbsent = (headers: Headers.Headers): boolean =>
  headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0
