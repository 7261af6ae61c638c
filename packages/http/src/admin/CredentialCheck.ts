/**
 * The check of the credential of a request to the API for operators: the admin token, or an API key that the policy lets do this.
 *
 * The admin token is one for everybody, so its bearers name themselves (`X-Actor`). The bearer of an API key is known by the key, and
 * whatever the request says in `X-Actor` is passed over: nobody acts in the name of another.
 */
import { Authentication } from "@turnout/core/access/application/Authentication"
import { digestOf, hasDigest } from "@turnout/core/access/application/Secrets"
import type { Action } from "@turnout/core/access/domain/Action"
import { kindOf } from "@turnout/core/access/domain/Credential"
import { decide } from "@turnout/core/access/domain/Policy"
import { actorOf, type Principal } from "@turnout/core/access/domain/Principal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Headers from "effect/http/Headers"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as OpenApi from "effect/http-api/OpenApi"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as ResponseHeader from "../server/ResponseHeader.ts"
import { isToken, TOKEN_RULE } from "../server/Token.ts"
import { OperatorCredential } from "./OperatorCredential.ts"

const unauthorized = Effect.andThen(
  ResponseHeader.set("www-authenticate", "Bearer"),
  Effect.fail(new OperatorProblems.Unauthorized())
)

/** What the routes for operators are about belongs to the installation. */
const INSTALLATION = { on: "owned", organizationId: null } as const

/** Carries on with a request as that of the principal, whose name stands in `X-Actor`. */
const as = <A, E, R>(principal: Principal, work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.provideService(
      work,
      HttpServerRequest.HttpServerRequest,
      request.modify({ headers: Headers.set(request.headers, "x-actor", actorOf(principal)) })
    )
  )

const make = Effect.fnUntraced(function* (token: string) {
  const digest = digestOf(token)
  const { apiKey } = yield* Authentication
  const principalOf = (key: string) => Effect.catchTag(apiKey(key), "CredentialRefused", () => unauthorized)
  return OperatorCredential.of({
    bearer: Effect.fnUntraced(function* (work, { credential, endpoint }) {
      const given = Redacted.value(credential)
      if (kindOf(given) !== "apiKey") return yield* hasDigest(given, digest) ? work : unauthorized
      const operation = Context.getOrUndefined(endpoint.annotations, OpenApi.Identifier)!
      const principal = yield* toProblems(principalOf(given), "header")
      const { allowed } = decide(principal, operation as Action, INSTALLATION)
      if (!allowed) return yield* new OperatorProblems.Forbidden({ operation })
      return yield* as(principal, work)
    })
  })
})

/** Throws a `RangeError` if the token breaks `TOKEN_RULE`. */
export const layer = (token: Redacted.Redacted<string>): Layer.Layer<OperatorCredential, never, Authentication> => {
  const text = Redacted.value(token)
  if (!isToken(text)) throw new RangeError(`adminToken: ${TOKEN_RULE}`)
  return Layer.effect(OperatorCredential, make(text))
}
