/**
 * The handlers: each turns a request into one command or one read of the `Turnout` service, and nothing more.
 */
import { InvalidInput } from "@turnout/core/application/InvalidInput"
import { Overloaded } from "@turnout/core/application/Overloaded"
import { Turnout } from "@turnout/core/application/Turnout"
import { fromInput } from "@turnout/core/domain/Attendee"
import type { Command } from "@turnout/core/domain/Command"
import type { EventOutcome } from "@turnout/core/domain/Outcome"
import { QueueUnavailable } from "@turnout/core/ports/Queue"
import { StoreError } from "@turnout/core/ports/StoreError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { Api } from "./Api.ts"
import { setHeader, withDeadline } from "./Boundary.ts"
import * as Lifecycle from "./Lifecycle.ts"
import * as Problems from "./Problems.ts"

/**
 * How a request is answered whose idempotency key was answered before: with the first answer, marked as replayed, or
 * with 409.
 */
export type OnReplay = "replay" | "conflict"

export const ReplayPolicy = Context.Reference<OnReplay>("@turnout/http/ReplayPolicy", {
  defaultValue: () => "replay"
})

const RETRY_AFTER_SECONDS = 1
/** How long the store may take to say that it is ready. */
const READY_TIMEOUT_MILLIS = 5_000

const retryLater = <E>(error: E, seconds = RETRY_AFTER_SECONDS) =>
  Effect.andThen(setHeader("retry-after", String(seconds)), Effect.fail(error))

/** A store that may come back is worth a retry; anything else is our own failure. */
const onStoreError = (
  error: StoreError
): Effect.Effect<never, Problems.StoreUnavailable | Problems.OutcomeUnknown, HttpServerRequest.HttpServerRequest> => {
  const { reason } = error
  const retryAfterSeconds = RETRY_AFTER_SECONDS
  switch (reason._tag) {
    case "Unavailable":
    case "Contention":
    case "NotMigrated":
    case "LogRestored":
      return retryLater(new Problems.StoreUnavailable({ reason: reason.message, retryAfterSeconds }))
    case "OutcomeUnknown":
      return retryLater(new Problems.OutcomeUnknown({ retryAfterSeconds }))
    default:
      return Effect.die(error)
  }
}

const IDS = ["eventId", "registrationId", "attendeeId"]

const toValidationFailed = ({ issues }: InvalidInput, part: Problems.Violation["in"]) =>
  new Problems.ValidationFailed({
    violations: issues.map(({ field, rule }) => ({
      in: IDS.includes(field) ? "path" : part,
      pointer: `/${field.replaceAll(".", "/")}`,
      rule
    }))
  })

/** What becomes of an error of the service. */
type ProblemOf<E> =
  | (E extends InvalidInput | StoreError ? never : E extends QueueUnavailable ? Problems.QueueUnavailable : E)
  | Problems.ValidationFailed
  | Problems.StoreUnavailable
  | Problems.OutcomeUnknown

/** Failures of the service as problems; `part` is where its input came from. */
export const toProblems = <A, E, R>(
  effect: Effect.Effect<A, E | InvalidInput | StoreError, R>,
  part: Problems.Violation["in"]
): Effect.Effect<A, ProblemOf<E>, R | HttpServerRequest.HttpServerRequest> =>
  Effect.catch(effect, (error): Effect.Effect<never, ProblemOf<E>, HttpServerRequest.HttpServerRequest> => {
    if (error instanceof StoreError) return onStoreError(error)
    if (error instanceof InvalidInput) return Effect.fail(toValidationFailed(error, part))
    if (error instanceof Overloaded) return retryLater(error as never, Math.ceil(error.retryAfterMillis / 1_000))
    if (error instanceof QueueUnavailable) {
      const unavailable = { reason: error.message, retryAfterSeconds: RETRY_AFTER_SECONDS }
      return retryLater(new Problems.QueueUnavailable(unavailable) as never)
    }
    return Effect.fail(error as never)
  })

interface WriteHeaders {
  readonly "idempotency-key": string
  readonly "x-request-id"?: string
}

/** Carries out commands: one at a time for each idempotency key. */
const makeWrite = Effect.gen(function* () {
  const turnout = yield* Turnout
  const onReplay = yield* ReplayPolicy
  const inFlight = new Set<string>()

  return <C extends Command>(command: C, headers: WriteHeaders) => {
    const scope = `${command._tag}\u0000${headers["idempotency-key"]}`
    const requestId = headers["x-request-id"]
    const execute = turnout.execute(command, {
      idempotencyKey: headers["idempotency-key"],
      ...(requestId === undefined ? {} : { correlationId: requestId })
    })
    const work = Effect.gen(function* () {
      const { answer, replayed } = yield* execute
      if (replayed) {
        if (onReplay === "conflict") return yield* new Problems.IdempotencyKeyReplayed()
        yield* setHeader("idempotent-replayed", "true")
      }
      return yield* Effect.fromResult(answer)
    })
    const alone = Effect.acquireUseRelease(
      Effect.suspend(() => {
        if (inFlight.has(scope)) {
          return retryLater(new Problems.IdempotencyKeyInFlight({ retryAfterSeconds: RETRY_AFTER_SECONDS }))
        }
        inFlight.add(scope)
        return Effect.void
      }),
      // The command goes on when its request has been given up, and its key is in use until it is done.
      () => Effect.uninterruptible(work),
      () => Effect.sync(() => inFlight.delete(scope))
    )
    return toProblems(alone, "header")
  }
})

