/**
 * The shutdown of the server: its states between the request to stop and its end.
 *
 * ```text
 * serving ──stop──▶ draining: not ready, answers carry `Connection: close`
 *                      │ after drainDelayMillis
 *                      ▼
 *                   closed to new connections; idle ones are ended, running requests are finished
 *                      │ when all are done, or after shutdownGraceMillis
 *                      ▼
 *                   stopped
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** The state that the readiness check, the fallback and the drain share. */
export class Lifecycle extends Context.Service<Lifecycle, { draining: boolean }>()("@turnout/Lifecycle") {}

export const layer: Layer.Layer<Lifecycle> = Layer.sync(Lifecycle, () => ({ draining: false }))

/**
 * Node's `server.close()` ends only connections that have served a request: a connection that never sent a byte, or half a
 * header, would delay the end for the whole grace time. Returns a function that ends every connection without a running
 * request, at once and from then on.
 */
export const trackConnections = (server: Server): (() => void) => {
  const running = new Map<Socket, number>()
  let closing = false
  const count = (socket: Socket, by: number) => {
    const requests = (running.get(socket) ?? 0) + by
    if (socket.destroyed) running.delete(socket)
    else if (closing && requests === 0) socket.destroySoon()
    else running.set(socket, requests)
  }
  const onRequest = ({ socket }: IncomingMessage, response: ServerResponse) => {
    count(socket, 1)
    response.once("close", () => count(socket, -1))
  }
  server.on("connection", (socket: Socket) => {
    count(socket, 0)
    socket.once("close", () => running.delete(socket))
  })
  server.on("request", onRequest)
  server.on("checkContinue", onRequest)
  server.on("checkExpectation", onRequest)
  return () => {
    closing = true
    for (const socket of running.keys()) count(socket, 0)
  }
}

/** The layer that begins the shutdown. It is built after the server, so that it is torn down before it. */
export const drain = (
  closeQuietConnections: () => void,
  drainDelayMillis: number
): Layer.Layer<never, never, Lifecycle> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const lifecycle = yield* Lifecycle
      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          lifecycle.draining = true
          yield* Effect.sleep(drainDelayMillis)
          closeQuietConnections()
        })
      )
    })
  )
