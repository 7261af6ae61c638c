/**
 * Problems of requests that break the rules of HTTP, or use a part of HTTP that this server does not have. They are refused
 * before any endpoint.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import { type Problem, problem } from "./Problem.ts"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"

/** Node's parser refuses bytes that are no HTTP. `reason` has its words. */
export class MalformedRequest extends TaggedError<MalformedRequest>()("MalformedRequest", {
  reason: described("What is wrong", Schema.String)
}) {
  override get message(): string {
    return `The request is not HTTP/1.1 (RFC 9112): ${this.reason}.`
  }
}
export const malformedRequest: Problem<typeof MalformedRequest> = problem(MalformedRequest, {
  status: 400,
  code: "malformed_request",
  title: "The request is not HTTP"
})

export class NotAcceptable extends TaggedError<NotAcceptable>()("NotAcceptable", {
  available: described("The codings that there are", Schema.Array(Schema.String))
}) {
  override get message(): string {
    return `Accept-Encoding allows none of the codings that there are: ${this.available.join(", ")}.`
  }
}
export const notAcceptable: Problem<typeof NotAcceptable> = problem(NotAcceptable, {
  status: 406,
  code: "not_acceptable",
  title: "The client takes no coding that the page has"
})

export class RequestNotReceived extends TaggedError<RequestNotReceived>()("RequestNotReceived", {}) {
  override get message(): string {
    return "The request did not arrive in time. Nothing has been done: send it again."
  }
}
export const requestNotReceived: Problem<typeof RequestNotReceived> = problem(RequestNotReceived, {
  status: 408,
  code: "request_not_received",
  title: "The request did not arrive in time"
})

export class UriTooLong extends TaggedError<UriTooLong>()("UriTooLong", {
  maxLength: described("The most characters of a path", Schema.Int)
}) {
  override get message(): string {
    return `The path must be at most ${this.maxLength} characters long.`
  }
}
export const uriTooLong: Problem<typeof UriTooLong> = problem(UriTooLong, {
  status: 414,
  code: "uri_too_long",
  title: "The path is too long"
})

export class ExpectationFailed extends TaggedError<ExpectationFailed>()("ExpectationFailed", {}) {
  override get message(): string {
    return "Expect: 100-continue is the only expectation that there is."
  }
}
export const expectationFailed: Problem<typeof ExpectationFailed> = problem(ExpectationFailed, {
  status: 417,
  code: "expectation_failed",
  title: "The expectation cannot be met"
})

export class HeadersTooLarge extends TaggedError<HeadersTooLarge>()("HeadersTooLarge", {
  maxBytes: described("The most bytes of the headers and the request line", Schema.Int),
  maxHeaders: described("The most headers", Schema.Int)
}) {
  override get message(): string {
    return `There can be at most ${this.maxHeaders} headers, and ${this.maxBytes} bytes of them and of the request line.`
  }
}
export const headersTooLarge: Problem<typeof HeadersTooLarge> = problem(HeadersTooLarge, {
  status: 431,
  code: "headers_too_large",
  title: "The headers are too large"
})

export class MethodNotImplemented extends TaggedError<MethodNotImplemented>()("MethodNotImplemented", {}) {
  override get message(): string {
    return "No resource of this server has this method."
  }
}
export const methodNotImplemented: Problem<typeof MethodNotImplemented> = problem(MethodNotImplemented, {
  status: 501,
  code: "method_not_implemented",
  title: "The method is not known"
})

export class HttpVersionNotSupported extends TaggedError<HttpVersionNotSupported>()("HttpVersionNotSupported", {}) {
  override get message(): string {
    return "This server speaks HTTP/1.1 and HTTP/1.0."
  }
}
export const httpVersionNotSupported: Problem<typeof HttpVersionNotSupported> = problem(HttpVersionNotSupported, {
  status: 505,
  code: "http_version_not_supported",
  title: "The version of HTTP is not spoken"
})
