/**
 * Answers, as problems, to input that Node would answer itself, because there is no request or not a whole one: bytes that
 * are no HTTP, headers that are too large, a request that does not arrive in time, expectations, `CONNECT`.
 *
 * The connection ends after such an answer. Answers to earlier requests of the same connection are sent first. An answer
 * that is half sent is cut off, and nothing is written into it. Nothing is logged: these are mistakes of clients.
 */
import { maxHeaderSize, type Server, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type * as ProblemDetails from "effect/http/ProblemDetails"
import * as Problem from "./Problem.ts"
import * as BoundaryProblems from "./BoundaryProblems.ts"
import * as ProtocolProblems from "./ProtocolProblems.ts"
import * as SecurityHeaders from "../pipeline/answers/SecurityHeaders.ts"
import * as RequestId from "../requests/headers/RequestId.ts"
import type { Connections } from "../requests/Connections.ts"
import { MAX_HEADERS } from "../requests/RequestHead.ts"

/**
 * The time for which the server goes on reading after its answer. A reset before that could keep the client from reading
 * it.
 */
const LINGER_MILLIS = 500

/** An error of Node's parser. */
interface ParserError extends Error {
  readonly code?: string
  /** The words of the parser, which contain nothing of the request. */
  readonly reason?: string
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

const headOf = (
  document: ProblemDetails.ProblemDetails,
  requestId: string
): { readonly status: number; readonly body: string } => ({
  status: document.status!,
  body: JSON.stringify(document.status! < 500 ? document : { ...document, requestId })
})

const headersOf = (body: string, id: string) => ({
  ...SecurityHeaders.of(false),
  "content-type": "application/problem+json",
  "content-length": String(Buffer.byteLength(body)),
  "x-request-id": id,
  connection: "close"
})

/**
 * Tells whether the line at which the parser failed is a request line of HTTP, with a method that the parser does not know.
 */
const isRequestLine = ({ bytesParsed = 0, rawPacket }: ParserError): boolean => {
  if (rawPacket === undefined) return false
  const start = rawPacket.lastIndexOf("\n", Math.max(bytesParsed - 1, 0)) + 1
  const line = rawPacket.subarray(start, start + maxHeaderSize).toString("latin1")
  return /^[!#$%&'*+\-.^_`|~\w]+ [^ \r\n]+ HTTP\/1\.[01]\r\n/.test(line)
}

export const headersTooLarge = (): ProtocolProblems.HeadersTooLarge =>
  new ProtocolProblems.HeadersTooLarge({ maxBytes: maxHeaderSize, maxHeaders: MAX_HEADERS })

const problemOf = (error: ParserError, maxBodyBytes: number): ProblemDetails.ProblemDetails => {
  switch (error.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return Problem.documentOf(ProtocolProblems.requestNotReceived, new ProtocolProblems.RequestNotReceived())
    case "HPE_HEADER_OVERFLOW":
      return Problem.documentOf(ProtocolProblems.headersTooLarge, headersTooLarge())
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return Problem.documentOf(
        BoundaryProblems.payloadTooLarge,
        new BoundaryProblems.PayloadTooLarge({ maxBytes: maxBodyBytes })
      )
    case "HPE_INVALID_VERSION":
    case "HPE_PAUSED_H2_UPGRADE":
      return Problem.documentOf(
        ProtocolProblems.httpVersionNotSupported,
        new ProtocolProblems.HttpVersionNotSupported()
      )
    case "HPE_INVALID_METHOD":
      if (isRequestLine(error)) {
        return Problem.documentOf(ProtocolProblems.methodNotImplemented, new ProtocolProblems.MethodNotImplemented())
      }
  }
  const reason = error.reason ?? "it ends too early"
  return Problem.documentOf(ProtocolProblems.malformedRequest, new ProtocolProblems.MalformedRequest({ reason }))
}

/** Writes the answer to the socket, without Node's response object, and ends the connection. */
const end = (socket: Socket, document: ProblemDetails.ProblemDetails): void => {
  // The answer before this one ends the connection: the bytes that are written already are sent, and nothing more.
  if (!socket.writable) return socket.destroySoon()
  const id = RequestId.fresh()
  const { body, status } = headOf(document, id)
  const headers = Object.entries({ ...headersOf(body, id), date: new Date().toUTCString() })
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MILLIS)
  socket.once("close", () => clearTimeout(timer))
}

export interface ParserOptions {
  /** The largest body, which the problem of a body that is too large names. */
  readonly maxBodyBytes: number
  /** The time for which a connection without a byte is kept after the time for its headers is up. */
  readonly unusedMillis: number
}

/**
 * Leaves an unused connection open, and ends it without an answer if it is still unused after this time. Balancers open
 * connections ahead of requests, and would take an answer for that to their next request.
 */
const leave = (socket: Socket, millis: number): void => {
  const timer = setTimeout(() => {
    if (socket.bytesRead === 0) socket.destroySoon()
  }, millis).unref()
  socket.once("close", () => clearTimeout(timer))
}

/** Makes the server answer such input with problems, from now on. */
export const answer = (
  server: Server,
  connections: Connections,
  { maxBodyBytes, unusedMillis }: ParserOptions
): void => {
  const refused = new WeakSet<Socket>()

  const refuse = (socket: Socket, document: ProblemDetails.ProblemDetails): void => {
    if (refused.has(socket)) return
    refused.add(socket)
    const response = connections.latestAnswer(socket)
    if (response === undefined || response.destroyed) return end(socket, document)
    const inItsTurn = () => {
      if (response.headersSent || response.writableEnded) socket.destroySoon()
      else end(socket, document)
    }
    socket.pause()
    // Answers are sent in the order of their requests, so all are sent once the latest is.
    if (response.req.complete) response.once("close", () => end(socket, document))
    // The error is in the body of the latest request, so this is the answer to that request.
    else if (response.socket === null) response.once("socket", inItsTurn)
    else inItsTurn()
  }

  server.on("checkExpectation", (request, response) => {
    const document = Problem.documentOf(ProtocolProblems.expectationFailed, new ProtocolProblems.ExpectationFailed())
    const id = RequestId.of(request.headers["x-request-id"]?.toString())
    const { body, status } = headOf(document, id)
    response.writeHead(status, headersOf(body, id)).end(request.method === "HEAD" ? undefined : body)
  })
  server.on("connect", (_request, socket) => {
    // Node does not handle errors of this connection any more.
    socket.on("error", () => {})
    refuse(
      socket as Socket,
      Problem.documentOf(ProtocolProblems.methodNotImplemented, new ProtocolProblems.MethodNotImplemented())
    )
  })
  server.on("clientError", (error: ParserError, socket) => {
    if (error.code === "ECONNRESET") socket.destroy()
    else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && (socket as Socket).bytesRead === 0)
      leave(socket as Socket, unusedMillis)
    else refuse(socket as Socket, problemOf(error, maxBodyBytes))
  })
}
