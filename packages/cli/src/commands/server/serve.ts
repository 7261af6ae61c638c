/**
 * `turnout serve`: serves the HTTP API until it is stopped.
 */
import { type Command, Option, InvalidArgumentError } from "commander"
import type { Action } from "../../Action.ts"
import { BASE_PATH_RULE, isBasePath } from "@turnout/http/BasePath"
import { isToken, TOKEN_RULE } from "@turnout/http/AdminToken"
import { isLoopback } from "@turnout/http/PublicUrl"
import { issuers, type IssuersOptions } from "../../options/access/Issuers.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { allowPrivate } from "../../options/Sinks.ts"
import { sqs, sqsEndpoint, sqsRegion } from "../../options/Sqs.ts"
import {
  DEFAULT_IDEMPOTENCY_TTL_MILLIS,
  DEFAULT_REFUSAL_TTL_MILLIS
} from "@turnout/core/admission/application/engine/Requests"
import { STOP_MILLIS as MAIL_STOP_MILLIS } from "@turnout/core/access/application/SignInMails"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { ambiguousName } from "@turnout/http/Admin"
import * as Server from "@turnout/http/Server"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpServer from "effect/http/HttpServer"
import { CliError } from "../../CliError.ts"
import * as Database from "../../Database.ts"
import * as NamedQueue from "../../sinks/NamedQueue.ts"
import * as Line from "../../output/Line.ts"
import * as FirstRequests from "./FirstRequests.ts"
import * as Mailing from "./Mailing.ts"
import * as Output from "../../output/Output.ts"
import * as Running from "../../Running.ts"
import * as Sinks from "../../sinks/Sinks.ts"
import * as Sqs from "../../sinks/Sqs.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface ServeOptions extends Omit<Sinks.SinkOptions, "stdout">, IssuersOptions, Mailing.MailingOptions {
  readonly host: string
  readonly port: number
  readonly basePath?: string
  readonly onReplay: "replay" | "conflict"
  readonly refusalTtl: number
  readonly logRequests?: boolean
  /** False if long answers are sent as they are. */
  readonly compression: boolean
  readonly requestTimeout: number
  readonly keepAlive: number
  readonly drainDelay: number
  readonly shutdownGrace: number
  /** The token that opens everything. */
  readonly adminToken?: string
  /** Whether everybody may do everything. */
  readonly open?: boolean
  /** Whether that is meant for other machines, too. */
  readonly openToOthers?: boolean
  /** Each dead-letter queue that operators see, followed by the queue that its messages go back to. */
  readonly dlq?: ReadonlyArray<NamedQueue.NamedQueue>
  /** False if this process delivers nothing. */
  readonly relay: boolean
}

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
  open: boolean,
  further: ReadonlyArray<Line.Line>
) => {
  const issuers = (options.issuers ?? []).map(({ issuer }) => issuer)
  const document = { address, docs: `${address}/docs`, database: Database.describe(options), open, issuers }
  Output.result(options, document, () => [
    Line.of`${Line.heading("Turnout")} is serving at ${address}`,
    "",
    ...accessLines(open),
    ...issuerLines(issuers),
    "",
    `  API docs  ${address}/docs`,
    `  OpenAPI   ${address}/openapi.json`,
    `  Data      ${Database.describe(options)}`,
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

export const serve = async (options: Database.GlobalOptions & ServeOptions): Promise<boolean> => {
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
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl })
  }
  const { adminToken, dlq = [] } = options
  const open = isOpen(options)
  const mailing = Mailing.wayOf(options)
  if (dlq.length % 2 === 1)
    throw new WrongUsage("--dlq takes two URLs: of the dead-letter queue, and of the one to move its messages to")
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
  const serving = Effect.gen(function* () {
    const address = HttpServer.formatAddress((yield* HttpServer.HttpServer).address) + settings.basePath
    announce(options, address, open, Mailing.linesOf(mailing, address))
    return yield* Effect.never
  }).pipe(
    Effect.provide(Layer.mergeAll(Layer.provide(server, turnout), relays).pipe(Layer.provide(stores))),
    Effect.catchTag("ServeError", ({ cause }) =>
      Effect.fail(
        new CliError(`cannot listen on ${options.host}:${options.port} (${String(cause)}); try another --port`)
      )
    )
  )
  const mailMillis = mailing._tag === "None" ? 0 : MAIL_STOP_MILLIS
  const stopMillis =
    options.drainDelay + options.shutdownGrace + mailMillis + DRAIN_MILLIS + CLOSE_MILLIS + Sinks.STOP_MILLIS
  return Running.untilStopped(options, serving, stopMillis)
}