class Write extends Context.Service<Write, Effect.Success<typeof makeWrite>>()("@turnout/http/Write") {
  static readonly layer = Layer.effect(Write, makeWrite)
}

const url = HttpApiClient.urlBuilder(Api)

const events = HttpApiBuilder.group(
  Api,
  "events",
  Effect.fnUntraced(function* (handlers) {
    const turnout = yield* Turnout
    const write = yield* Write
    const change = <Tag extends "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent">(
      command: Extract<Command, { readonly _tag: Tag }>,
      headers: WriteHeaders
    ) => Effect.map(write(command, headers), (outcome) => (outcome as EventOutcome).event)

    return handlers.handleAll({
      create: ({ headers, payload }) =>
        Effect.map(write({ _tag: "CreateEvent", event: payload }, headers), ({ event }) =>
          HttpApiSchema.withHeaders({
            body: event,
            headers: { location: url.events.get({ params: { eventId: event.id } }) }
          })
        ),
      list: ({ query }) => toProblems(turnout.listEvents(query), "query"),
      get: ({ params }) => toProblems(turnout.getEvent(params.eventId), "path"),
      update: ({ headers, params, payload }) =>
        Effect.map(write({ _tag: "UpdateEvent", ...params, changes: payload }, headers), ({ event }) => event),
      publish: ({ headers, params }) => change<"PublishEvent">({ _tag: "PublishEvent", ...params }, headers),
      unpublish: ({ headers, params }) => change<"UnpublishEvent">({ _tag: "UnpublishEvent", ...params }, headers),
      cancel: ({ headers, params }) => change<"CancelEvent">({ _tag: "CancelEvent", ...params }, headers),
      complete: ({ headers, params }) => change<"CompleteEvent">({ _tag: "CompleteEvent", ...params }, headers),
      changeCapacity: ({ headers, params, payload: { capacity, keepOverhang = false } }) =>
        Effect.map(write({ _tag: "ChangeCapacity", ...params, capacity, keepOverhang }, headers), ({ event }) => event)
    })
  })
)

const registrations = HttpApiBuilder.group(
  Api,
  "registrations",
  Effect.fnUntraced(function* (handlers) {
    const turnout = yield* Turnout
    const write = yield* Write
    return handlers.handleAll({
      register: ({ headers, params, payload: { attendee, notes = "" } }) =>
        Effect.map(
          write({ _tag: "Register", ...params, attendee: fromInput(attendee), notes, registeredAt: null }, headers),
          (outcome) =>
            HttpApiSchema.withHeaders({
              body: outcome,
              headers: {
                location: url.registrations.get({ params: { ...params, registrationId: outcome.registration.id } })
              }
            })
        ),
      list: ({ params, query }) => toProblems(turnout.listRegistrations(params.eventId, query), "query"),
      get: ({ params }) => toProblems(turnout.getRegistration(params.eventId, params.registrationId), "path"),
      cancel: ({ headers, params }) =>
        Effect.map(write({ _tag: "CancelRegistration", ...params }, headers), ({ registration }) => registration),
      confirm: ({ headers, params }) =>
        Effect.map(write({ _tag: "ConfirmRegistration", ...params }, headers), ({ registration }) => registration),
      markAttended: ({ headers, params }) =>
        Effect.map(write({ _tag: "MarkAttended", ...params }, headers), ({ registration }) => registration),
      markNoShow: ({ headers, params }) =>
        Effect.map(write({ _tag: "MarkNoShow", ...params }, headers), ({ registration }) => registration),
      waitlist: ({ params, query }) => toProblems(turnout.listWaitlist(params.eventId, query), "query"),
      position: ({ params }) => toProblems(turnout.waitlistPosition(params.eventId, params.registrationId), "path"),
      ofAttendee: ({ params, query }) =>
        toProblems(turnout.listAttendeeRegistrations(params.attendeeId, query), "query")
    })
  })
)

const health = HttpApiBuilder.group(
  Api,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const turnout = yield* Turnout
    const lifecycle = yield* Lifecycle.Lifecycle
    const unavailable = (reason: string) =>
      retryLater(new Problems.StoreUnavailable({ reason, retryAfterSeconds: RETRY_AFTER_SECONDS }))
    return handlers.handleAll({
      live: () => Effect.void,
      ready: () =>
        Effect.suspend(() =>
          lifecycle.draining
            ? unavailable("The server is shutting down.")
            : turnout.ready.pipe(
                withDeadline(READY_TIMEOUT_MILLIS),
                Effect.catchTags({
                  RequestTimeout: () => unavailable("The store does not answer."),
                  // What nobody foresaw may tell of the inside, and is for the log only.
                  StoreError: (error) =>
                    error.reason._tag === "Unexpected"
                      ? Effect.andThen(
                          Effect.logError("the store is not ready", error),
                          unavailable("The store failed.")
                        )
                      : unavailable(error.message)
                })
              )
        )
    })
  })
)

export const layer = Layer.mergeAll(events, registrations, health).pipe(Layer.provide(Write.layer))
