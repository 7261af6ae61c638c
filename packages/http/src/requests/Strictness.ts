/**
 * The strictness with which both APIs read requests.
 */
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"

/** Refuses a field that no schema knows, and reports every violation. */
export const strict = { onExcessProperty: "error", errors: "all" } as const

/** The same, as an annotation of an API. */
export const strictness = Context.empty().pipe(
  Context.add(HttpApi.PayloadParseOptions, strict),
  Context.add(HttpApi.QueryParseOptions, strict),
  Context.add(HttpApi.ParamsParseOptions, strict),
  // Clients and proxies send headers of their own.
  Context.add(HttpApi.HeadersParseOptions, { errors: "all" })
)
