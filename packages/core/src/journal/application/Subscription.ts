/**
 * A subscription: the journal from a given place on, as an effect `Stream` that never ends.
 *
 * The subscription gives every journal event, those of each stream (the journal of one event) in order, and goes on with new
 * ones as they are committed. The subscriber keeps the place: every journal event comes with a cursor, and a subscription that
 * begins at a cursor gives what comes after it. The store keeps nothing of a subscriber, waits for none, and takes no
 * acknowledgement. A subscriber that must not miss anything stores the cursor along with what it makes of the journal event.
 *
 * After a failover, a cursor may be ahead of a store that has lost something. The subscription then goes back to the last place
 * that the store knows: it gives some journal events again, and leaves none out.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type StoredEntry, toEvent } from "../domain/StoredEntry.ts"
import type { JournalEvent } from "../domain/JournalEvent.ts"
import { SLOTS } from "../domain/Slot.ts"
import { JournalReader, type Position, type Slice } from "../ports/JournalReader.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { decoder, InvalidInput } from "../../kernel/application/InvalidInput.ts"

export interface SubscribeOptions {
  /** Where to begin: at the beginning of the journal, now (the default), or after a cursor. */
  readonly from?: "beginning" | "now" | { readonly cursor: string }
  /** Only journal events of these types. Default: all. */
  readonly types?: ReadonlyArray<JournalEvent["_tag"]>
  /** How often to look for what other processes have committed. Default 500 milliseconds. */
  readonly pollMillis?: number
}

/** A journal event, and its place in the journal. */
export interface Received extends Omit<StoredEntry, "payload" | "type"> {
  readonly event: JournalEvent
  /** A subscription at this cursor begins after this journal event. The cursor is a long text, made when it is asked for. */
  readonly cursor: string
}

const DEFAULT_POLL_MILLIS = 500
/** The number of entries of a slot that are read at once. */
const READ_AT_ONCE = 100

type Positions = ReadonlyMap<number, Position>

/** Positions, each with the slots that are at it: most slots share one. */
const Place = Schema.Array(Schema.Tuple([Schema.String, Schema.Array(Schema.Int)])).check(
  Schema.makeFilter((groups) => {
    const slots = new Set(groups.flatMap(([, slots]) => slots))
    const isWhole = slots.size === SLOTS && [...slots].every((slot) => slot >= 0 && slot < SLOTS)
    return isWhole || "must be the cursor of an event of a subscription"
  })
)
const Cursor = Schema.StringFromBase64Url.pipe(Schema.decodeTo(Schema.fromJsonString(Place)))
const encodeCursor = Schema.encodeSync(Cursor)

const Options = Schema.Struct({
  from: Schema.optionalKey(Schema.Union([Schema.Literals(["beginning", "now"]), Schema.Struct({ cursor: Cursor })])),
  types: Schema.optionalKey(Schema.Array(Schema.String)),
  pollMillis: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60_000 })))
})
const decodeOptions = decoder(Options)

const toCursor = (positions: Positions): string =>
  encodeCursor(
    Array.from(
      Map.groupBy(positions, ([, position]) => position),
      ([position, slots]) => [position, slots.map(([slot]) => slot)] as const
    )
  )

const fromCursor = Effect.fnUntraced(function* (
  { arePositions }: JournalReader["Service"],
  groups: typeof Place.Type
): Effect.fn.Return<Positions, InvalidInput | StoreError> {
  if (!(yield* arePositions(groups.map(([position]) => position)))) {
    const rule = "must be the cursor of an event of a subscription to this store"
    return yield* new InvalidInput({ issues: [{ field: "from.cursor", rule }] })
  }
  return new Map(groups.flatMap(([position, slots]) => slots.map((slot) => [slot, position as Position] as const)))
})

