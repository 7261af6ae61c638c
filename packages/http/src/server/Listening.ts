/**
 * Listening: takes connections from the moment that the layer is built until it is torn down. Then the server takes no new ones, waits for
 * the requests that are being worked on, and cuts off those that are not done within the grace time.
 */
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import { ServeError } from "effect/http/HttpServerError"
import * as NetAddress from "effect/net/NetAddress"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Pipeline } from "../pipeline/Pipeline.ts"

export interface ListeningOptions {
  readonly host: string
  readonly port: number
  /** The time for running requests to finish, after which they are cut off. */
  readonly shutdownGraceMillis: number
}

/** The time for the answers of requests that were cut off to reach their clients. */
const LAST_WORDS_MILLIS = 1_000

const listening = (server: Server, host: string, port: number): Effect.Effect<void, ServeError> =>
  Effect.callback((resume) => {
    const onError = (cause: Error) => resume(Effect.fail(new ServeError({ cause })))
    server.once("error", onError)
    server.listen({ host, port }, () => {
      server.off("error", onError)
      resume(Effect.void)
    })
  })

/** Ends once no connection is open any more. */
const closed = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
  })

/** Whether work ends within a time. The work goes on if it does not. */
const within = (work: Promise<void>, millis: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.succeed(false)), millis)
    work.then(() => {
      clearTimeout(timer)
      resume(Effect.succeed(true))
    })
  })

const stop = Effect.fnUntraced(function* (server: Server, pipeline: Pipeline, graceMillis: number) {
  const end = Effect.runPromise(closed(server))
  if (yield* within(end, graceMillis)) return
  pipeline.cutOff()
  if (yield* within(end, LAST_WORDS_MILLIS)) return
  server.closeAllConnections()
  yield* Effect.promise(() => end)
})

/** Lets the pipeline answer what the server is asked, for as long as the scope is open. Gives the address. */
export const make = Effect.fnUntraced(function* (
  server: Server,
  pipeline: Pipeline,
  { host, port, shutdownGraceMillis }: ListeningOptions
) {
  server.on("request", (request, response) => pipeline.onRequest(request, response, false))
  server.on("checkContinue", (request, response) => pipeline.onRequest(request, response, true))
  yield* Effect.acquireRelease(listening(server, host, port), () => stop(server, pipeline, shutdownGraceMillis))
  const { address, port: actual } = server.address() as AddressInfo
  const bound = yield* Effect.mapError(
    Effect.fromResult(NetAddress.inetAddressFromIpString(address, actual)),
    (cause) => new ServeError({ cause })
  )
  return HttpServer.make({
    address: bound,
    serve: () => Effect.die(new Error("this server serves the pipeline, and nothing else"))
  })
})
