/**
 * Problems with which the boundary refuses a request before its handler runs: values that do not fit the schemas, idempotency
 * keys, and bodies.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import { type Problem, problem } from "./Problem.ts"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"

/** The place of a refused value, as an RFC 6901 pointer within one part of the request, and the rule that the value breaks. */
export const Violation = Schema.Struct({
  in: described("The part of the request", Schema.Literals(["body", "query", "path", "header"])),
  pointer: described("The place of the value in that part, as an RFC 6901 pointer", Schema.String),
  rule: described("The rule that the value breaks", Schema.String)
}).annotate({ identifier: "Violation" })
export type Violation = typeof Violation.Type

export class ValidationFailed extends TaggedError<ValidationFailed>()("ValidationFailed", {
  violations: described("The values that are refused", Schema.Array(Violation))
}) {
  override get message(): string {
    return this.violations.map(({ in: part, pointer, rule }) => `${part} ${pointer}: ${rule}`).join("; ")
  }
}
export const validationFailed: Problem<typeof ValidationFailed> = problem(ValidationFailed, {
  status: 400,
  code: "validation_failed",
  title: "The request is not valid"
})

export class IdempotencyKeyMissing extends TaggedError<IdempotencyKeyMissing>()("IdempotencyKeyMissing", {}) {
  override get message(): string {
    return "Every write needs an Idempotency-Key header: make a new key for each thing that you want done, and send the same key when you retry."
  }
}
export const idempotencyKeyMissing: Problem<typeof IdempotencyKeyMissing> = problem(IdempotencyKeyMissing, {
  status: 400,
  code: "idempotency_key_missing",
  title: "The Idempotency-Key header is missing"
})

export class IdempotencyKeyInFlight extends TaggedError<IdempotencyKeyInFlight>()("IdempotencyKeyInFlight", {
  retryAfterSeconds: described("When to try again, in seconds", Schema.Int)
}) {
  override get message(): string {
    return "A request with this idempotency key is still being worked on."
  }
}
export const idempotencyKeyInFlight: Problem<typeof IdempotencyKeyInFlight> = problem(IdempotencyKeyInFlight, {
  status: 409,
  code: "idempotency_key_in_flight",
  title: "The first request with this idempotency key is not finished"
})

export class IdempotencyKeyReplayed extends TaggedError<IdempotencyKeyReplayed>()("IdempotencyKeyReplayed", {}) {
  override get message(): string {
    return "A request with this idempotency key was answered before, and this server does not repeat answers."
  }
}
export const idempotencyKeyReplayed: Problem<typeof IdempotencyKeyReplayed> = problem(IdempotencyKeyReplayed, {
  status: 409,
  code: "idempotency_key_replayed",
  title: "The idempotency key was used before"
})

export class MalformedJson extends TaggedError<MalformedJson>()("MalformedJson", {}) {
  override get message(): string {
    return "The body must be JSON in UTF-8."
  }
}
export const malformedJson: Problem<typeof MalformedJson> = problem(MalformedJson, {
  status: 400,
  code: "malformed_json",
  title: "The body is not JSON"
})

export class PayloadTooLarge extends TaggedError<PayloadTooLarge>()("PayloadTooLarge", {
  maxBytes: described("The most bytes of a body", Schema.Int)
}) {
  override get message(): string {
    return `The body must be at most ${this.maxBytes} bytes long.`
  }
}
export const payloadTooLarge: Problem<typeof PayloadTooLarge> = problem(PayloadTooLarge, {
  status: 413,
  code: "payload_too_large",
  title: "The body is too large"
})

export class UnsupportedMediaType extends TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {
  supported: described("The content types that there are", Schema.Array(Schema.String))
}) {
  override get message(): string {
    return `The content type must be ${this.supported.join(" or ")}.`
  }
}
export const unsupportedMediaType: Problem<typeof UnsupportedMediaType> = problem(UnsupportedMediaType, {
  status: 415,
  code: "unsupported_media_type",
  title: "The content type is not supported"
})