/** The journal events of some slices, and the positions after the last of them. */
const receive = (
  before: Positions,
  slices: ReadonlyArray<Slice>
): { readonly received: ReadonlyArray<Received>; readonly positions: Positions } => {
  const moves = slices.map(({ position, slot }) => [slot, position] as const)
  const received = slices.flatMap(({ deliveries, positionAfter, slot }, number) =>
    deliveries.map((delivery, index): Received => {
      const { payload: _payload, type: _type, ...place } = delivery
      return {
        ...place,
        event: toEvent(delivery),
        get cursor() {
          return toCursor(new Map([...before, ...moves.slice(0, number), [slot, positionAfter(index)]]))
        }
      }
    })
  )
  return { received, positions: moves.length === 0 ? before : new Map([...before, ...moves]) }
}

/** Warns that the store has lost something that it had given. */
export const tellSetBack = (slices: ReadonlyArray<Slice>): Effect.Effect<void> =>
  slices.some(({ isSetBack }) => isSetBack)
    ? Effect.logWarning(
        "the journal does not know the place of a subscription any more: some journal events are given again"
      )
    : Effect.void

const read = Effect.fnUntraced(function* (
  reader: JournalReader["Service"],
  positions: Positions,
  limit: number
): Effect.fn.Return<ReturnType<typeof receive> & { readonly isSetBack: boolean }, StoreError> {
  const asked = Array.from(positions, ([slot, position]) => ({ slot, position }))
  const slices = yield* reader.read(asked, limit)
  yield* tellSetBack(slices)
  return { ...receive(positions, slices), isSetBack: slices.some(({ isSetBack }) => isSetBack) }
})

/** The positions at which `from` begins. */
const startOf = (
  reader: JournalReader["Service"],
  from: NonNullable<typeof Options.Type.from>
): Effect.Effect<Positions, InvalidInput | StoreError> =>
  typeof from === "string"
    ? Effect.map(reader.positions(from), (all) => new Map(all.map(({ position, slot }) => [slot, position])))
    : fromCursor(reader, from.cursor)

/**
 * Returns up to `limit` journal events after a place, and the cursor after the last of them, for callers that ask again and
 * again instead of listening. `types` chooses among these, so there may be fewer `items` although more follow.
 */
export const page = Effect.fnUntraced(function* (
  options: Omit<SubscribeOptions, "pollMillis"> & { readonly limit: number }
): Effect.fn.Return<
  { readonly items: ReadonlyArray<Received>; readonly cursor: string },
  InvalidInput | StoreError,
  JournalReader
> {
  const { limit, ...rest } = options
  const { from = "now", types } = yield* decodeOptions(rest)
  const reader = yield* JournalReader
  let start = yield* startOf(reader, from)
  let found = yield* read(reader, start, limit)
  while (found.isSetBack) {
    start = found.positions
    found = yield* read(reader, start, limit)
  }
  const seen = found.received.slice(0, limit)
  const cursor = seen.length < found.received.length ? seen.at(-1)!.cursor : toCursor(found.positions)
  return { items: types === undefined ? seen : seen.filter(({ event }) => types.includes(event._tag)), cursor }
})

/**
 * The journal as an effect `Stream` that never ends. Fails with `InvalidInput` if an option breaks a rule, and with
 * `StoreError` if the store fails.
 */
export const subscribe = (
  options: SubscribeOptions = {}
): Stream.Stream<Received, InvalidInput | StoreError, JournalReader> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { from = "now", pollMillis = DEFAULT_POLL_MILLIS, types } = yield* decodeOptions(options)
      const reader = yield* JournalReader
      const wakeUp = yield* Queue.sliding<void>(1)
      yield* Effect.acquireRelease(
        Effect.sync(() => reader.onCommit(() => void Queue.offerUnsafe(wakeUp, undefined))),
        (stopListening) => Effect.sync(stopListening)
      )
      let positions = yield* startOf(reader, from)

      const wanted = types === undefined ? undefined : new Set<string>(types)
      const next: Effect.Effect<ReadonlyArray<Received>, StoreError> = Effect.gen(function* () {
        const found = yield* read(reader, positions, READ_AT_ONCE)
        positions = found.positions
        if (found.received.length === 0 && !found.isSetBack) yield* Effect.timeoutOption(Queue.take(wakeUp), pollMillis)
        return wanted === undefined ? found.received : found.received.filter(({ event }) => wanted.has(event._tag))
      })
      return Stream.fromIterableEffectRepeat(next)
    })
  )
