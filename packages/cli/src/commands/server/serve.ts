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
import * as Caches from "../../options/Caches.ts"
import { issuers } from "../../options/access/Issuers.ts"
import * as Limits from "../../options/access/Limits.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { redis } from "../../options/neighbours/Redis.ts"
import { allowPrivate } from "../../options/Sinks.ts"
import { sqs, sqsEndpoint, sqsRegion } from "../../options/neighbours/Sqs.ts"
import { DEFAULT_REFUSAL_TTL_MILLIS } from "@turnout/core/admission/application/engine/Requests"
import { DEFAULTS } from "@turnout/http/ServerDefaults"
import * as NamedQueue from "../../sinks/NamedQueue.ts"
import * as Mailing from "./Mailing.ts"
import * as Handover from "./processes/Handover.ts"
import type { ServeOptions } from "./ServeOptions.ts"
import { WrongUsage } from "../../WrongUsage.ts"

/** The most processes of one server. */
const MOST_PROCESSES = 64

/**
 * Whether everybody may do everything. An embedded database is open for this machine, unless a token, issuers or --no-open say
 * otherwise; a server is not. Who opens it for other machines has to say so twice.
 */
const isOpen = (options: ServeOptions): boolean => {
  const { adminToken, database, host, issuers = [], open, openToOthers } = options
  const isLocal = isLoopback(host)
  if (open === true && !isLocal && openToOthers !== true)
    throw new WrongUsage(
      `--open lets everybody who reaches ${host} do everything: leave it out and make keys (turnout keys create), or say --open-to-others as well`
    )
  return open ?? (isLocal && database === undefined && adminToken === undefined && issuers.length === 0)
}

/** What takes the options from here: this process by itself, one of several, or the primary of several. */
const runnerOf = async ({ processes }: ServeOptions, isHandedOver: boolean) => {
  if (isHandedOver) return await import("./processes/InProcess.ts")
  return await (processes > 1 ? import("./processes/Primary.ts") : import("./Serving.ts"))
}

export const serve = async (typed: ServeOptions): Promise<boolean> => {
  const handedOver = Handover.take()
  const options = handedOver ?? typed
  if ((options.dlq ?? []).length % 2 === 1)
    throw new WrongUsage("--dlq takes two URLs: of the dead-letter queue, and of the one to move its messages to")
  if (options.processes > 1 && options.database === undefined)
    throw new WrongUsage(
      "--processes needs a Postgres server, since an embedded database belongs to one process: name it with --database, or leave out --processes"
    )
  const open = isOpen(options)
  const mailing = Mailing.wayOf(options)
  const { run } = await runnerOf(options, handedOver !== undefined)
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
    .option(
      "--processes <number>",
      "processes that share the port, of which one relays; more than one need a Postgres server",
      wholeNumber(1, MOST_PROCESSES),
      1
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
  Caches.declare(Limits.declare(command)).addOption(redis())
  Metrics.declare(Mailing.declare(command)).action(action(serve))
}
