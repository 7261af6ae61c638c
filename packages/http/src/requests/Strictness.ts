/**
 * How strictly requests are read, by both APIs.
 */
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"

/** A field that no schema knows is refused, and the answer tells everything that is wrong. */
export const strict = { onExcessProperty: "error", errors: "all" } as const

/** The same, as an annotation of an API. */
export const strictness = Context.empty().pipe(
  Context.add(HttpApi.PayloadParseOptions, strict),
  Context.add(HttpApi.QueryParseOptions, strict),
  Context.add(HttpApi.ParamsParseOptions, strict),
  // Clients and proxies send headers of their own.
  Context.add(HttpApi.HeadersParseOptions, { errors: "all" })
)
