/**
 * What processes share in Redis about what they have read: stamps of scopes, and values.
 *
 * - Each operation is one command, which a server carries out whole. What is about stamps also says which server that was: its `run_id`,
 *   which it draws when it starts. Without the right to `INFO`, no server can be known, and nothing is shared.
 * - All keys of a generation are in one slot of a Cluster.
 * - Scopes and keys are digests in Redis, since they have addresses of people in them. Values are as they are given: the registrations of an
 *   attendee have a name and an address.
 * - Everything ends by itself: stamps ten minutes after they were made, values when they are too old.
 */
import { CurrentSharedCache, type SharedCache, SharedCacheError } from "@turnout/core/caching/ports/SharedCache"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import { hash, randomBytes } from "node:crypto"

/** As long as what is kept longest, and no longer: anybody can ask for what is not there, and that has a stamp as well. */
const STAMP_MILLIS = 10 * 60 * 1_000

const digest = (text: string): string => hash("sha256", text, "base64url")

/** The first key of the stamps of a generation, which is never set: it leads to the slot. */
const root = (generation: string): string => `turnout:cache:{${generation}}`
const stampKey = (generation: string, scope: string): string => `${root(generation)}:stamp:${digest(scope)}`
const valueKey = (generation: string, key: string): string => `${root(generation)}:value:${digest(key)}`
const claimKey = (generation: string, task: string): string => `${root(generation)}:claim:${digest(task)}`

const SERVER = `local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')`

const makeStamps = Redis.script(
  (generation: string, scopes: ReadonlyArray<string>, fresh: string) => [
    root(generation),
    ...scopes.map((scope) => stampKey(generation, scope)),
    fresh,
    STAMP_MILLIS
  ],
  {
    numberOfKeys: (_, scopes) => scopes.length + 1,
    lua: `${SERVER}
local answer = { server }
for i = 2, #KEYS do
  local stamp = redis.call('GET', KEYS[i])
  if not stamp then
    stamp = ARGV[1]
    redis.call('SET', KEYS[i], stamp, 'PX', ARGV[2])
  end
  answer[i] = stamp
end
return answer`
  }
).withReturnType<ReadonlyArray<string>>()

const forgetStamps = Redis.script(
  (generation: string, scopes: ReadonlyArray<string>) => [
    root(generation),
    ...scopes.map((scope) => stampKey(generation, scope))
  ],
  {
    numberOfKeys: (_, scopes) => scopes.length + 1,
    lua: `${SERVER}
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
return server`
  }
).withReturnType<string>()

const readValue = Redis.script((generation: string, key: string) => [valueKey(generation, key)], {
  numberOfKeys: 1,
  lua: `local value = redis.call('GET', KEYS[1])
if not value then return false end
return { value, redis.call('PTTL', KEYS[1]) }`
}).withReturnType<readonly [text: string, left: number | string] | null>()

const failed = (cause: unknown): SharedCacheError => new SharedCacheError({ cause })

/** Not there: a server that does not say who it is. */
const known = (server: string | null | undefined): Effect.Effect<string, SharedCacheError> =>
  typeof server === "string" && server !== ""
    ? Effect.succeed(server)
    : Effect.fail(failed(new Error("the server does not say its run_id")))

export const make = (redis: Redis.Redis["Service"]): SharedCache => {
  const stamps = redis.eval(makeStamps)
  const forget = redis.eval(forgetStamps)
  const read = redis.eval(readValue)
  return {
    stamps: (generation, scopes) =>
      Effect.gen(function* () {
        const [server, ...found] = yield* Effect.mapError(
          stamps(generation, scopes, randomBytes(12).toString("base64url")),
          failed
        )
        return { server: yield* known(server), stamps: found }
      }),
    forget: (generation, scopes) => Effect.flatMap(Effect.mapError(forget(generation, scopes), failed), known),
    value: (generation, key) =>
      Effect.map(Effect.mapError(read(generation, key), failed), (found) =>
        found === null ? undefined : { text: found[0], leftMillis: Number(found[1]) }
      ),
    keep: (generation, key, text, millis) =>
      Effect.asVoid(Effect.mapError(redis.send("SET", valueKey(generation, key), text, "PX", String(millis)), failed)),
    claim: (generation, task, millis) =>
      Effect.map(
        Effect.mapError(redis.send("SET", claimKey(generation, task), "1", "NX", "PX", String(millis)), failed),
        (answer) => answer !== null
      )
  }
}

/** Lets the processes that are wired with this Redis share what they have read. */
export const layer: Layer.Layer<never, never, Redis.Redis> = Layer.effect(
  CurrentSharedCache,
  Effect.map(Redis.Redis, make)
)
