/**
 * A mailer that sends by SMTP. Needs `nodemailer` to be installed.
 *
 * Nothing is sent in the clear, neither mail nor password, unless the server is on this machine or the operator has said so: the connection
 * begins with TLS (`smtps:`), or has to turn to it (STARTTLS). Each step has a deadline, and so has the mail as a whole. A mail is
 * tried once; who sends it decides whether it is tried again. A server that takes no mail several times in a row is left alone for a while,
 * and mails fail at once meanwhile.
 */
import type { Mail } from "@turnout/core/access/domain/Mail"
import { Mailer, type MailFailed } from "@turnout/core/access/ports/Mailer"
import * as Circuits from "@turnout/core/kernel/application/Circuits"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { steady } from "@turnout/core/kernel/application/time/MonotonicTime"
import { between, mustBe, notEmpty } from "@turnout/core/kernel/domain/rules/OptionRules"
import * as Neighbours from "@turnout/core/kernel/ports/Neighbours"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import { createTransport } from "nodemailer"
import { randomUUID } from "node:crypto"
import { domainToASCII } from "node:url"
import { checked } from "./CheckedMail.ts"
import * as Sender from "./Sender.ts"
import { leftAlone, toMailFailed, tooSlow } from "./SmtpFailure.ts"
import { parse, SMTP_URL_RULE, type SmtpServer } from "./SmtpUrl.ts"

export interface SmtpOptions {
  /** The server: `smtp://user:password@host:port`, or `smtps://` for TLS from the first byte. */
  readonly url: Redacted.Redacted
  /** The sender: an address, or a name and an address, as in `Tickets <tickets@example.com>`. Its domain is that of the message ids. */
  readonly from: string
  /**
   * Whether a connection that begins in the clear must turn to TLS. Default: unless the server is on this machine. With `false`, it does
   * so if the server offers it.
   */
  readonly requireTls?: boolean
  /** Certificates of authorities, in PEM, that are trusted instead of those that Node trusts. */
  readonly ca?: string
  /** The most connections. Default 5. */
  readonly connections?: number
  /** How long connecting may take, and then the greeting, and each answer. Default 10 seconds. */
  readonly stepMillis?: number
  /** How long a mail may take, with the time that it waits for a connection. Default 30 seconds. */
  readonly timeoutMillis?: number
}

const DEFAULTS = { connections: 5, stepMillis: 10_000, timeoutMillis: 30_000 } as const
const MAX_CONNECTIONS = 50
const MAX_TIMEOUT_MILLIS = 10 * 60 * 1_000
/** The number of mails after which a connection is replaced. */
const MAX_MAILS_OF_A_CONNECTION = 100
/** The time after which a connection that is not used is closed. */
const IDLE_MILLIS = 30_000
/** The failures in a row after which a server is left alone, and for how long: longer each time that it has failed again. */
export const FAILURES_TO_OPEN = 5
const CIRCUIT = { failuresToOpen: FAILURES_TO_OPEN, openMillis: 5_000, longestOpenMillis: 60_000 } as const
/** The largest answer of a server. */
const MAX_ANSWER_BYTES = 64 * 1_024

const isUrl = (input: unknown): input is Redacted.Redacted => {
  const value: unknown = Redacted.isRedacted(input) ? Redacted.value(input) : undefined
  return typeof value === "string" && parse(value) !== undefined
}

/** The rules of `SmtpOptions`. */
export const SmtpOptions = Schema.Struct({
  url: Schema.Unknown.check(Schema.makeFilter((url) => isUrl(url) || SMTP_URL_RULE)),
  from: mustBe(Sender.RULE, (text) => Sender.parse(text) !== undefined),
  requireTls: Schema.optionalKey(Schema.Boolean),
  ca: notEmpty,
  connections: between(1, MAX_CONNECTIONS),
  stepMillis: between(1, MAX_TIMEOUT_MILLIS),
  timeoutMillis: between(1, MAX_TIMEOUT_MILLIS)
})

