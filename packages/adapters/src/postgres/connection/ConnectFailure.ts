/**
 * Why a connection could not be made, in words that say what to look at.
 *
 * The client and the operating system tell some reasons in words of their own trade, and some not at all. Each error that comes out
 * of here has a message with the reason, and keeps the first error as its cause. No message has a password in it.
 */
import { AuthenticationError, ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import type { ServerSettings } from "./ServerSettings.ts"

/** The reason as an error; what the server has told about it, such as the SQLSTATE, goes along. */
export class CannotConnect extends Error {
  override readonly name = "CannotConnect"
}

const place = ({ address, host, port }: ServerSettings): string => {
  const name = address ?? host
  return name.includes(":") ? `[${name}]:${port}` : `${name}:${port}`
}

/** The codes of an untrusted certificate, and of those that are trusted but do not fit, with what helps. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "sslrootcert names the certificate to trust",
  SELF_SIGNED_CERT_IN_CHAIN: "sslrootcert names the certificate of the CA to trust",
  UNABLE_TO_GET_ISSUER_CERT: "sslrootcert names the certificate of the CA to trust",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "sslrootcert names the certificate of the CA to trust",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "sslrootcert names the certificate of the CA to trust",
  UNABLE_TO_GET_CRL: "sslcrl has no list of the CA that has issued it",
  CERT_SIGNATURE_FAILURE: "sslrootcert names another CA of the same name",
  CERT_HAS_EXPIRED: "the server needs a new one",
  CERT_NOT_YET_VALID: "one of the two clocks may be wrong",
  CERT_REVOKED: "the server needs a new one",
  ERR_TLS_CERT_ALTNAME_INVALID: "sslmode=verify-full needs a certificate for the host of the URL"
}

/** The end of a message of Node that names an option of Node. */
const NODE_ADVICE = /;? if the root CA .*$|\.$/

const codeOf = (cause: unknown): string => {
  const code = (cause as { readonly code?: unknown } | null)?.code
  return typeof code === "string" ? code : ""
}

/** The message of an error. Node leaves that of several addresses empty, and keeps one error for each of them. */
const messageOf = (cause: unknown): string => {
  if (cause instanceof AggregateError && cause.message === "")
    return [...new Set(cause.errors.map((one) => messageOf(one)))].join(", ")
  return cause instanceof Error ? cause.message : String(cause)
}

/** Words of the client about bytes that are not those of Postgres. */
const NO_POSTGRES =
  /exceeds maxMessageSize|Received \d+ bytes in response|SSLRequest|Invalid message|Unexpected \w+ message|SSL response/i

const IN_THE_WAY = "leave options out of the URL, or name it in ignore_startup_parameters of PgBouncer"

const NETWORK = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "EACCES"
]

const wordsFor = (cause: unknown, settings: ServerSettings): string | undefined => {
  const code = codeOf(cause)
  const message = messageOf(cause)
  const { connectSeconds, host, tls } = settings
  if (code in CERTIFICATES)
    return `the certificate of ${host} is not accepted: ${message.replace(NODE_ADVICE, "")} (${CERTIFICATES[code]})`
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) return `TLS with ${place(settings)} failed: ${message.trim()}`
  if (code === "ENOTFOUND") return `the host ${host} is not known: ${message}`
  switch (message) {
    case "The server does not support TLS":
      return `the server at ${place(settings)} speaks no TLS, which sslmode=${tls.mode} asks for`
    case "The server requested password authentication":
      return `the server asks for the password of ${JSON.stringify(settings.user)}: there is none in the URL, nor in PGPASSWORD`
    case "Connection timed out":
      return `there was no answer from ${place(settings)} within ${connectSeconds} ${connectSeconds === 1 ? "second" : "seconds"} (a pooler gives none while it cannot reach its server)`
    case "Connection closed unexpectedly":
      return `the server at ${place(settings)} ended the connection without a reason: it may not be Postgres, or not let this address in`
  }
  if (NO_POSTGRES.test(message)) return `what answers at ${place(settings)} is not Postgres: ${message}`
  if (/startup parameter/i.test(message))
    return `${message} (a pooler is in between; ${/: options/.test(message) ? IN_THE_WAY : "do not say that there is none"})`
  if (code.startsWith("28") && /no encryption/.test(message))
    return `${message} (sslmode=${tls.mode}: the server may want TLS, which sslmode=require asks for)`
  return cause instanceof AggregateError ? message : undefined
}

/** The kinds of failure that the client distinguishes while it connects. */
const REASONS: Readonly<Record<string, typeof ConnectionError | typeof AuthenticationError>> = {
  ConnectionError,
  AuthenticationError
}

/** The fields by which `SqlFailure` tells what kind of failure it is. */
const toldBy = (cause: unknown): Readonly<Record<string, unknown>> => {
  const { code, file, severityUnlocalized } = Object(cause) as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries({ code, file, severityUnlocalized }).filter(([, value]) => typeof value === "string")
  )
}

/** A failure to connect with its reason in words. */
export const explained = (error: SqlError, settings: ServerSettings): SqlError => {
  const { cause, operation } = error.reason
  const words = operation === "connect" ? wordsFor(cause, settings) : undefined
  if (words === undefined) return error
  const explanation = Object.assign(new CannotConnect(words, { cause }), toldBy(cause))
  const Reason = REASONS[error.reason._tag] ?? UnknownError
  return new SqlError({ reason: new Reason({ cause: explanation, message: words, operation: "connect" }) })
}

/** A failure of the settings themselves. */
export const ofSettings = (words: string, cause?: unknown): SqlError =>
  new SqlError({
    reason: new ConnectionError({ cause: new CannotConnect(words, { cause }), message: words, operation: "connect" })
  })

/** Whether the failure has nothing to do with TLS, so that another way of TLS would fail alike. */
export const isOfNetwork = ({ reason: { cause } }: SqlError): boolean =>
  NETWORK.includes(codeOf(cause)) ||
  (cause instanceof AggregateError && cause.errors.every((one) => NETWORK.includes(codeOf(one)))) ||
  messageOf(cause) === "Connection timed out"

/** Whether the server has no TLS. */
export const isWithoutTls = ({ reason: { cause } }: SqlError): boolean =>
  messageOf(cause) === "The server does not support TLS"

/** A failure without TLS and one with TLS as one, of the kind of the second. */
export const joined = (first: SqlError, second: SqlError): SqlError => {
  const [one, other] = [messageOf(first.reason.cause), messageOf(second.reason.cause)]
  if (one === other) return second
  const words = `${other}; before that: ${one}`
  const Reason = REASONS[second.reason._tag] ?? UnknownError
  const cause = Object.assign(new CannotConnect(words, { cause: second.reason.cause }), toldBy(second.reason.cause))
  return new SqlError({ reason: new Reason({ cause, message: words, operation: "connect" }) })
}

/** Whether something in between does not pass the parameters of a session on to the server, as a pooler does not. */
export const isOfParameters = ({ reason: { cause, operation } }: SqlError): boolean =>
  operation === "connect" && /startup parameter/i.test(messageOf(cause))
