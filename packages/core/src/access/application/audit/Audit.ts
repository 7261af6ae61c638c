/**
 * Reading the audit trail: what is in the journal and what is in the audit log, in one order, the latest first.
 *
 * A page costs a bounded amount of work, whatever the journal and the log hold. So a page may have fewer entries than were asked for, or
 * none, although more follow: `next` says whether they do.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decoder, InvalidInput } from "../../../kernel/application/InvalidInput.ts"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { cursorOf, type PageByKey, type PageRequest } from "../../../kernel/domain/Page.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import { type AuditEntry, credentialOfName } from "../../domain/audit/AuditEntry.ts"
import { AuditQuery, sourcesOf } from "../../domain/audit/AuditQuery.ts"
import { type From, merge, type Merged, type Stretch } from "../../domain/audit/Stretch.ts"
import { AuditStore, type JournalPlace, type LogPlace } from "../../ports/AuditStore.ts"

/** The most stretches of each source that a page is made of. */
const MAX_STRETCHES = 4

const begun = Schema.Literals(["latest", "end"])
const Cursor = cursorOf(
  Schema.Struct({
    log: Schema.Union([begun, Schema.Struct({ at: Instant, id: Schema.Int })]),
    journal: Schema.Union([begun, Schema.Int])
  })
)
const encodeCursor = Schema.encodeSync(Cursor)
const decodeCursor = Schema.decodeUnknownEffect(Cursor)
const decodeKey = Schema.decodeUnknownResult(Cursor)
const decodeQuery = decoder(AuditQuery)

/** Whether a text is a key that a page can go on after. */
export const isKey = (text: string): boolean => Result.isSuccess(decodeKey(text))

/** Refuses a query that breaks a rule, before anything is looked for. */
export const check = (query: typeof AuditQuery.Encoded): Effect.Effect<void, InvalidInput> =>
  Effect.asVoid(decodeQuery(query))

type Place = Pick<Merged<LogPlace, JournalPlace>, "log" | "journal">

const placeOf = (query: AuditQuery, after: string | null): Effect.Effect<Place, InvalidInput> => {
  const { journal, log } = sourcesOf(query)
  if (after === null) return Effect.succeed({ log: log ? "latest" : "end", journal: journal ? "latest" : "end" })
  const rule = "must be next of the page before"
  return Effect.mapError(decodeCursor(after), () => new InvalidInput({ issues: [{ field: "after", rule }] }))
}

const readFrom = <P>(
  from: From<P>,
  read: (after: P | null) => Effect.Effect<Stretch<P>, StoreError>
): Effect.Effect<{ readonly stretch: Stretch<P>; readonly from: From<P> }, StoreError> => {
  if (from === "end") return Effect.succeed({ stretch: { entries: [], looked: null }, from })
  return Effect.map(read(from === "latest" ? null : (from as P)), (stretch) => ({ stretch, from }))
}

/** The entry with the credential that the name of its principal tells, if none was kept. */
const told = (entry: AuditEntry): AuditEntry =>
  entry.credential === null ? { ...entry, credential: credentialOfName(entry.who) } : entry

/** Returns a page of the trail; the key is an opaque text. */
export const list = Effect.fnUntraced(function* (
  given: typeof AuditQuery.Encoded,
  { after, limit }: PageRequest<string>
): Effect.fn.Return<PageByKey<AuditEntry, string>, InvalidInput | StoreError, AuditStore> {
  const query = yield* decodeQuery(given)
  const store = yield* AuditStore
  let place = yield* placeOf(query, after)
  const items: Array<AuditEntry> = []
  const isThrough = () => place.log === "end" && place.journal === "end"
  for (let round = 0; round < MAX_STRETCHES && items.length < limit && !isThrough(); round++) {
    // One more than is wanted tells whether others follow.
    const wanted = limit - items.length
    const [log, journal] = yield* Effect.all([
      readFrom(place.log, (from) => store.log(query, from, wanted + 1)),
      readFrom(place.journal, (from) => store.journal(query, from, wanted + 1))
    ])
    const { entries, ...next } = merge(log, journal, wanted)
    items.push(...entries.map(told))
    place = next
  }
  return { items, next: isThrough() ? null : encodeCursor(place) }
})