const decodeOptions: (input: unknown) => Effect.Effect<unknown, InvalidInput> = decoder(SmtpOptions)

type Settings = SmtpOptions & typeof DEFAULTS

/** Connections that are opened when they are needed. */
const transportOf = (server: SmtpServer, { ca, connections, requireTls, stepMillis }: Settings) => {
  const { host, isLoopback, isSecure, password, port, user } = server
  const mustTurn = requireTls ?? !isLoopback
  return createTransport({
    pool: true,
    host,
    port,
    secure: isSecure,
    requireTLS: !isSecure && mustTurn,
    // A server on this machine often has a certificate that nobody has signed.
    ignoreTLS: isLoopback && !mustTurn,
    ...(user === "" ? {} : { auth: { user, pass: password } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    maxConnections: connections,
    maxMessages: MAX_MAILS_OF_A_CONNECTION,
    maxRequeues: 0,
    idleTimeout: IDLE_MILLIS,
    connectionTimeout: stepMillis,
    greetingTimeout: stepMillis,
    dnsTimeout: stepMillis,
    socketTimeout: stepMillis,
    maxResponseSize: MAX_ANSWER_BYTES,
    // A mail is what it says: nothing in it is fetched from a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true
  })
}

/** Which failures open the circuit: a server that refuses a mail for itself is there. */
const classify = (exit: Exit.Exit<void, MailFailed>): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Cause.findErrorOption(exit.cause)
  if (Option.isNone(error)) return CircuitBreaker.ignored
  return error.value.reason._tag === "MailRefused" ? CircuitBreaker.success : CircuitBreaker.failure()
}

/** Makes a mailer whose connections are closed with the scope. Fails if an option breaks a rule; names the field and the rule. */
export const make = Effect.fnUntraced(function* (
  options: SmtpOptions
): Effect.fn.Return<Mailer["Service"], InvalidInput, Scope.Scope> {
  yield* decodeOptions(options)
  const settings: Settings = { ...DEFAULTS, ...(options as Settings) }
  const { timeoutMillis } = settings
  // Both have been found to be right above.
  const [server, from] = [parse(Redacted.value(settings.url))!, Sender.parse(settings.from)!]
  const domain = domainToASCII(from.address.slice(from.address.lastIndexOf("@") + 1))
  const transport = yield* Effect.acquireRelease(
    Effect.sync(() => transportOf(server, settings)),
    (transport) => Effect.sync(() => transport.close({ force: true }))
  )

  const observed = yield* Neighbours.observe("mail")
  const breaker = yield* Circuits.make(CIRCUIT)
  const steadyClock = steady(yield* Clock.Clock)

  const send = ({ html, subject, text, to }: Mail): Effect.Effect<void, MailFailed> =>
    Effect.tryPromise({
      try: (signal) =>
        transport.sendMail({
          from,
          to: { name: "", address: to },
          subject,
          text,
          ...(html === undefined ? {} : { html }),
          messageId: `<${randomUUID()}@${domain}>`,
          signal
        }),
      catch: (cause) => toMailFailed(cause, server)
    }).pipe(
      Effect.timeoutOrElse({ duration: timeoutMillis, orElse: () => Effect.fail(tooSlow(timeoutMillis)) }),
      Effect.tap(() => Effect.sync(observed.worked)),
      // A server that refuses a mail is there.
      Effect.tapError(({ reason }) => Effect.sync(reason._tag === "MailRefused" ? observed.worked : observed.failed)),
      Effect.asVoid,
      breaker.execute({ key: server.host, classify }),
      Effect.provideService(Clock.Clock, steadyClock),
      Effect.mapError((error) => (error._tag === "MailFailed" ? error : leftAlone))
    )

  return { send: checked(send) }
})

/** Sends by SMTP for as long as the layer is there. */
export const layer = (options: SmtpOptions): Layer.Layer<Mailer, InvalidInput> => Layer.effect(Mailer, make(options))
