/**
 * Values of a kind in the cache that all processes share. It may fail at any time: that is counted, and is as if nothing were there.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { SharedCache, SharedCacheError } from "../ports/SharedCache.ts"
import * as Kept from "./Kept.ts"

export interface SharedValues<A> {
  /** Returns a value that another process has kept, or this one, unless it is too old. */
  readonly find: (key: Kept.Key<A>) => Effect.Effect<Kept.Kept<A> | undefined>
  /** Keeps a value for others, unless it is long: it would push too many others out. */
  readonly keep: (key: Kept.Key<A>, kept: Kept.Kept<A>) => Effect.Effect<void>
  /** Returns whether this process is to read a value again, for all of them. */
  readonly claim: (key: Kept.Key<A>) => Effect.Effect<boolean>
}

/** The longest text that is shared, in characters: a page of 50 events or registrations has 2,000 to 30,000. */
const MOST_CHARACTERS = 32 * 1_024
/** How long a process that reads a value again ahead of time has for it, before another one may. */
const CLAIM_MILLIS = 5_000

/** Without a cache that processes share, each has its own. */
const none = <A>(): SharedValues<A> => ({
  find: () => Effect.undefined,
  keep: () => Effect.void,
  claim: () => Effect.succeed(true)
})

export interface SharedKind<A> {
  readonly codec: Schema.Codec<A, unknown>
  readonly maxAgeMillis: number
}

/** What values are measured by: the monotonic time in milliseconds, a number below 1 at random, and the counter of failures. */
export interface Measures {
  readonly now: () => number
  readonly random: () => number
  readonly failed: () => void
}

export const make = <A>(
  cache: SharedCache | undefined,
  { codec, maxAgeMillis }: SharedKind<A>,
  { failed, now, random }: Measures
): SharedValues<A> => {
  if (cache === undefined) return none()
  const json = Schema.fromJsonString(codec)
  const encode = Schema.encodeSync(json)
  const decode = Schema.decodeUnknownOption(json)

  const ask = <B>(question: Effect.Effect<B, SharedCacheError>): Effect.Effect<B | undefined> =>
    Effect.match(question, {
      onSuccess: (answer): B | undefined => answer,
      onFailure: () => {
        failed()
        return undefined
      }
    })

  return {
    find: ({ name, state: { generation } }) =>
      Effect.suspend(() => {
        if (generation === undefined) return Effect.undefined
        const askedAt = now()
        return Effect.map(ask(cache.value(generation, name)), (found) => {
          const value = found && Option.getOrUndefined(decode(found.text))
          if (found === undefined || value === undefined) return undefined
          // What is left was counted after the question was asked.
          const readAt = askedAt + Math.min(found.leftMillis, maxAgeMillis) - maxAgeMillis
          const kept = Kept.make(value, readAt, maxAgeMillis, random())
          return kept.tooOldAt <= now() ? undefined : kept
        })
      }),
    keep: ({ name, state: { generation } }, { tooOldAt, value }) =>
      Effect.suspend(() => {
        const leftMillis = Math.floor(tooOldAt - now())
        if (value === undefined || leftMillis <= 0 || generation === undefined) return Effect.void
        const text = encode(value)
        return text.length > MOST_CHARACTERS ? Effect.void : ask(cache.keep(generation, name, text, leftMillis))
      }),
    claim: ({ name, state: { generation } }) =>
      generation === undefined
        ? Effect.succeed(true)
        : Effect.map(ask(cache.claim(generation, name, CLAIM_MILLIS)), (isClaimed) => isClaimed !== false)
  }
}
