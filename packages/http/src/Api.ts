/**
 * The HTTP API: one definition that the server, the OpenAPI document and the typed client share. Its groups are defined in folders of
 * their own, each beside its handlers.
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { EventsGroup } from "./events/EventsApi.ts"
import { HealthGroup } from "./health/HealthApi.ts"
import { RegistrationsGroup } from "./registrations/RegistrationsApi.ts"
import { Boundary, QueryBoundary } from "./requests/Boundaries.ts"
import { strictness } from "./requests/Strictness.ts"

export class Api extends HttpApi.make("turnout")
  .add(EventsGroup, RegistrationsGroup)
  // Middleware covers the endpoints added so far, and what is added later runs outside. Adding one twice keeps its first
  // place, so writes have WriteBoundary outside of Boundary: the deadline must not interrupt the reading of a body.
  .middleware(Boundary)
  .add(HealthGroup)
  .middleware(QueryBoundary)
  .annotateMerge(strictness)
  .annotateMerge(
    OpenApi.annotations({
      title: "Turnout",
      version: "0.1.0",
      description:
        "Live-event registration that never oversells. Every write needs an Idempotency-Key; an answer that was given before carries `Idempotent-Replayed: true`. Errors are RFC 9457 problems with a stable `code`."
    })
  ) {}
