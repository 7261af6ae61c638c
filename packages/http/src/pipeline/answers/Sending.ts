/**
 * Writes an answer to its connection. A text goes out together with the head, in one packet if it fits.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { pipeline, Readable } from "node:stream"
import type { Answer } from "./Answer.ts"
import type { Exchange } from "../Exchange.ts"
import * as UnreadBody from "./UnreadBody.ts"

/** Writes a stream piece by piece, each when the connection has taken the one before. */
const writing = (response: ServerResponse, body: Stream.Stream<Uint8Array>): Effect.Effect<void> =>
  Stream.runForEach(body, (piece) =>
    Effect.suspend(() =>
      response.write(piece)
        ? Effect.void
        : Effect.promise((signal) => once(response, "drain", { signal }).then(() => {}))
    )
  )

/** Sends a stream. An answer whose stream fails is cut off, so that nobody takes the part for the whole. */
const sendStream = (exchange: Exchange, body: Stream.Stream<Uint8Array>, context: Context.Context<never>): void => {
  const { response } = exchange
  const fiber = Effect.runForkWith(context)(writing(response, body))
  exchange.fiber = fiber
  fiber.addObserver((exit) => {
    if (exit._tag === "Success") return void response.end()
    response.destroy()
    if (Cause.hasInterruptsOnly(exit.cause)) return
    Effect.runForkWith(context)(Effect.logError("an answer was cut off", exit.cause))
  })
}

/** The answers that are written at the end of this turn of the event loop. */
let waiting: Array<() => void> = []

const writeAll = () => {
  const all = waiting
  waiting = []
  for (const write of all) write()
}

/**
 * Writes at the end of this turn of the event loop, together with the answers to other requests. A client that sleeps is woken up by the
 * first of them, which costs the writer more than the writing, and is awake for the rest.
 */
const atEndOfTurn = (write: () => void): void => {
  if (waiting.length === 0) setImmediate(writeAll)
  waiting.push(write)
}

/** Writes the head and the body of an answer. */
const write = (exchange: Exchange, { body, headers, status }: Answer, context: Context.Context<never>): void => {
  const { request, response } = exchange
  const head: Record<string, string | number> = { ...headers }
  if (UnreadBody.discard(exchange)) head["connection"] = "close"
  if (typeof body === "string" || body instanceof Uint8Array) {
    head["content-length"] = Buffer.byteLength(body)
    response.writeHead(status, head).end(body)
  } else if (body === undefined) {
    if (status !== 204 && status !== 304) head["content-length"] = 0
    response.writeHead(status, head).end()
  } else {
    response.writeHead(status, head)
    if (request.method === "HEAD") {
      if (body instanceof Readable) body.destroy()
      response.end()
    } else if (body instanceof Readable) pipeline(body, response, () => {})
    else sendStream(exchange, body, context)
  }
}

/**
 * Sends an answer. `context` is that in which a stream runs. `onDefect` is told if Node does not take the answer, such as a header with a
 * line break in it.
 */
export const send = (
  exchange: Exchange,
  answer: Answer,
  context: Context.Context<never>,
  onDefect: (error: unknown) => void
): void => {
  const { response } = exchange
  atEndOfTurn(() => {
    if (response.destroyed || response.headersSent) return
    try {
      write(exchange, answer, context)
    } catch (error) {
      onDefect(error)
    }
  })
}
