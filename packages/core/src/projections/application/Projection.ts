/**
 * Projections: states that are made of the journal, stream by stream, to be read.
 *
 * A projection is a pure function from a state and an entry to the next state. A relay keeps it up to date, as it does any
 * other sink; but the entries that the sink is given only say which streams have moved on. The projection reads on in the
 * journals of these streams from where its state is, under a lock. So every entry is in the state once and in order, even if
 * entries are delivered twice, late, or during a rebuild.
 *
 * Rebuilding makes the state of a stream anew from its whole journal, in one transaction: readers see the old state until then. A
 * state that an earlier version of the projection has made is rebuilt with the next entry, unless its journal has been pruned.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import { decode, type JournalEntry, type JournalEventType } from "../../journal/domain/JournalEvent.ts"
import { type Projected, ProjectionStore } from "../ports/ProjectionStore.ts"
import { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

export interface Projection<State> {
  /** Unique, and the same across restarts. */
  readonly name: string
  /** How a state is stored. */
  readonly schema: Schema.Codec<State, unknown>
  readonly initial: (stream: EventId) => State
  /** The next state; `undefined` if there is nothing more to read of the stream, as after `EventDeleted`. */
  readonly apply: (state: State, entry: JournalEntry) => State | undefined
  /** Whether a stored state was made by an earlier version, and is to be made anew. */
  readonly isOutdated?: (state: State) => boolean
}

/** The next entry that a state needs has been pruned from the journal of its stream. */
export class JournalPruned extends TaggedError<JournalPruned>()("JournalPruned", {
  stream: described("The stream: the id of the event whose journal it is", Schema.String),
  firstVersion: described("The version of the first entry that is left", Schema.Number)
}) {
  override get message(): string {
    return `The journal of ${this.stream} goes on with version ${this.firstVersion}: the entries before it have been pruned.`
  }
}

const READ_AT_ONCE = 500

const toEntry = ({ payload, schemaVersion, type, ...rest }: StoredJournalEntry): JournalEntry => ({
  ...rest,
  event: decode(type, schemaVersion, payload)
})

interface At<State> {
  readonly version: number
  readonly state: State
}

/** The place in a stream that has been read, and its state; `undefined` before the first entry, and once it is forgotten. */
type Place<State> = At<State | undefined>

/**
 * Whether the journal goes on with an entry that a state can be made with: the next one, or the end of an event, which is kept
 * when the entries before it are pruned.
 */
const follows = ({ type, version }: StoredJournalEntry, last: number): boolean =>
  version === last + 1 || type === ("EventDeleted" satisfies JournalEventType)

/** Reads on in the journal of a stream, to its end. */
const readOn = Effect.fnUntraced(function* <State>(
  { apply, initial }: Projection<State>,
  stream: EventId,
  from: Place<State>
): Effect.fn.Return<Place<State>, JournalPruned | StoreError, AdmissionReads> {
  const reads = yield* AdmissionReads
  let { state, version } = from
  while (true) {
    const entries = yield* reads.journal(stream, { after: version, limit: READ_AT_ONCE })
    const [next] = entries
    if (next !== undefined && !follows(next, version))
      return yield* new JournalPruned({ stream, firstVersion: next.version })
    for (const entry of entries) {
      state = apply(state ?? initial(stream), toEntry(entry))
      version = entry.version
    }
    if (entries.length < READ_AT_ONCE) return { state, version }
  }
})

const BEGINNING = { version: 0, state: undefined } as const

/** Reads on from a place, or from the beginning if the state there is outdated and the journal is whole. */
const readOnAnew = <State>(projection: Projection<State>, stream: EventId, from: Place<State>) => {
  const isOutdated = from.state !== undefined && projection.isOutdated?.(from.state) === true
  const goingOn = readOn(projection, stream, from)
  return isOutdated ? Effect.catchTag(readOn(projection, stream, BEGINNING), "JournalPruned", () => goingOn) : goingOn
}

type Change = Effect.Effect<void, JournalPruned | StoreError, ProjectionStore | AdmissionReads>

/** Replaces the state of a stream: begins with what `startOf` returns, and reads the journal from there to its end. */
const project = <State>(
  projection: Projection<State>,
  stream: EventId,
  startOf: (current: At<unknown> | undefined, codec: Schema.Codec<State, unknown>) => Place<State>
): Change => {
  const codec = Schema.toCodecJson(projection.schema)
  return ProjectionStore.use((projections) =>
    projections.update(projection.name, stream, (current) =>
      Effect.map(readOnAnew(projection, stream, startOf(current, codec)), ({ state, version }) => ({
        version,
        state: state === undefined ? undefined : Schema.encodeSync(codec)(state)
      }))
    )
  )
}

/** Brings the state of a stream up to date. Fails with `JournalPruned` if the next entry is not in the journal any more. */
export const update = <State>(projection: Projection<State>, stream: EventId): Change =>
  project(projection, stream, (current, codec) =>
    current?.state === undefined
      ? { version: current?.version ?? 0, state: undefined }
      : { version: current.version, state: Schema.decodeUnknownSync(codec)(current.state) }
  )

/** Makes the state of a stream anew. */
export const rebuild = <State>(projection: Projection<State>, stream: EventId): Change =>
  project(projection, stream, () => BEGINNING)

/** A state of a projection, with its stream. */
export interface Read<State> extends At<State> {
  readonly stream: EventId
}

const toRead =
  <State>({ schema }: Projection<State>) =>
  ({ state, stream, version }: Projected): Read<State> => ({
    stream,
    version,
    state: Schema.decodeUnknownSync(Schema.toCodecJson(schema))(state)
  })

/** The state of a stream; `undefined` if nothing of it has been projected. */
export const get = <State>(
  projection: Projection<State>,
  stream: EventId
): Effect.Effect<Read<State> | undefined, StoreError, ProjectionStore> =>
  Effect.map(
    ProjectionStore.use((projections) => projections.get(projection.name, stream)),
    (found) => (found === undefined ? undefined : toRead(projection)(found))
  )

/** Returns states in the order of their streams, which are the keys. */
export const list = <State>(
  projection: Projection<State>,
  page: PageRequest<EventId>
): Effect.Effect<ReadonlyArray<Read<State>>, StoreError, ProjectionStore> =>
  Effect.map(
    ProjectionStore.use((projections) => projections.list(projection.name, page)),
    (found) => found.map(toRead(projection))
  )
