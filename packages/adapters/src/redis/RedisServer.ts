/**
 * Which Redis it is: a single server, one that Sentinels name, or a Cluster; as options, and as a text for a command line:
 *
 * - `redis://user:password@host:6379/0`, and `rediss://` for TLS;
 * - `redis-sentinel://user:password@host:26379,host:26379/name`;
 * - `redis-cluster://user:password@host:6379,host:6379`.
 *
 * User, password, port and database may be left out, and user and password are percent-encoded. `rediss-sentinel://` and
 * `rediss-cluster://` are the same with TLS. This module loads no client of Redis.
 */
import { decoder, InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { mustBe, notEmpty } from "@turnout/core/kernel/domain/rules/OptionRules"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

export interface Address {
  readonly host: string
  readonly port: number
}

/** A single server. */
export interface SingleServer {
  /** `redis://user:password@host:port/database`, or `rediss://` for TLS. */
  readonly url: Redacted.Redacted
}

interface Login {
  readonly username?: string
  readonly password?: Redacted.Redacted
  /** Whether connections to the servers begin with TLS. Default: they do not. */
  readonly tls?: boolean
}

/** The server that Sentinels name the primary. */
export interface SentinelServer extends Login {
  /** The Sentinels, of which one that answers is enough. */
  readonly sentinels: ReadonlyArray<Address>
  /** The name under which the Sentinels know the primary. */
  readonly name: string
  /** The password of the Sentinels themselves. Default: they need none. */
  readonly sentinelPassword?: Redacted.Redacted
}

/** The servers of a Cluster. */
export interface ClusterServers extends Login {
  /** Some of the nodes. They name the others. */
  readonly nodes: ReadonlyArray<Address>
}

export type RedisServer = SingleServer | SentinelServer | ClusterServers

const FORMS =
  "must begin with redis://, redis-sentinel:// or redis-cluster://, or, for TLS, with rediss://, rediss-sentinel:// or rediss-cluster://"
const RULES = {
  single: "must be a URL such as redis://:password@redis.example.com:6379/0 or rediss://redis.example.com",
  sentinel: "must be such as redis-sentinel://:password@s1.example.com:26379,s2.example.com:26379/name",
  cluster: "must be such as redis-cluster://:password@n1.example.com:6379,n2.example.com:6379"
} as const
/** The rule of `SingleServer.url`. It shows nothing of the URL, which has a password. */
export const URL_RULE = RULES.single

const MAX_ADDRESSES = 100
const PORTS = { single: 6_379, sentinel: 26_379, cluster: 6_379 } as const

type Kind = keyof typeof RULES

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i
/** The names that Sentinel itself accepts. */
const NAME = /^[\w.-]+$/
const DATABASE = /^\d{1,4}$/

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The parts of a text of one of the forms. */
interface Parts {
  readonly isSecure: boolean
  readonly username: string
  readonly password: string
  readonly addresses: ReadonlyArray<Address>
  /** What comes after the addresses and a slash. */
  readonly path: string
}

const addressOf = (text: string, defaultPort: number): Address | undefined => {
  const [, host = "", digits] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? defaultPort : Number(digits)
  if (!HOST.test(host) || port < 1 || port > 65_535) return undefined
  return { host: host.replaceAll(/[[\]]/g, ""), port }
}

const partsOf = (text: string, kind: Kind): Parts | undefined => {
  const form = /^redis(s?)[^:]*:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^@/?#]*))?$/.exec(text)
  if (form === null || !/^[!-~]+$/.test(text)) return undefined
  const [, secure, login = "", hosts = "", path = ""] = form
  const at = login.indexOf(":")
  const [username, password] = [decode(login.slice(0, Math.max(at, 0))), decode(login.slice(at + 1))]
  const addresses = hosts.split(",").map((host) => addressOf(host, PORTS[kind]))
  if (username === undefined || password === undefined || addresses.length > MAX_ADDRESSES) return undefined
  // A user without a colon and a password is a mistake, for which a server would have other words.
  if (login !== "" && (at < 0 || password === "")) return undefined
  return addresses.every((address) => address !== undefined)
    ? { isSecure: secure === "s", username, password, addresses, path }
    : undefined
}

const kindOf = (text: string): Kind | undefined => {
  const [, kind] = /^rediss?(?:-(sentinel|cluster))?:\/\//.exec(text) ?? [text, null]
  return kind === null ? undefined : ((kind ?? "single") as Kind)
}

const loginOf = ({ isSecure, password, username }: Parts): Login => ({
  ...(username === "" ? {} : { username }),
  ...(password === "" ? {} : { password: Redacted.make(password) }),
  ...(isSecure ? { tls: true } : {})
})

const toServer = (text: string, kind: Kind, parts: Parts): RedisServer | undefined => {
  const { addresses, path } = parts
  switch (kind) {
    case "single":
      return addresses.length === 1 && (path === "" || DATABASE.test(path)) ? { url: Redacted.make(text) } : undefined
    case "sentinel":
      return NAME.test(path) ? { sentinels: addresses, name: path, ...loginOf(parts) } : undefined
    case "cluster":
      return path === "" ? { nodes: addresses, ...loginOf(parts) } : undefined
  }
}

/** Reads a text of one of the forms. Fails with the rule that it breaks, which shows nothing of the text. */
export const parse = (text: string): Result.Result<RedisServer, InvalidInput> => {
  const broken = (rule: string) => Result.fail(new InvalidInput({ issues: [{ field: "", rule }] }))
  const kind = kindOf(text)
  if (kind === undefined) return broken(FORMS)
  const parts = partsOf(text, kind)
  const server = parts && toServer(text, kind, parts)
  return server === undefined ? broken(RULES[kind]) : Result.succeed(server)
}

/** A server as the client takes it. */
export interface Target {
  readonly kind: Kind
  readonly addresses: ReadonlyArray<Address>
  /** The name of the primary; empty unless Sentinels are asked for it. */
  readonly name: string
  readonly username: string
  readonly password: string
  readonly sentinelPassword: string
  readonly database: number
  readonly isSecure: boolean
}

/** The target of a server that keeps the rules. */
export const targetOf = (server: RedisServer): Target => {
  if ("url" in server) {
    const { path, ...parts } = partsOf(Redacted.value(server.url), "single")!
    return { ...parts, kind: "single", name: "", sentinelPassword: "", database: Number(path) }
  }
  const { password, tls = false, username = "" } = server
  const login = { username, password: password === undefined ? "" : Redacted.value(password), isSecure: tls }
  if ("nodes" in server)
    return { ...login, kind: "cluster", addresses: server.nodes, name: "", sentinelPassword: "", database: 0 }
  const { name, sentinelPassword, sentinels: addresses } = server
  const ofSentinels = sentinelPassword === undefined ? "" : Redacted.value(sentinelPassword)
  return { ...login, kind: "sentinel", addresses, name, sentinelPassword: ofSentinels, database: 0 }
}

const textOf = (input: unknown): string | undefined => {
  const value: unknown = Redacted.isRedacted(input) ? Redacted.value(input) : undefined
  return typeof value === "string" ? value : undefined
}

const isUrl = (input: unknown): boolean => {
  const text = textOf(input) ?? ""
  return kindOf(text) === "single" && Result.isSuccess(parse(text))
}

const secret = Schema.optionalKey(
  Schema.Unknown.check(Schema.makeFilter((input) => Boolean(textOf(input)) || "must be a Redacted text"))
)
const addresses = Schema.Array(
  Schema.Struct({
    host: mustBe("must be the name of a host, or an address", (host) => HOST.test(host) || /^[\da-f:.]+$/i.test(host)),
    port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))
  })
).check(Schema.isNonEmpty(), Schema.isMaxLength(MAX_ADDRESSES))
const login = { username: notEmpty, password: secret, tls: Schema.optionalKey(Schema.Boolean) }

const FIELDS = {
  single: { url: Schema.Unknown.check(Schema.makeFilter((url) => isUrl(url) || URL_RULE)) },
  sentinel: {
    sentinels: addresses,
    name: mustBe("must be a name of letters, digits, dots, dashes and underscores", (name) => NAME.test(name)),
    sentinelPassword: secret,
    ...login
  },
  cluster: { nodes: addresses, ...login }
} as const

/**
 * Checks options that name a server by one of its three forms, and have these other fields. Fails with every field and rule that is
 * broken.
 */
export const checked = (input: object, others: Schema.Struct.Fields): Effect.Effect<void, InvalidInput> => {
  const kinds = (["single", "sentinel", "cluster"] as const).filter(
    (kind) => ({ single: "url", sentinel: "sentinels", cluster: "nodes" })[kind] in input
  )
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1)
    return Effect.fail(new InvalidInput({ issues: [{ field: "", rule: "must have one of url, sentinels and nodes" }] }))
  const schema = Schema.Struct({ ...FIELDS[kind], ...others })
  return Effect.asVoid(decoder(schema as unknown as Schema.Codec<unknown, unknown>)(input))
}
