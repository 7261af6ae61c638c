/**
 * The URL of a Postgres server, read as psql reads it (PostgreSQL 18, 34.1.1.2):
 * `postgres://user:password@host:port/database?parameter=value`.
 *
 * Nothing in it is passed over: what psql would refuse is refused, and so is what psql has and Turnout has not. A rule never repeats
 * a part of the URL that may be a password.
 */
import * as Result from "effect/Result"
import { type Parameter, PARAMETERS } from "./Parameters.ts"

/** The parameters that a URL gives, by their names. */
export type Given = ReadonlyMap<string, string>

const EXAMPLE = "must be a valid URL, such as postgres://user@host:5432/database"
const ENCODE = "a character such as @ / ? # % in a user or a password is percent-encoded, as in p%40ss"
const ONE_HOST =
  "must name one host: of several, name the address that leads to the one that takes writes, or a pooler before them"

const SCHEME = /^postgres(?:ql)?:\/\//
/** A name that may be shown: the end of a password that was not encoded hardly looks like it. */
const NAME = /^[a-z][a-z_]{0,40}$/i
/** A value that may be shown. */
const SHOWN = /^[\w.:\-/ ]{1,60}$/

const refuse = (why: string) => Result.fail(`${EXAMPLE}: ${why}`)

const decode = (text: string): string | undefined => {
  try {
    const decoded = decodeURIComponent(text)
    return decoded.includes("\0") ? undefined : decoded
  } catch {
    return undefined
  }
}

interface Parts {
  readonly userinfo: string | undefined
  readonly hostspec: string
  readonly path: string
  readonly query: string
}

/** The parts of a URL, encoded. */
const split = (url: string): Parts => {
  const rest = url.replace(SCHEME, "")
  const authority = /^[^/?]*/.exec(rest)![0]
  const [path = "", ...query] = rest.slice(authority.length).split("?")
  // Some clients take an @ in a password as it is; a host has none.
  const at = authority.lastIndexOf("@")
  return {
    userinfo: at < 0 ? undefined : authority.slice(0, at),
    hostspec: authority.slice(at + 1),
    path: path.slice(1),
    query: query.join("?")
  }
}

/** Whether a query may be the rest of a password that has a `?` in it. */
const isSuspicious = (query: string): boolean => query.includes("@") && query.includes("/")

const HOST = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/

const readHost = (hostspec: string, into: Map<string, string>): Result.Result<void, string> => {
  const [, inBrackets, plain = "", port] = HOST.exec(hostspec) ?? []
  if (hostspec.includes(",")) return Result.fail(ONE_HOST)
  const host = decode(inBrackets ?? plain)
  if (host === undefined || !HOST.test(hostspec)) return refuse(`the host cannot be read; ${ENCODE}`)
  if (inBrackets === "") return refuse("there is no address between the brackets")
  if (host.includes(",")) return Result.fail(ONE_HOST)
  if (port !== undefined && port !== "") {
    if (PARAMETERS["port"]!.rule(port) !== undefined)
      return refuse(`the port must be a number from 1 to 65535; ${ENCODE}`)
    into.set("port", port)
  }
  if (host !== "") into.set("host", host)
  return Result.void
}

const readUser = (userinfo: string | undefined, into: Map<string, string>): Result.Result<void, string> => {
  if (userinfo === undefined) return Result.void
  const colon = userinfo.indexOf(":")
  const user = decode(colon < 0 ? userinfo : userinfo.slice(0, colon))
  const password = colon < 0 ? "" : decode(userinfo.slice(colon + 1))
  if (user === undefined || password === undefined)
    return refuse(`user and password must be percent-encoded UTF-8; ${ENCODE}`)
  if (user !== "") into.set("user", user)
  if (password !== "") into.set("password", password)
  return Result.void
}

/** The rule that a parameter breaks. */
export const ruleFor = (name: string, value: string, known: Parameter): string | undefined => {
  const why = known.rule(value)
  if (why === undefined) return undefined
  return known.isSecret || !SHOWN.test(value)
    ? `must not have this ${name}: ${name} ${why}`
    : `must not have ${name}=${value}: ${name} ${why}`
}

const readQuery = (query: string, into: Map<string, string>): Result.Result<void, string> => {
  const seen = new Set<string>()
  for (const part of query.split("&")) {
    if (part === "") continue
    const equals = part.indexOf("=")
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    const value = decode(part.slice(equals + 1))
    if (equals < 0 || name === undefined || value === undefined || !NAME.test(name) || isSuspicious(part))
      return refuse(`a parameter must be name=value, percent-encoded UTF-8; ${ENCODE}`)
    const known = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined
    if (known === undefined) return Result.fail(`must not have the parameter ${name}: psql has none of that name`)
    if (seen.has(name)) return Result.fail(`must have the parameter ${name} once`)
    seen.add(name)
    const rule = ruleFor(name, value, known)
    if (rule !== undefined) return Result.fail(rule)
    if (value.includes(",") && ["host", "hostaddr", "port"].includes(name)) return Result.fail(ONE_HOST)
    // A parameter of the query wins over a part, and an empty one says nothing.
    if (value !== "") into.set(name, value)
  }
  return Result.void
}

/** Reads a URL; fails with the rule that it breaks. */
export const parse = (url: string): Result.Result<Given, string> =>
  Result.gen(function* () {
    if (!SCHEME.test(url)) return yield* refuse("it begins with postgres:// or postgresql://")
    const { hostspec, path, query, userinfo } = split(url)
    const given = new Map<string, string>()
    yield* readUser(userinfo, given)
    yield* readHost(hostspec, given)
    const database = decode(path)
    if (database === undefined) return yield* refuse("the database must be percent-encoded UTF-8")
    if (database !== "") given.set("dbname", database)
    yield* readQuery(query, given)
    return given
  })

/** Whether a parameter of a query, encoded, has a secret. */
const isSecret = (part: string): boolean => PARAMETERS[decode(part.split("=", 1)[0]!) ?? ""]?.isSecret ?? true

/** A URL that `parse` can read, without its passwords, to show to people. */
export const withoutSecrets = (url: string): string => {
  const scheme = SCHEME.exec(url)?.[0] ?? "postgres://"
  const { hostspec, path, query, userinfo } = split(url)
  const user = userinfo?.split(":", 1)[0]
  const shown = query.split("&").filter((part) => !isSecret(part))
  return [
    scheme,
    user === undefined || user === "" ? "" : `${user}@`,
    hostspec,
    path === "" ? "" : `/${path}`,
    shown.length === 0 ? "" : `?${shown.join("&")}`
  ].join("")
}
