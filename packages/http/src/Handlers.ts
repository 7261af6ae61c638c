/**
 * The handlers of all groups of the HTTP API.
 */
import * as Layer from "effect/Layer"
import * as EventsHandlers from "./events/EventsHandlers.ts"
import * as HealthHandlers from "./health/HealthHandlers.ts"
import * as RegistrationsHandlers from "./registrations/RegistrationsHandlers.ts"
import * as MeHandlers from "./me/MeHandlers.ts"
import * as SessionsHandlers from "./sessions/SessionsHandlers.ts"
import * as SignInHandlers from "./signIn/SignInHandlers.ts"
import { Write } from "./server/Write.ts"

export const layer = Layer.mergeAll(
  EventsHandlers.layer,
  RegistrationsHandlers.layer,
  SignInHandlers.layer,
  SessionsHandlers.layer,
  MeHandlers.layer,
  HealthHandlers.layer
).pipe(Layer.provide(Write.layer))
