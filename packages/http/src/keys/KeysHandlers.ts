/**
 * The handlers of the group `keys`, for operators: each turns a request into one call of the `ApiKeys` service.
 */
import { ApiKeys } from "@turnout/core/access/application/ApiKeys"
import { type MayNotGive, permissionsOf } from "@turnout/core/access/domain/Role"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { whoOf } from "../admin/Actor.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

/** Who comes here runs the installation, and has every permission. */
const HELD = permissionsOf("operator")
const given = <A, E, R>(work: Effect.Effect<A, E | MayNotGive, R>) => Effect.catchTag(work, "MayNotGive", Effect.die)

export const layer = HttpApiBuilder.group(
  AdminApi,
  "keys",
  Effect.fnUntraced(function* (handlers) {
    const service = yield* ApiKeys
    return handlers
      .handleAll({
        list: ({ query: { organizationId, ...query } }) =>
          toProblems(
            paged(
              query,
              ({ id }) => id,
              (page) => service.list(organizationId ?? "all", page)
            ),
            "query"
          ),
        revoke: ({ headers, params }) => toProblems(service.revoke(params.keyId, whoOf(headers)), "path")
      })
      .handleRaw(
        "create",
        Body.withPayload(({ headers, payload }) =>
          toProblems(given(service.create(payload, HELD, whoOf(headers))), "body")
        )
      )
      .handleRaw(
        "replace",
        Body.withPayload(({ headers, params, payload }) =>
          toProblems(given(service.replace(params.keyId, payload, HELD, whoOf(headers))), "body")
        )
      )
  })
)
