/**
 * Listening: takes connections from the moment that the layer is built until it is torn down. Then the server takes no new ones, waits for
 * the requests that are being worked on, and cuts off those that are not done within the grace time.
 */
import * as Outage from "@turnout/core/kernel/application/Outage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as HttpServer from "effect/http/HttpServer"
import { ServeError } from "effect/http/HttpServerError"
import * as NetAddress from "effect/net/NetAddress"
import type { Server } from "node:http"
import type { AddressInfo, ListenOptions } from "node:net"
import type { Pipeline } from "../pipeline/Pipeline.ts"

export interface ListeningOptions {
  readonly host: string
  readonly port: number
  /** The time for running requests to finish, after which they are cut off. */
  readonly shutdownGraceMillis: number
}

/** The time for the answers of requests that were cut off to reach their clients. */
const LAST_WORDS_MILLIS = 1_000

/**
 * Listens at an address. Fails if that cannot be had. From then on, what goes wrong is logged, such as a connection that cannot be
 * accepted since the process has too many files open: without a listener, it would end the process.
 */
export const listen = Effect.fnUntraced(function* (
  server: Server,
  where: Pick<ListenOptions, "host" | "port" | "exclusive">
): Effect.fn.Return<void, ServeError> {
  yield* Effect.callback<void, ServeError>((resume) => {
    const onError = (cause: Error) => resume(Effect.fail(new ServeError({ cause })))
    server.once("error", onError)
    server.listen(where, () => {
      server.off("error", onError)
      resume(Effect.void)
    })
  })
  const context = yield* Effect.context<never>()
  const outage = Outage.make(() => performance.now())
  server.on("error", (error: NodeJS.ErrnoException) => {
    // Many connections may fail at once, for one reason.
    if (outage.failed(error.code ?? error.message))
      Effect.runForkWith(context)(Effect.logError("a server cannot take connections", error))
  })
})

/** Whether work ends within a time. The work goes on if it does not. */
const isWithin = (work: Promise<void>, millis: number): Effect.Effect<boolean> =>
  Effect.map(
    Effect.interruptible(
      Effect.timeoutOption(
        Effect.promise(() => work),
        millis
      )
    ),
    Option.isSome
  )

const stop = Effect.fnUntraced(function* (server: Server, pipeline: Pipeline, graceMillis: number) {
  const end = new Promise<void>((resolve) => server.close(() => resolve()))
  if (yield* isWithin(end, graceMillis)) return
  pipeline.cutOff()
  if (yield* isWithin(end, LAST_WORDS_MILLIS)) return
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
  yield* Effect.acquireRelease(listen(server, { host, port }), () => stop(server, pipeline, shutdownGraceMillis))
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
