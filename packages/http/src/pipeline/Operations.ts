/**
 * The operations of an API, as routes.
 */
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Handlers from "./Handlers.ts"
import * as Operation from "./Operation.ts"
import type { Route } from "./Routes.ts"

type Reflected = Parameters<Parameters<typeof HttpApi.reflect>[1]["onEndpoint"]>[0]

const route = ({ endpoint, group, mergedAnnotations, successes }: Reflected): Effect.Effect<Route> =>
  Effect.map(Handlers.of(group), (handlers): Route => {
    // A stream is not among the successes that effect tells of; its status is the usual one.
    const [status = 200] = successes.keys()
    const operation = Operation.make(endpoint, mergedAnnotations, status, handlers[endpoint.identifier]!)
    return [endpoint.method, endpoint.path, { _tag: "Operation", operation }]
  })

/** Makes the operations of all groups of an API, whose handlers are provided. */
export const routes = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
): Effect.Effect<ReadonlyArray<Route>, never, HttpApiGroup.ToService<Id, Groups>> => {
  const endpoints: Array<Reflected> = []
  HttpApi.reflect(api, { onGroup() {}, onEndpoint: (one) => void endpoints.push(one) })
  return Effect.forEach(endpoints, route)
}
