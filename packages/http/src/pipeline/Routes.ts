/**
 * The routes: what the server does for each path and method, found by one look.
 */
import type * as Effect from "effect/Effect"
import * as FindMyWay from "effect/http/FindMyWay"
import type { Answer } from "./answers/Answer.ts"
import type { Exchange } from "./Exchange.ts"
import type { Operation, Query } from "./Operation.ts"

/** A page: an answer that needs neither a principal nor a body. */
export type Page = (exchange: Exchange) => Answer | Effect.Effect<Answer>

/** What is done for a method of a resource. */
export type Target =
  { readonly _tag: "Operation"; readonly operation: Operation } | { readonly _tag: "Page"; readonly page: Page }

export interface Resource {
  /** The path with the names of its parameters, such as `/events/:eventId`. */
  readonly path: string
  readonly targets: Map<string, Target>
}

export interface Found {
  readonly resource: Resource
  readonly params: Readonly<Record<string, string | undefined>>
  readonly query: Query
}

export interface Routes {
  /** The resource that a path leads to, with the escapes in it decoded. The path may have a query. */
  readonly find: (path: string) => Found | undefined
  /** The methods of all resources together. */
  readonly methods: ReadonlySet<string>
}

/** The router takes a path literally: another case, or one slash more or less, makes another path. */
const CONFIG: FindMyWay.RouterConfig = {
  caseSensitive: true,
  ignoreDuplicateSlashes: false,
  ignoreTrailingSlash: false,
  /** The longest path parameter: an attendee id, of which each character may take nine when it is encoded. */
  maxParamLength: 4_096
}

/** A method of a path, and what is done for it. HEAD is done as GET is. */
export type Route = readonly [method: string, path: string, target: Target]

export const make = (routes: Iterable<Route>): Routes => {
  const router = FindMyWay.make<Resource>(CONFIG)
  const resources = new Map<string, Resource>()
  const methods = new Set<string>()
  for (const [method, path, target] of routes) {
    const resource = resources.get(path) ?? { path, targets: new Map() }
    if (!resources.has(path)) router.on("GET", path as `/${string}`, resource)
    resources.set(path, resource)
    for (const one of method === "GET" ? ["GET", "HEAD"] : [method]) {
      if (resource.targets.has(one)) throw new Error(`${one} ${path} has two operations`)
      resource.targets.set(one, target)
      methods.add(one)
    }
  }
  return {
    find: (path) => {
      const found = router.find("GET", path)
      return found === undefined
        ? undefined
        : { resource: found.handler, params: found.params, query: found.searchParams }
    },
    methods
  }
}
