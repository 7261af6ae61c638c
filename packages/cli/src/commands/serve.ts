/**
 * `turnout serve`: the HTTP API until somebody stops it.
 */
import { DEFAULT_IDEMPOTENCY_TTL_MILLIS } from "@turnout/core/application/Engine"
import * as Turnout from "@turnout/core/application/Turnout"
import { ambiguousName } from "@turnout/http/Admin"
import * as Server from "@turnout/http/Server"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpServer from "effect/http/HttpServer"
import { CliError } from "../CliError.ts"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import * as Running from "../Running.ts"
import * as Sinks from "../Sinks.ts"
import * as Sqs from "../Sqs.ts"

export interface ServeOptions extends Omit<Sinks.SinkOptions, "stdout"> {
  readonly host: string
  readonly port: number
  readonly onReplay: "replay" | "conflict"
  readonly logRequests?: boolean
  readonly requestTimeout: number
  readonly drainDelay: number
  readonly shutdownGrace: number
  /** Of the API for operators; without it, there is none. */
  readonly adminToken?: string
  /** Each dead-letter queue that operators see, followed by the queue that its messages go back to. */
  readonly dlq?: ReadonlyArray<string>
  /** False if others deliver. */
  readonly relay: boolean
}

/** How long answers are remembered where a replay is a conflict. */
const CONFLICT_WINDOW_MILLIS = 10 * 60 * 1_000
/** How long commands whose requests have ended get to finish, and what letting go of the database may take then. */
const DRAIN_MILLIS = 4_000
const CLOSE_MILLIS = 1_000

const example = (address: string) =>
  [
    `curl -s ${address}/events \\`,
    `  -H 'Content-Type: application/json' -H 'Idempotency-Key: my first event' \\`,
    `  -d '{"title":"Launch party","organizer":"me","capacity":100,"startsAt":"2030-05-01T18:00:00Z","endsAt":"2030-05-01T23:00:00Z","timeZone":"Europe/Berlin"}'`
  ].join("\n  ")

const announce = (options: Database.GlobalOptions, address: string) =>
  Output.result(options, { address, docs: `${address}/docs`, database: Database.describe(options) }, () => [
    `${Output.heading("Turnout")} is serving at ${address}`,
    "",
    `  API docs  ${address}/docs`,
    `  OpenAPI   ${address}/openapi.json`,
    `  Data      ${Database.describe(options)}`,
    "",
    "Try:",
    `  ${example(address)}`,
    "",
    Output.faint("Ctrl-C stops it.")
  ])

/** The queues of `--dlq`. */
const deadLetters = Effect.fnUntraced(function* (urls: ReadonlyArray<string>, options: Sqs.SqsOptions) {
  if (urls.length === 0) return []
  if (urls.length % 2 === 1)
    return yield* Effect.fail(
      new CliError("--dlq takes two URLs: of the dead-letter queue, and of the one to move its messages to")
    )
  const { make } = yield* Effect.promise(Sqs.deadLetters)
  const queues = yield* Effect.forEach(Arr.chunksOf(urls, 2), ([from, to]) =>
    make({ ...Sqs.connectionOf(from!, options), to: to! })
  )
  const twice = ambiguousName(queues)
  if (twice !== undefined) return yield* Effect.fail(new CliError(`--dlq: two queues have the name ${twice}`))
  return queues
})

export const serve = async (options: Database.GlobalOptions & ServeOptions): Promise<boolean> => {
  const settings = {
    host: options.host,
    port: options.port,
    onReplay: options.onReplay,
    logRequests: options.logRequests ?? false,
    requestTimeoutMillis: options.requestTimeout,
    drainDelayMillis: options.drainDelay,
    shutdownGraceMillis: options.shutdownGrace
  }
  const { adminToken, dlq = [] } = options
  if (dlq.length > 0 && adminToken === undefined)
    throw new CliError("--dlq is for the API for operators: it needs --admin-token as well")
  const server =
    adminToken === undefined
      ? Server.layer(settings)
      : Layer.unwrap(
          Effect.map(deadLetters(dlq, options), (deadLetters) =>
            Server.layerWithAdmin({ ...settings, adminToken: Redacted.make(adminToken), deadLetters })
          )
        )
  const stores = Database.stores(options)
  const turnout = Turnout.layer({
    drainMillis: DRAIN_MILLIS,
    idempotencyTtlMillis: options.onReplay === "conflict" ? CONFLICT_WINDOW_MILLIS : DEFAULT_IDEMPOTENCY_TTL_MILLIS
  })
  // In one layer with the service, so that it is told of each commit.
  const relays = options.relay ? Sinks.relays({ ...options, webhooks: true }) : Layer.empty
  const serving = Effect.gen(function* () {
    const address = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
    announce(options, address)
    return yield* Effect.never
  }).pipe(
    Effect.provide(Layer.mergeAll(Layer.provide(server, turnout), relays).pipe(Layer.provide(stores))),
    Effect.catchTag("ServeError", ({ cause }) =>
      Effect.fail(
        new CliError(`cannot listen on ${options.host}:${options.port} (${String(cause)}); try another --port`)
      )
    )
  )
  const stopMillis = options.drainDelay + options.shutdownGrace + DRAIN_MILLIS + CLOSE_MILLIS + Sinks.STOP_MILLIS
  return Running.untilStopped(options, serving, stopMillis)
}
