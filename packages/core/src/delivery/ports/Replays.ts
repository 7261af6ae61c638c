/**
 * Replays as stores keep them: what is to be sent again to whom, and how far that has come.
 *
 * A replay is carried out by whoever holds its lease, and that is a relay of its sink. As with slots, every write carries the
 * epoch of the lease, and changes nothing under one that is superseded, so a replay goes on where it was after the death of
 * whoever carried it out, and some of its last messages may be sent twice.
 *
 * Which entries are part of it is settled when it begins: those of the journal at that time. Operators are written to the
 * audit log, as in `OutboxOperations`.
 */
import type * as Brand from "effect/Brand"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { Owner } from "../domain/Lease.ts"
import type { Replay, ReplayId, Selection } from "../domain/Replay.ts"
import type { SinkNotFound } from "./OutboxOperations.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

export class ReplayNotFound extends Schema.TaggedError<ReplayNotFound>()("ReplayNotFound", { id: Schema.String }) {
  override get message(): string {
    return `There is no replay ${this.id}.`
  }
}

/** What was asked for is not possible in the state that the replay is in. */
export class ReplayNotOpen extends Schema.TaggedError<ReplayNotOpen>()("ReplayNotOpen", {
  id: Schema.String,
  state: Schema.String
}) {
  override get message(): string {
    return `The replay ${this.id} is ${this.state}.`
  }
}

/** How far a replay has come, as the store that gave it understands it. */
export type ReplayPlace = Brand.Branded<string, "@turnout/ReplayPlace">

/** A replay in hand. */
export interface HeldReplay {
  readonly replay: Replay
  readonly epoch: number
  readonly owner: Owner
  readonly place: ReplayPlace
}

/** Some of the entries of a replay, in the order of their streams. */
export interface ReplaySlice {
  readonly entries: ReadonlyArray<{
    readonly slot: number
    readonly delivery: StoredEntry
    /** Behind it. */
    readonly place: ReplayPlace
  }>
  /** Behind all that was looked at. */
  readonly place: ReplayPlace
  /** Whether there is nothing behind that. */
  readonly isLast: boolean
}

/** What is written of a replay by who carries it out. */
export interface Advance {
  readonly id: ReplayId
  readonly epoch: number
  readonly owner: Owner
  readonly place: ReplayPlace
  /** Messages that have been sent in all. */
  readonly sent: number
  readonly state: "running" | "stopped" | "finished"
  /** Why it is stopped. */
  readonly error: string | null
}

type Change = Effect.Effect<Replay, ReplayNotFound | ReplayNotOpen | StoreError>

export class Replays extends Context.Service<
  Replays,
  {
    /** How many entries are selected now. Looks at the whole journal, unless a stream is named. */
    readonly count: (selection: Selection) => Effect.Effect<number, StoreError>
    readonly start: (replay: {
      readonly sink: string
      readonly selection: Selection
      readonly perSecond: number | null
      readonly who: string
    }) => Effect.Effect<Replay, SinkNotFound | StoreError>
    readonly get: (id: ReplayId) => Effect.Effect<Replay, ReplayNotFound | StoreError>
    /** The latest first; the key is the id. */
    readonly list: (page: PageRequest<ReplayId>) => Effect.Effect<ReadonlyArray<Replay>, StoreError>
    /** Ends one that is running or stopped. */
    readonly cancel: (id: ReplayId, who: string) => Change
    /** Goes on with one that is stopped, from the entry that could not be delivered. */
    readonly resume: (id: ReplayId, who: string) => Change

    /** Takes the lease of a running replay of a sink, if there is one that nobody holds: the oldest. */
    readonly claim: (sink: string, owner: Owner, ttlMillis: number) => Effect.Effect<HeldReplay | undefined, StoreError>
    /** The next entries, at most so many. Some stores look at so many, and may give none. */
    readonly read: (replay: Replay, place: ReplayPlace, limit: number) => Effect.Effect<ReplaySlice, StoreError>
    /** Notes how far a replay has come, and renews its lease; gives it as it is then, or nothing if it was lost. */
    readonly advance: (advance: Advance, ttlMillis: number) => Effect.Effect<Replay | undefined, StoreError>
    /** Gives the lease back. */
    readonly release: (lease: Pick<Advance, "id" | "epoch" | "owner">) => Effect.Effect<void, StoreError>
  }
>()("@turnout/Replays") {}
