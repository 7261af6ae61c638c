/**
 * What reads ask for, and the pages that they give.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { EventStatus } from "../domain/Event.ts"
import { Instant } from "../domain/Instant.ts"
import { RegistrationState } from "../domain/Registration.ts"
import * as Text from "../domain/Text.ts"
import type { PageRequest } from "../ports/RegistrationStore.ts"
import { EventCursor, Limit, RegistrationCursor, SequenceCursor } from "./Cursor.ts"

const page = { limit: Schema.optionalKey(Limit) }

/** `from` and `until` bound `startsAt`: from ≤ startsAt < until. */
export const EventQuery = Schema.Struct({
  status: Schema.optionalKey(EventStatus),
  organizer: Schema.optionalKey(Text.line({ minLength: 1, maxLength: 200 })),
  from: Schema.optionalKey(Instant),
  until: Schema.optionalKey(Instant),
  cursor: Schema.optionalKey(EventCursor),
  ...page
})

export const RegistrationQuery = Schema.Struct({
  state: Schema.optionalKey(RegistrationState),
  cursor: Schema.optionalKey(SequenceCursor),
  ...page
})

export const WaitlistQuery = Schema.Struct({ cursor: Schema.optionalKey(SequenceCursor), ...page })

export const AttendeeQuery = Schema.Struct({ cursor: Schema.optionalKey(RegistrationCursor), ...page })

export const JournalQuery = Schema.Struct({ cursor: Schema.optionalKey(SequenceCursor), ...page })

/** A part of a list; `nextCursor` asks for what follows, and is `null` on the last page. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly nextCursor: string | null
}

/** A part of a list by its keys; `next` is the key to go on behind, and `null` on the last page. */
export interface PageByKey<A, K> {
  readonly items: ReadonlyArray<A>
  readonly next: K | null
}

/** Gives a page of a list, by asking for one more. */
export const pageByKey = <A, K, E, R>(
  list: (page: PageRequest<K>) => Effect.Effect<ReadonlyArray<A>, E, R>,
  { after, limit }: PageRequest<K>,
  keyOf: (last: A) => K
): Effect.Effect<PageByKey<A, K>, E, R> =>
  Effect.map(list({ after, limit: limit + 1 }), (found) => {
    const items = found.slice(0, limit)
    return { items, next: found.length > limit ? keyOf(items.at(-1)!) : null }
  })

/** Makes a page of what the store gave for a limit of one more. */
export const toPage = <A, K>(
  found: ReadonlyArray<A>,
  limit: number,
  cursor: Schema.Codec<K, string>,
  keyOf: (last: A) => K
): Page<A> => {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const nextCursor = found.length > limit && last !== undefined ? Schema.encodeSync(cursor)(keyOf(last)) : null
  return { items, nextCursor }
}
