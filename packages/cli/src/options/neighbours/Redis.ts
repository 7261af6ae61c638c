/**
 * The option that names the Redis which the processes of a server share.
 */
import * as RedisServer from "@turnout/adapters/redis/server"
import { InvalidArgumentError, Option } from "commander"
import * as Result from "effect/Result"

export interface RedisOptions {
  /** The text that names it, as `RedisServer.parse` takes it. */
  readonly redis?: string
}

const read = (text: string): string => {
  const server = RedisServer.parse(text)
  if (Result.isFailure(server)) throw new InvalidArgumentError(`${server.failure.message}.`)
  return text
}

export const redis = (): Option =>
  new Option(
    "--redis <url>",
    "Redis that all processes share for limits and caches, such as redis://localhost:6379 (default: each has its own)"
  )
    .env("TURNOUT_REDIS")
    .argParser(read)
