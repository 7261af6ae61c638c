/**
 * The settings of a connection to a server: those of its URL, then those of the variables that psql reads too, then defaults.
 *
 * Without `sslmode`, a connection over the network is encrypted if the server has TLS (`prefer`, as psql does it), and one to this
 * machine only if the server takes no other (`allow`), since nobody listens there, and encryption has its price.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { isIPv6 } from "node:net"
import { userInfo } from "node:os"
import { PARAMETERS, type SslMode, type TLS_VERSIONS } from "./Parameters.ts"
import * as ServerUrl from "./ServerUrl.ts"

type TlsVersion = (typeof TLS_VERSIONS)[number]

/** The settings of TLS, with the names of files, which nobody has read yet. */
export interface TlsSettings {
  readonly mode: SslMode
  /** A file, or `system`: the roots of the operating system. */
  readonly rootCert: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly keyPassword: Redacted.Redacted | undefined
  readonly revoked: string | undefined
  /** Whether the client tells the server which host it wants. */
  readonly namesHost: boolean
  /** Whether the client shows a certificate if the server asks for one. */
  readonly showsCert: boolean
  readonly minVersion: TlsVersion | undefined
  readonly maxVersion: TlsVersion | undefined
}

export interface ServerSettings {
  /** A name, an address, or a folder with the Unix socket, which begins with a slash. */
  readonly host: string
  /** The address to connect to instead of asking for that of the host. */
  readonly address: string | undefined
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Redacted.Redacted | undefined
  readonly applicationName: string
  /** Options of the command line of the server process. */
  readonly options: string | undefined
  readonly connectSeconds: number
  /** The idle time after which probes begin; `undefined` without probes. */
  readonly keepAliveSeconds: number | undefined
  readonly tls: TlsSettings
}

type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_HOST = "localhost"
const DEFAULT_PORT = 5_432
const DEFAULT_CONNECT_SECONDS = 5
const DEFAULT_KEEP_ALIVE_SECONDS = 10

/** Whether a host is a folder with a Unix socket. */
export const isFolder = (host: string): boolean => host.startsWith("/")

const isThisMachine = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3})$/i.test(host) || (isIPv6(host) && /^[0:]*:0*1$/.test(host))

/** The variables that are set, by the names of their parameters, without those that the URL has. */
const ofEnvironment = (given: ServerUrl.Given, environment: Environment): Result.Result<ServerUrl.Given, string> => {
  const found = new Map<string, string>()
  for (const [name, parameter] of Object.entries(PARAMETERS)) {
    const value = parameter.variable === undefined ? undefined : environment[parameter.variable]
    if (value === undefined || value === "" || given.has(name)) continue
    // The URL says which host it means.
    if (name === "hostaddr" && given.has("host")) continue
    const rule = ServerUrl.ruleFor(parameter.variable!, value, parameter)
    if (rule !== undefined) return Result.fail(`the connection ${rule}`)
    found.set(name, value)
  }
  return Result.succeed(found)
}

const systemUser = (): string | undefined => {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}

/** The mode of TLS; fails if the URL asks for TLS where there is none. */
const modeOf = (
  given: ServerUrl.Given,
  all: ServerUrl.Given,
  host: string
): Result.Result<{ readonly mode: SslMode; readonly rootCert: string | undefined }, string> => {
  const asked = (given.get("sslmode") ?? (given.has("ssl") ? "require" : all.get("sslmode"))) as SslMode | undefined
  if (given.has("ssl") && asked !== undefined && ["disable", "allow", "prefer"].includes(asked))
    return Result.fail(`must not have ssl=true and sslmode=${asked}`)
  const rootCert = all.get("sslrootcert")
  if (isFolder(host)) {
    const isAsked = given.has("ssl") || ["require", "verify-ca", "verify-full"].includes(given.get("sslmode") ?? "")
    return isAsked
      ? Result.fail("must not ask for TLS on a Unix socket, which has none: leave sslmode out")
      : Result.succeed({ mode: "disable", rootCert })
  }
  if (rootCert === "system" && asked !== undefined && asked !== "verify-full")
    return Result.fail(`must not have sslmode=${asked} with sslrootcert=system: it needs sslmode=verify-full`)
  const mode = asked ?? (rootCert === "system" ? "verify-full" : isThisMachine(host) ? "allow" : "prefer")
  return Result.succeed({ mode, rootCert })
}

const hostOf = (all: ServerUrl.Given): string => all.get("host") ?? all.get("hostaddr") ?? DEFAULT_HOST

/** Fails with the rule that a URL breaks, whatever the variables are. */
export const check = (url: string): Result.Result<void, string> =>
  Result.gen(function* () {
    const given = yield* ServerUrl.parse(url)
    yield* modeOf(given, given, hostOf(given))
  })

/** Reads the settings of a URL; fails with the rule that it, or a variable, breaks. */
export const read = (url: string, environment: Environment = process.env): Result.Result<ServerSettings, string> =>
  Result.gen(function* () {
    const given = yield* ServerUrl.parse(url)
    const all = new Map([...(yield* ofEnvironment(given, environment)), ...given])
    const host = hostOf(all)
    if (host.includes(",")) return yield* Result.fail("must name one host: PGHOST names several")
    const { mode, rootCert } = yield* modeOf(given, all, host)
    const user = all.get("user") ?? systemUser()
    if (user === undefined) return yield* Result.fail("must name a user: this process has none of its own")
    const password = all.get("password")
    const keyPassword = all.get("sslpassword")
    return {
      host,
      address: all.get("hostaddr"),
      port: Number(all.get("port") ?? DEFAULT_PORT),
      database: all.get("dbname") ?? user,
      user,
      password: password === undefined ? undefined : Redacted.make(password),
      applicationName: all.get("application_name") ?? all.get("fallback_application_name") ?? "turnout",
      options: all.get("options"),
      connectSeconds: Number(all.get("connect_timeout") ?? DEFAULT_CONNECT_SECONDS),
      keepAliveSeconds:
        all.get("keepalives") === "0" ? undefined : Number(all.get("keepalives_idle") ?? DEFAULT_KEEP_ALIVE_SECONDS),
      tls: {
        mode,
        rootCert,
        cert: all.get("sslcert"),
        key: all.get("sslkey"),
        keyPassword: keyPassword === undefined ? undefined : Redacted.make(keyPassword),
        revoked: all.get("sslcrl"),
        namesHost: all.get("sslsni") !== "0",
        showsCert: all.get("sslcertmode") !== "disable",
        minVersion: all.get("ssl_min_protocol_version") as TlsVersion | undefined,
        maxVersion: all.get("ssl_max_protocol_version") as TlsVersion | undefined
      }
    }
  })
