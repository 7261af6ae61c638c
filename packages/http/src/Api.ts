/**
 * The HTTP API: one definition that the server, the OpenAPI document and the typed client share. Each group has a folder of
 * its own, with its definition and its handlers.
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { info } from "./document/Info.ts"
import { Credential } from "./credentials/Credential.ts"
import { EventsGroup } from "./events/EventsApi.ts"
import { HealthGroup } from "./health/HealthApi.ts"
import { MeGroup } from "./me/MeApi.ts"
import { RegistrationsGroup } from "./registrations/RegistrationsApi.ts"
import { Boundary, QueryBoundary } from "./requests/Boundaries.ts"
import { strictness } from "./requests/Strictness.ts"
import { SessionsGroup } from "./sessions/SessionsApi.ts"
import { SignInGroup } from "./signIn/SignInApi.ts"

export class Api extends HttpApi.make("turnout")
  .add(EventsGroup, RegistrationsGroup, SignInGroup, SessionsGroup, MeGroup)
  // A middleware marks the endpoints that were added before it. The pipeline does what the marks say, in its own order.
  .middleware(Boundary)
  .middleware(QueryBoundary)
  .middleware(Credential)
  // Health needs no credential.
  .add(HealthGroup)
  .middleware(QueryBoundary)
  .annotateMerge(strictness)
  .annotateMerge(
    OpenApi.annotations({
      ...info,
      title: "Turnout",
      description:
        "Live-event registration that never oversells. Every write of events and registrations needs an Idempotency-Key; an answer that was given before carries `Idempotent-Replayed: true`. Errors are RFC 9457 problems with a stable `code`. Every answer has an `X-Request-Id`. A method that a resource does not have is answered with 405, and `Allow` names those that it has."
    })
  ) {}
