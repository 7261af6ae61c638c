/**
 * Problems of the server itself: outside of any endpoint, an unknown resource or method and the shutdown; at every endpoint, a
 * handler that takes too long or fails unexpectedly; and of its readiness.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import { components } from "../health/Component.ts"
import { type Declaration, done, type Problem, problem } from "./Problem.ts"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"

/** Problems that are answered outside of any endpoint. */
export const outside = {
  internalError: { status: 500, code: "internal_error", title: "Something went wrong on the server" },
  routeNotFound: { status: 404, code: "route_not_found", title: "There is no such resource" },
  methodNotAllowed: { status: 405, code: "method_not_allowed", title: "The resource does not have this method" },
  shuttingDown: { status: 503, code: "shutting_down", title: "The server is shutting down" }
} satisfies Record<string, Declaration>

/** The shutdown has cut the request off. */
export class ShuttingDown extends TaggedError<ShuttingDown>()("ShuttingDown", {}) {}
export const shuttingDown: Problem<typeof ShuttingDown> = problem(ShuttingDown, outside.shuttingDown)

export class RequestTimeout extends TaggedError<RequestTimeout>()("RequestTimeout", {}) {
  override get message(): string {
    return "The request took too long. It may still be carried out: send it again with the same idempotency key to learn the outcome."
  }
}
export const requestTimeout: Problem<typeof RequestTimeout> = problem(RequestTimeout, {
  status: 504,
  code: "request_timeout",
  title: "The request took too long"
})

/** An unexpected failure. `done` has the part of the request that was done before, if the request asks for several things. */
export class InternalError extends TaggedError<InternalError>()("InternalError", { done }) {
  override get message(): string {
    return this.done === undefined ? "" : "A part of the request is done, and stays done: the field done says which."
  }
}
export const internalError: Problem<typeof InternalError> = problem(InternalError, outside.internalError)

/** The server is shutting down, or its store is not ready. */
export class NotReady extends TaggedError<NotReady>()("NotReady", {
  reason: described("What is wrong", Schema.String),
  retryAfterSeconds: described("When to try again, in seconds", Schema.Int),
  components
}) {
  override get message(): string {
    return this.reason
  }
}
export const notReady: Problem<typeof NotReady> = problem(NotReady, {
  status: 503,
  code: "not_ready",
  title: "The server cannot do its work"
})
