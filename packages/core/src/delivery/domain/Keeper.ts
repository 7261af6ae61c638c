/**
 * What keeps journal entries from being pruned: a sink that has not been given them, a blocked stream in which they wait, a
 * replay that is still to send them, or the store itself. An entry may have several keepers. A reader that keeps its place
 * itself, such as a subscription, keeps no entry. The last entry of an event that was deleted stays without a keeper: it says that
 * the id of the event is not used again.
 */
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { ReplayId } from "./Replay.ts"

interface Kept {
  /** When the oldest of the entries happened. */
  readonly oldest: Date
  /** The number of entries. */
  readonly entries: number
  /** Whether there are more entries than were counted. */
  readonly isMore: boolean
}

/** The sink has not been given these entries. */
export interface SinkKeeper extends Kept {
  readonly _tag: "Sink"
  readonly sink: string
  /** The number of its relays that run. */
  readonly relays: number
}

/** Entries wait in streams that are blocked for the sink, those after the first one of a stream as well. */
export interface BlockedStreamsKeeper extends Omit<Kept, "entries" | "isMore"> {
  readonly _tag: "BlockedStreams"
  readonly sink: string
  /** The number of these streams, and how many of them are parked. */
  readonly streams: number
  readonly parked: number
  /** The stream that was blocked first, and since when it is. */
  readonly stream: EventId
  readonly since: Date
}

/** The replay is still to look at these entries. */
export interface ReplayKeeper extends Kept {
  readonly _tag: "Replay"
  readonly replay: ReplayId
  readonly sink: string
  readonly state: "running" | "stopped"
  readonly startedAt: Date
  /** How many messages it has sent, and of how many. */
  readonly sent: number
  readonly total: number
}

/** The store keeps these entries in any case: for an hour, or all of them for as long as it is there. */
export interface StoreKeeper extends Kept {
  readonly _tag: "Store"
}

export type Keeper = SinkKeeper | BlockedStreamsKeeper | ReplayKeeper | StoreKeeper
