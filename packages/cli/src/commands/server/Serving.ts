/**
 * The server of `turnout serve`, with its relays. It is loaded by the command alone: the server is most of what there is to load, and no
 * other command needs it.
 */
import { cachesOf } from "../../options/Caches.ts"
import type { IssuersOptions } from "../../options/access/Issuers.ts"
import { DEFAULT_IDEMPOTENCY_TTL_MILLIS } from "@turnout/core/admission/application/engine/Requests"
import * as CachedReads from "@turnout/core/admission/application/caching/CachedReads"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { ambiguousName } from "@turnout/http/Admin"
import { CurrentNeighbours, Neighbours } from "@turnout/core/kernel/ports/Neighbours"
import * as LimitChanges from "@turnout/http/LimitChanges"
import type { LimitPolicy } from "@turnout/http/LimitPolicy"
import * as Server from "@turnout/http/Server"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpServer from "effect/http/HttpServer"
import * as Metrics from "../../activity/Metrics.ts"
import * as Database from "../../Database.ts"
import type * as NamedQueue from "../../sinks/NamedQueue.ts"
import * as Announcement from "./Announcement.ts"
import * as Listening from "./Listening.ts"
import * as Mailing from "./Mailing.ts"
import type { ServeOptions } from "./ServeOptions.ts"
import * as Running from "../../Running.ts"
import * as Sinks from "../../sinks/Sinks.ts"
import * as Sqs from "../../sinks/Sqs.ts"
import * as Shared from "./Shared.ts"
import * as StopTime from "./StopTime.ts"
import { WrongUsage } from "../../WrongUsage.ts"

/** The time for which answers are remembered if repeating an idempotency key is a conflict. */
const CONFLICT_WINDOW_MILLIS = 10 * 60 * 1_000

/** What is around a server: who learns that it serves, who stops it, and for how long that one waits. */
export interface Surroundings {
  /** Called once the server serves, with its address and that of its metrics. */
  readonly onServing: (address: string, metrics: string | undefined) => void
  readonly stopRequests: Running.StopRequests
  readonly stopMillis: number
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
const corsOrigins = ({ corsOrigin = [], database }: ServeOptions, open: boolean): ReadonlyArray<string> | "any" => {
  if (corsOrigin.includes("*")) return "any"
  const isDevelopment = open && database === undefined && process.env["NODE_ENV"] !== "production"
  return corsOrigin.length === 0 && isDevelopment ? "any" : corsOrigin
}

/** The limits, as the server takes them. */
const limitsOf = ({ limits }: ServeOptions): ReadonlyArray<LimitPolicy> | "default" | "none" => {
  if (limits === undefined) return "default"
  return limits === false ? "none" : LimitChanges.apply(limits)
}

/** Serves until the process is stopped, as the surroundings decide. */
export const runIn = (
  { onServing, stopMillis, stopRequests }: Surroundings,
  options: ServeOptions,
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
    limits: limitsOf(options),
    olderLimitHeaders: options.olderLimitHeaders ?? false,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl })
  }
  const { adminToken, dlq = [] } = options
  const token = adminToken === undefined ? {} : { adminToken: Redacted.make(adminToken) }
  const shared = Shared.layer(options)
  const server = Layer.unwrap(
    Effect.gen(function* () {
      const mail = yield* Mailing.make(mailing)
      const verifier = yield* verifierOf(options)
      const dead = yield* deadLetters(dlq, options)
      return Server.layer({ ...settings, ...token, ...verifier, ...mail, open, deadLetters: dead })
    })
  ).pipe(Layer.provide([endpointsOf(options), shared]))
  const stores = Database.stores(options)
  const caches = cachesOf(options)
  const turnout = Turnout.layer({
    ...(caches === undefined ? {} : { caches: CachedReads.caches(caches) }),
    drainMillis: StopTime.DRAIN_MILLIS,
    // Turnout answers writes within this time; the server's own deadline comes after it.
    commandTimeoutMillis: options.requestTimeout,
    idempotencyTtlMillis: options.onReplay === "conflict" ? CONFLICT_WINDOW_MILLIS : DEFAULT_IDEMPOTENCY_TTL_MILLIS,
    refusalTtlMillis: options.refusalTtl
  }).pipe(Layer.provide(shared))
  // The relays get the stores of the service, and so its connections to the database.
  const relays = options.relay ? Sinks.relays({ ...options, webhooks: true }) : Layer.empty
  const neighbours = Layer.succeed(CurrentNeighbours, new Neighbours())
  const serving = (metrics: string | undefined) =>
    Effect.gen(function* () {
      const address = HttpServer.formatAddress((yield* HttpServer.HttpServer).address) + settings.basePath
      onServing(address, metrics)
      return yield* Effect.never
    }).pipe(
      Effect.provide(Layer.mergeAll(Layer.provide(server, turnout), relays).pipe(Layer.provide([stores, neighbours])))
    )
  // The metrics are there before the server, and until all of it has ended.
  const measured = Effect.flatMap(Metrics.serve(options), serving).pipe(
    Effect.scoped,
    Effect.catchTag("ServeError", ({ cause }) => Effect.fail(Listening.refused(options, cause)))
  )
  return Running.untilStopped(options, measured, stopMillis, stopRequests)
}

/** Serves until a signal stops the process, and says where on stdout. */
export const run = (options: ServeOptions, open: boolean, mailing: Mailing.Way): Promise<boolean> =>
  runIn(
    {
      onServing: (address, metrics) =>
        Announcement.print(
          options,
          { address, metrics: metrics === undefined ? [] : [metrics], pids: [] },
          open,
          mailing
        ),
      stopRequests: Running.bySignal,
      stopMillis: StopTime.of(options, mailing)
    },
    options,
    open,
    mailing
  )
