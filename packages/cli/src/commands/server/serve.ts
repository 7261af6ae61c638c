/**
 * `turnout serve`: serves the HTTP API until it is stopped.
 */
import { type Command, Option, InvalidArgumentError } from "commander"
import type { Action } from "../../Action.ts"
import { BASE_PATH_RULE, isBasePath } from "@turnout/http/BasePath"
import { isToken, TOKEN_RULE } from "@turnout/http/AdminToken"
import * as ClientAddress from "@turnout/http/ClientAddress"
import { isOrigin, ORIGIN_RULE } from "@turnout/http/Cors"
import { isLoopback } from "@turnout/http/PublicUrl"
import * as Metrics from "../../activity/Metrics.ts"
import { issuers, type IssuersOptions } from "../../options/access/Issuers.ts"
import * as Limits from "../../options/access/Limits.ts"
import type { LimitsOptions } from "../../options/access/Limits.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { allowPrivate } from "../../options/Sinks.ts"
import { sqs, sqsEndpoint, sqsRegion } from "../../options/Sqs.ts"
import { DEFAULT_REFUSAL_TTL_MILLIS } from "@turnout/core/admission/application/engine/Requests"
import { DEFAULTS } from "@turnout/http/ServerDefaults"
import type * as Database from "../../Database.ts"
import * as NamedQueue from "../../sinks/NamedQueue.ts"
import * as Mailing from "./Mailing.ts"
import type * as Sinks from "../../sinks/Sinks.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface ServeOptions
  extends
    Omit<Sinks.SinkOptions, "stdout">,
    IssuersOptions,
    LimitsOptions,
    Mailing.MailingOptions,
    Metrics.MetricsOptions {
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
  /** The origins whose pages may read answers; `*` for all. */
  readonly corsOrigin?: ReadonlyArray<string>
  /** The networks of the proxies whose headers are believed. */
  readonly trustProxy?: ReadonlyArray<string>
  /** Each dead-letter queue that operators see, followed by the queue that its messages go back to. */
  readonly dlq?: ReadonlyArray<NamedQueue.NamedQueue>
  /** False if this process delivers nothing. */
  readonly relay: boolean
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

export const serve = async (options: Database.GlobalOptions & ServeOptions): Promise<boolean> => {
  if ((options.dlq ?? []).length % 2 === 1)
    throw new WrongUsage("--dlq takes two URLs: of the dead-letter queue, and of the one to move its messages to")
  const open = isOpen(options)
  const mailing = Mailing.wayOf(options)
  const { run } = await import("./Serving.ts")
  return run(options, open, mailing)
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

/** Reads one of several values, each of which has to keep a rule. */
const each =
  (isOne: (text: string) => boolean, rule: string) =>
  (text: string, before: ReadonlyArray<string> = []): ReadonlyArray<string> => {
    if (!isOne(text)) throw new InvalidArgumentError(`${rule}.`)
    return [...before, text]
  }

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
    .option(
      "--trust-proxy <networks...>",
      "the addresses or networks of the proxies in front, whose X-Forwarded-For and X-Forwarded-Proto are believed (default: none)",
      each((text) => ClientAddress.networkOf(text) !== undefined, ClientAddress.PROXY_RULE)
    )
    .option(
      "--cors-origin <origins...>",
      "the origins whose pages may read answers; * for all, without credentials (default: none; all, if it is served openly on an embedded database)",
      each((text) => text === "*" || isOrigin(text), ORIGIN_RULE)
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
  Limits.declare(command)
  Metrics.declare(Mailing.declare(command)).action(action(serve))
}
