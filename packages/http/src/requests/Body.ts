/**
 * The body of a request. It is read within its limits and parsed once; the operation decodes it by its schema.
 */
import * as Result from "effect/Result"
import type { Exchange, RequestHeaders } from "../pipeline/Exchange.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as Violations from "../problems/Violations.ts"

/** A problem with which a body is refused before it is decoded. */
export type Refusal =
  | BoundaryProblems.MalformedJson
  | BoundaryProblems.PayloadTooLarge
  | BoundaryProblems.UnsupportedMediaType
  | BoundaryProblems.ValidationFailed

/** The body as JSON, `undefined` if there is none; or the problem with which it is refused. */
export type Parsed = Result.Result<unknown, Refusal>

/** What an operation takes. */
export interface Expected {
  /** The media types of its body; none if it takes no body. */
  readonly mediaTypes: ReadonlyArray<string>
  /** Whether no body counts as `{}`. */
  readonly mayBeAbsent: boolean
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** A shorter body cannot have more members than are allowed. */
const LONG_FROM_BYTES = 1_000

const mediaTypeOf = ({ "content-type": contentType = "" }: RequestHeaders): string =>
  contentType.split(";", 1)[0]!.trim().toLowerCase()

/** Bytes as JSON; `undefined` if there are none. */
const parse = (bytes: Uint8Array): Parsed => {
  if (bytes.length === 0) return Result.succeed(undefined)
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(bytes))
  } catch {
    return Result.fail(new BoundaryProblems.MalformedJson())
  }
  const wide = bytes.length > LONG_FROM_BYTES ? Violations.tooWide(json) : undefined
  return wide === undefined
    ? Result.succeed(json)
    : Result.fail(new BoundaryProblems.ValidationFailed({ violations: [wide] }))
}

/** The problem of a body at an operation that takes none. `{}` counts as no body. */
const unexpected = (json: unknown): BoundaryProblems.ValidationFailed | undefined => {
  const refuse = (pointer: string, rule: string) => ({ in: "body" as const, pointer, rule })
  if (json === undefined) return undefined
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return new BoundaryProblems.ValidationFailed({ violations: [refuse("", "must not be there")] })
  }
  const violations = Object.keys(json).map((name) => refuse(Violations.toPointer([name]), "is not a field here"))
  return violations.length === 0
    ? undefined
    : new BoundaryProblems.ValidationFailed({ violations: Violations.listed(violations) })
}

/** Whether a request has no body, as far as its headers say. */
const isAbsent = (headers: RequestHeaders): boolean =>
  headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0

/** The problem of JSON, or of no body, at an operation. */
const refusal = (json: unknown, takesBody: boolean): Refusal | undefined => {
  if (!takesBody) return unexpected(json)
  return json === undefined ? new BoundaryProblems.MalformedJson() : undefined
}

/** The bytes of the pieces. Most bodies come in one piece. */
const joined = (pieces: ReadonlyArray<Buffer>): Buffer => (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))

/**
 * Reads the body of a request, and gives it to `onBody`, once: at once if the headers settle it. Bytes beyond `maxBytes` are not kept. A
 * body that does not arrive in full is given to nobody: the connection has ended then, or the parser refuses the rest.
 */
export const read = (
  exchange: Exchange,
  maxBytes: number,
  { mayBeAbsent, mediaTypes }: Expected,
  onBody: (body: Parsed) => void
): void => {
  const { headers, request, response } = exchange
  const takesBody = mediaTypes.length > 0
  const tooLarge = () => Result.fail(new BoundaryProblems.PayloadTooLarge({ maxBytes }))
  const absent = isAbsent(headers)
  if (mayBeAbsent && absent) return onBody(Result.succeed({}))
  if (takesBody && !mediaTypes.includes(mediaTypeOf(headers)))
    return onBody(Result.fail(new BoundaryProblems.UnsupportedMediaType({ supported: mediaTypes })))
  if (Number(headers["content-length"]) > maxBytes) return onBody(tooLarge())
  if (absent && !takesBody) return onBody(Result.succeed(undefined))
  if (exchange.awaitsContinue) {
    exchange.awaitsContinue = false
    response.writeContinue()
  }
  const pieces: Array<Buffer> = []
  let length = 0
  const onData = (piece: Buffer) => {
    length += piece.length
    if (length <= maxBytes) return void pieces.push(piece)
    request.off("data", onData).off("end", onEnd)
    onBody(tooLarge())
  }
  const onEnd = () => {
    const parsed = parse(joined(pieces))
    if (Result.isFailure(parsed)) return onBody(parsed)
    const refused = refusal(parsed.success, takesBody)
    onBody(refused === undefined ? parsed : Result.fail(refused))
  }
  request.on("data", onData).on("end", onEnd)
}
