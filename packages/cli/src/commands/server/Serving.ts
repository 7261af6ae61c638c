/**
 * The server of `turnout serve`, with its relays. It is loaded by the command alone: the server is most of what there is to load, and no
 * other command needs it.
 */
import type { IssuersOptions } from "../../options/access/Issuers.ts"
import { DEFAULT_IDEMPOTENCY_TTL_MILLIS } from "@turnout/core/admission/application/engine/Requests"
import { STOP_MILLIS as MAIL_STOP_MILLIS } from "@turnout/core/access/application/SignInMails"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { ambiguousName } from "@turnout/http/Admin"
import * as LimitChanges from "@turnout/http/LimitChanges"
import type { LimitPolicy } from "@turnout/http/LimitPolicy"
import * as Server from "@turnout/http/Server"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpServer from "effect/http/HttpServer"
import { CliError } from "../../CliError.ts"
import * as Metrics from "../../activity/Metrics.ts"
import * as Database from "../../Database.ts"
import type * as NamedQueue from "../../sinks/NamedQueue.ts"
import * as Line from "../../output/Line.ts"
import * as FirstRequests from "./FirstRequests.ts"
import * as Mailing from "./Mailing.ts"
import type { ServeOptions } from "./serve.ts"
import * as Output from "../../output/Output.ts"
import * as Running from "../../Running.ts"
import * as Sinks from "../../sinks/Sinks.ts"
import * as Sqs from "../../sinks/Sqs.ts"
import { WrongUsage } from "../../WrongUsage.ts"

/** The time for which answers are remembered if repeating an idempotency key is a conflict. */
const CONFLICT_WINDOW_MILLIS = 10 * 60 * 1_000
/** The time for commands whose requests have ended to finish, and the time that closing the database may take then. */
const DRAIN_MILLIS = 4_000
const CLOSE_MILLIS = 1_000

/** What is said of who may do what. */
const accessLines = (open: boolean): ReadonlyArray<Line.Line> =>
  open
    ? [
        Line.warning("Open: everybody who reaches this address may do everything, without a credential."),
        "Before others can reach it, make a key (turnout keys create --role operator) and start it with --no-open."
      ]
    : ["Closed: staff need a credential. turnout keys create --role operator makes the first one."]

/** What is said of the issuers whose tokens are taken. */
const issuerLines = (issuers: ReadonlyArray<string>): ReadonlyArray<Line.Line> =>
  issuers.length === 0 ? [] : [`It takes bearer tokens of ${issuers.join(", ")}.`]

const announce = (
  options: Database.GlobalOptions & ServeOptions,
  address: string,
  metrics: string | undefined,
  open: boolean,
  further: ReadonlyArray<Line.Line>
) => {
  const issuers = (options.issuers ?? []).map(({ issuer }) => issuer)
  const database = Database.describe(options)
  const document = { address, docs: `${address}/docs`, metrics: metrics ?? null, database, open, issuers }
  Output.result(options, document, () => [
    Line.of`${Line.heading("Turnout")} is serving at ${address}`,
    "",
    ...accessLines(open),
    ...issuerLines(issuers),
    "",
    `  API docs  ${address}/docs`,
    `  OpenAPI   ${address}/openapi.json`,
    `  Data      ${database}`,
    ...(metrics === undefined ? [] : [`  Metrics   ${metrics}`]),
    ...further,
    "",
    ...(open ? [...FirstRequests.lines(address), ""] : []),
    Line.faint("Ctrl-C stops it.")
  ])
}

/** Opens the queues of `--dlq`. */
const deadLetters = Effect.fnUntraced(function* (given: ReadonlyArray<NamedQueue.NamedQueue>, options: Sqs.SqsOptions) {
  if (given.length === 0) return []
  const { make } = yield* Effect.promise(Sqs.deadLetters)
  const pairs = Arr.chunksOf(given, 2).map(([from, to]) => ({ from: from!, to: to!.url }))
  const queues = yield* Effect.forEach(pairs, ({ from: { name, url }, to }) =>
    make({ ...Sqs.connectionOf(url, options), to, ...(name === undefined ? {} : { name }) })
  )
  const twice = ambiguousName(queues)
  if (twice === undefined) return queues
  const own = pairs.filter((_, index) => queues[index]!.name === twice).map(({ from }) => from.url)
  return yield* Effect.fail(
    new WrongUsage(
      `--dlq: two queues have the name ${twice}, ${own.join(" and ")}: give each a name of its own, as in --dlq name=URL URL`
    )
  )
})

