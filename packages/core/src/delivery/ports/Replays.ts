/**
 * Replays as stores keep them: which entries are to be sent again to which sink, and how far that has come.
 *
 * A relay of the sink carries out a replay while it holds the lease of the replay. As with slots, every write carries the epoch
 * of the lease, and changes nothing under a superseded one. If this relay dies, another one goes on with the replay where it
 * was, and may send some of the last messages twice.
 *
 * The entries of a replay are fixed when it begins: those of the journal at that time. Changes by operators are written to the
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
import { described } from "../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

export class ReplayNotFound extends TaggedError<ReplayNotFound>()("ReplayNotFound", {
  id: described("The id of the replay", Schema.String)
}) {
  override get message(): string {
    return `There is no replay ${this.id}.`
  }
}

/** The state of the replay does not allow what was asked for. */
export class ReplayNotOpen extends TaggedError<ReplayNotOpen>()("ReplayNotOpen", {
  id: described("The id of the replay", Schema.String),
  state: described("The state of the replay", Schema.String)
}) {
  override get message(): string {
    return `The replay ${this.id} is ${this.state}.`
  }
}

/** How far a replay has come. Only the store that gave it can read it. */
export type ReplayPlace = Brand.Branded<string, "@turnout/ReplayPlace">

/** A replay whose lease is held. */
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
    /** The place after this entry. */
    readonly place: ReplayPlace
  }>
  /** The place after everything that was looked at. */
  readonly place: ReplayPlace
  /** Whether nothing of the replay comes after that place. */
  readonly isLast: boolean
}

/** What the holder of a replay writes of its progress. */
export interface Advance {
  readonly id: ReplayId
  readonly epoch: number
  readonly owner: Owner
  readonly place: ReplayPlace
  /** The number of messages that have been sent in all. */
  readonly sent: number
  readonly state: "running" | "stopped" | "finished"
  /** Why the replay is stopped. */
  readonly error: string | null
}

type Change = Effect.Effect<Replay, ReplayNotFound | ReplayNotOpen | StoreError>

export class Replays extends Context.Service<
  Replays,
  {
    /** Returns how many entries are selected now. Looks at the whole journal, unless a stream is named. */
    readonly count: (selection: Selection) => Effect.Effect<number, StoreError>
    readonly start: (replay: {
      readonly sink: string
      readonly selection: Selection
      readonly perSecond: number | null
      readonly who: string
    }) => Effect.Effect<Replay, SinkNotFound | StoreError>
    readonly get: (id: ReplayId) => Effect.Effect<Replay, ReplayNotFound | StoreError>
    /** Returns replays, the latest first; the key is the id. */
    readonly list: (page: PageRequest<ReplayId>) => Effect.Effect<ReadonlyArray<Replay>, StoreError>
    /** Ends a replay that is running or stopped. */
    readonly cancel: (id: ReplayId, who: string) => Change
    /** Goes on with a stopped replay, from the entry that could not be delivered. */
    readonly resume: (id: ReplayId, who: string) => Change

    /** Takes the lease of the oldest running replay of a sink that no relay holds, if there is one. */
    readonly claim: (sink: string, owner: Owner, ttlMillis: number) => Effect.Effect<HeldReplay | undefined, StoreError>
    /** Returns up to `limit` of the next entries. Some stores look at `limit` entries of the journal, and may return none. */
    readonly read: (replay: Replay, place: ReplayPlace, limit: number) => Effect.Effect<ReplaySlice, StoreError>
    /**
     * Notes how far a replay has come, and renews its lease. Returns the replay as it is then, or `undefined` if the lease was
     * lost. Carried out late, after one that came further, it changes nothing.
     */
    readonly advance: (advance: Advance, ttlMillis: number) => Effect.Effect<Replay | undefined, StoreError>
    /** Gives the lease of a replay back. */
    readonly release: (lease: Pick<Advance, "id" | "epoch" | "owner">) => Effect.Effect<void, StoreError>
  }
>()("@turnout/Replays") {}