/**
 * Whether everybody may do everything. An embedded database is open for this machine, unless a token, issuers or --no-open say
 * otherwise; a server is not. Who opens it for other machines has to say so twice.
 */
const isOpen = (options: Database.GlobalOptions & ServeOptions): boolean => {
  const { adminToken, database, host, issuers = [], open, openToOthers } = options
  const isLocal = isLoopback(host)
  if (open === true && !isLocal && openToOthers !== true)
    throw new WrongUsage(
      `--open lets everybody who reaches ${host} do everything: leave it out and make keys (turnout keys create), or say --open-to-others as well`
    )
  return open ?? (isLocal && database === undefined && adminToken === undefined && issuers.length === 0)
}

const token = (text: string) => {
  if (!isToken(text)) throw new InvalidArgumentError(`${TOKEN_RULE}.`)
  return text
}

/** Reads a value of `--dlq`. The first of two may begin with the name that operators know the dead-letter queue by. */
const dlqUrl = (
  text: string,
  before: ReadonlyArray<NamedQueue.NamedQueue> = []
): ReadonlyArray<NamedQueue.NamedQueue> => [
  ...before,
  before.length % 2 === 0 ? NamedQueue.parse(text) : { url: NamedQueue.parseUrl(text) }
]

const basePath = (text: string) => {
  if (!isBasePath(text)) throw new InvalidArgumentError(`${BASE_PATH_RULE}.`)
  return text
}

const { DEFAULTS } = Server

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const command = program
    .command("serve")
    .description("serve the HTTP API, with docs at /docs; SIGTERM and Ctrl-C stop it cleanly")
    .option("--host <address>", "address to listen on", DEFAULTS.host)
    .addOption(
      new Option("--port <number>", "port; 0 takes a free one")
        .env("PORT")
        .default(DEFAULTS.port)
        .argParser(wholeNumber(0, 65_535))
    )
    .option("--base-path <path>", "path that everything is under, behind a proxy that shares its host", basePath)
    .addOption(
      new Option("--on-replay <policy>", "answer to an idempotency key that was answered before")
        .choices(["replay", "conflict"])
        .default(DEFAULTS.onReplay)
    )
    .option(
      "--refusal-ttl <millis>",
      "time for which a refusal is remembered under its idempotency key",
      wholeNumber(0, 86_400_000),
      DEFAULT_REFUSAL_TTL_MILLIS
    )
    .addOption(
      new Option("--admin-token <token>", "token that opens everything, for when no key does (default: there is none)")
        .env("TURNOUT_ADMIN_TOKEN")
        .argParser(token)
    )
    .option(
      "--open",
      "let everybody do everything, without a credential (default: on an embedded database, for this machine)"
    )
    .option("--no-open", "ask staff for a credential, also on an embedded database")
    .option("--open-to-others", "mean --open for other machines, too")
    .addOption(issuers("the issuers whose bearer tokens are taken (default: there are none)"))
    .option(
      "--dlq <urls...>",
      "a dead-letter queue of SQS (or name=URL), and the queue that operators may move its messages back to; may be given several times",
      dlqUrl
    )
    .option("--log-requests", "log every request on stderr")
    .option("--no-compression", "send long lists as they are, and leave compressing them to a proxy")
    .option(
      "--request-timeout <millis>",
      "longest time for one request",
      wholeNumber(1, 600_000),
      DEFAULTS.requestTimeoutMillis
    )
    .option(
      "--keep-alive <millis>",
      "time for which an idle connection is kept; longer than the balancer keeps it",
      wholeNumber(1_000, 3_600_000),
      DEFAULTS.keepAliveMillis
    )
    .option(
      "--drain-delay <millis>",
      "time between not being ready and not listening, on stop",
      wholeNumber(0, 600_000),
      DEFAULTS.drainDelayMillis
    )
    .option(
      "--shutdown-grace <millis>",
      "time for running requests to finish, on stop",
      wholeNumber(0, 600_000),
      DEFAULTS.shutdownGraceMillis
    )
    .addOption(sqs())
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .option("--sales", "keep sales summaries up to date")
    .option("--no-relay", "leave delivering to --sqs and webhooks, and --sales, to others")
    .addOption(allowPrivate())
  Mailing.declare(command).action(action(serve))
}