/** Verifies the tokens of the issuers, whose keys it fetches from now on. Without issuers, the server takes no tokens. */
const verifierOf = Effect.fnUntraced(function* ({ issuers = [] }: IssuersOptions) {
  if (issuers.length === 0) return {}
  const TokenVerifier = yield* Effect.promise(() => import("@turnout/adapters/tokens"))
  return { tokenVerifier: yield* TokenVerifier.make({ issuers }) }
})

/** The URLs that operators may enter: those that the relays of this process post to. */
const endpointsOf = ({ allowPrivateWebhooks: allowPrivate = false }: ServeOptions): Layer.Layer<never> =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("@turnout/adapters/webhooks/endpoints")),
      (WebhookEndpoints) => WebhookEndpoints.layer({ allowPrivate })
    )
  )

/**
 * The origins whose pages may read answers. For those who develop a page against a server of their own machine, all may; in production,
 * none that is not listed.
 */
const corsOrigins = (
  { corsOrigin = [], database }: Database.GlobalOptions & ServeOptions,
  open: boolean
): ReadonlyArray<string> | "any" => {
  if (corsOrigin.includes("*")) return "any"
  const isDevelopment = open && database === undefined && process.env["NODE_ENV"] !== "production"
  return corsOrigin.length === 0 && isDevelopment ? "any" : corsOrigin
}

/** The limits. An open server, in development, has none unless it is given some. */
const limitsOf = ({ limits }: ServeOptions, open: boolean): ReadonlyArray<LimitPolicy> | "none" => {
  if (limits === false || (open && !Array.isArray(limits))) return "none"
  return LimitChanges.apply(Array.isArray(limits) ? limits : [])
}

/** Serves until the process is stopped. */
export const run = (
  options: Database.GlobalOptions & ServeOptions,
  open: boolean,
  mailing: Mailing.Way
): Promise<boolean> => {
  const settings = {
    host: options.host,
    port: options.port,
    basePath: options.basePath ?? "",
    onReplay: options.onReplay,
    logRequests: options.logRequests ?? false,
    compression: options.compression,
    requestTimeoutMillis: options.requestTimeout,
    keepAliveMillis: options.keepAlive,
    drainDelayMillis: options.drainDelay,
    shutdownGraceMillis: options.shutdownGrace,
    corsOrigins: corsOrigins(options, open),
    trustedProxies: options.trustProxy ?? [],
    limits: limitsOf(options, open),
    olderLimitHeaders: options.olderLimitHeaders ?? false,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl })
  }
  const { adminToken, dlq = [] } = options
  const token = adminToken === undefined ? {} : { adminToken: Redacted.make(adminToken) }
  const server = Layer.unwrap(
    Effect.gen(function* () {
      const mail = yield* Mailing.make(mailing)
      const verifier = yield* verifierOf(options)
      const dead = yield* deadLetters(dlq, options)
      return Server.layer({ ...settings, ...token, ...verifier, ...mail, open, deadLetters: dead })
    })
  ).pipe(Layer.provide(endpointsOf(options)))
  const stores = Database.stores(options)
  const turnout = Turnout.layer({
    drainMillis: DRAIN_MILLIS,
    // Turnout answers writes within this time; the server's own deadline comes after it.
    commandTimeoutMillis: options.requestTimeout,
    idempotencyTtlMillis: options.onReplay === "conflict" ? CONFLICT_WINDOW_MILLIS : DEFAULT_IDEMPOTENCY_TTL_MILLIS,
    refusalTtlMillis: options.refusalTtl
  })
  // The relays get the stores of the service, and so its connections to the database.
  const relays = options.relay ? Sinks.relays({ ...options, webhooks: true }) : Layer.empty
  const serving = (metrics: string | undefined) =>
    Effect.gen(function* () {
      const address = HttpServer.formatAddress((yield* HttpServer.HttpServer).address) + settings.basePath
      announce(options, address, metrics, open, Mailing.linesOf(mailing, address))
      return yield* Effect.never
    }).pipe(Effect.provide(Layer.mergeAll(Layer.provide(server, turnout), relays).pipe(Layer.provide(stores))))
  // The metrics are there before the server, and until all of it has ended.
  const measured = Effect.flatMap(Metrics.serve(options), serving).pipe(
    Effect.scoped,
    Effect.catchTag("ServeError", ({ cause }) =>
      Effect.fail(
        new CliError(`cannot listen on ${options.host}:${options.port} (${String(cause)}); try another --port`)
      )
    )
  )
  const mailMillis = mailing._tag === "None" ? 0 : MAIL_STOP_MILLIS
  const stopMillis =
    options.drainDelay + options.shutdownGrace + mailMillis + DRAIN_MILLIS + CLOSE_MILLIS + Sinks.STOP_MILLIS
  return Running.untilStopped(options, measured, stopMillis)
}
