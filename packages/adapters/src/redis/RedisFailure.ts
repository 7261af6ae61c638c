/**
 * Why a command was not answered well: the cause of effect's `RedisError`.
 *
 * A command that was refused (`RedisNotConnected` before it was written, `RedisBreakerOpen`, `RedisOverloaded`) has changed nothing. One
 * that timed out, or whose connection was lost, may have had its effect. No failure has an argument of a command, or a password.
 */
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"
import { storable } from "@turnout/core/kernel/domain/Text"
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"

/** There was no answer within the deadline. */
export class RedisTimedOut extends TaggedError<RedisTimedOut>()("RedisTimedOut", { millis: Schema.Number }) {
  override get message(): string {
    return `Redis has not answered within ${this.millis} milliseconds`
  }
}

/** There is no connection, or it was lost before the answer. */
export class RedisNotConnected extends TaggedError<RedisNotConnected>()("RedisNotConnected", {
  /** What ended the connection, or the last attempt to make one, as `kindOf` has it. */
  kind: Schema.String
}) {
  override get message(): string {
    return `there is no connection to Redis: ${this.kind}`
  }
}

/** The server has failed several times in a row, and is left alone until it answers a probe. */
export class RedisBreakerOpen extends TaggedError<RedisBreakerOpen>()("RedisBreakerOpen", {
  /** The last failure, as `kindOf` has it. */
  kind: Schema.String
}) {
  override get message(): string {
    return `Redis is left alone for a moment, since it fails: ${this.kind}`
  }
}

/** As many commands as are allowed wait for their answers. */
export class RedisOverloaded extends TaggedError<RedisOverloaded>()("RedisOverloaded", { limit: Schema.Number }) {
  override get message(): string {
    return `${this.limit} commands wait for Redis: no more are allowed`
  }
}

/** The server has answered with an error. */
export class RedisReplied extends TaggedError<RedisReplied>()("RedisReplied", {
  /** The first word, such as `NOSCRIPT`. */
  code: Schema.String,
  /** The answer in the server's own words, which begin with the code. */
  words: Schema.String
}) {
  override get message(): string {
    return this.words
  }
}

export type RedisFailure = RedisTimedOut | RedisNotConnected | RedisBreakerOpen | RedisOverloaded | RedisReplied

/** The most characters of a server's words. */
const MAX_WORDS = 500

const CODE = /^[A-Z][A-Z\d_]{1,60}$/

interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  /** The failure of a node, in an error about all nodes. */
  readonly lastNodeError?: unknown
}

const messageOf = (error: Thrown): string => String(error.message)

const isReply = ({ name }: Thrown): boolean => name === "ReplyError"

const codeOf = (message: string): string => {
  const [code = ""] = message.split(" ", 1)
  return CODE.test(code) ? code : "ERR"
}

/**
 * A failure of the client or of the server in a word or two, which can be shown and counted: the code of a reply, such as `WRONGPASS`; the
 * code of an error of the network or of TLS, such as `ECONNREFUSED`; or `timed out`, `not Redis`, `no Sentinel`, `closed`.
 */
export const kindOf = (thrown: unknown): string => {
  const error = Object(thrown) as Thrown
  if (error instanceof RedisTimedOut) return "timed out"
  if (error instanceof RedisNotConnected) return error.kind
  if (error instanceof RedisReplied) return error.code
  if (error.lastNodeError !== undefined) return kindOf(error.lastNodeError)
  const message = messageOf(error)
  if (isReply(error)) return codeOf(message)
  if (typeof error.code === "string" && CODE.test(error.code)) return error.code
  if (message.startsWith("Socket timeout")) return "timed out"
  if (message.startsWith("All sentinels are unreachable")) return "no Sentinel"
  // The decoder's own words depend on the byte that it stopped at; these are added to all of them.
  if (message.endsWith("Please report this.")) return "not Redis"
  return "closed"
}

/** The failure that an error of ioredis is, by which it rejects a command. */
export const toFailure = (thrown: unknown): RedisReplied | RedisNotConnected => {
  const error = Object(thrown) as Thrown
  if (!isReply(error)) return new RedisNotConnected({ kind: kindOf(error) })
  const message = messageOf(error)
  return new RedisReplied({ code: codeOf(message), words: visible(storable(message, MAX_WORDS)) })
}

export const toError = (cause: RedisFailure): Redis.RedisError => new Redis.RedisError({ cause })

/** The replies by which a server says that it can do nothing, or write nothing, now. */
const FAILING: ReadonlySet<string> = new Set([
  "LOADING",
  "READONLY",
  "OOM",
  "MISCONF",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "NOREPLICAS",
  "NOAUTH",
  "WRONGPASS"
])

/** Whether a failure speaks of the server, and not of the command. */
export const isOfServer = (failure: RedisTimedOut | RedisNotConnected | RedisReplied): boolean =>
  !(failure instanceof RedisReplied) || FAILING.has(failure.code)
