/**
 * Replays: journal entries that an operator has sent to a sink again.
 *
 * ```text
 *            started                  everything was sent
 *   ─────────────────▶ running ──────────────────────────────▶ finished
 *                      │  ▲  │
 *     an entry cannot  │  │  │ an operator
 *     be delivered     ▼  │  ▼
 *                   stopped  cancelled
 *                   an operator resumes
 * ```
 *
 * A replay moves no position of its sink and knows nothing of blocked streams: what it sends comes in addition. Each of its
 * messages carries the id of the replay, so that consumers can tell it from a delivery, and deal with it again. Entries of a
 * stream are sent in order; to what is delivered meanwhile they have none.
 */
import * as Schema from "effect/Schema"
import { EventId } from "../../kernel/domain/EventId.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"

/** Which entries: those that all of this is true of. What is `null` restricts nothing. */
export const Selection = Schema.Struct({
  /** Happened at this time or later. */
  from: Schema.NullOr(Instant),
  /** Happened before this time. */
  to: Schema.NullOr(Instant),
  /** Of these types. */
  types: Schema.NullOr(Schema.Array(Schema.String).check(Schema.isMinLength(1))),
  /** In this stream. */
  stream: Schema.NullOr(EventId),
  /** The one with this message id. */
  message: Schema.NullOr(Uuid)
})
export type Selection = typeof Selection.Type

/** Everything in the journal. */
export const everything: Selection = { from: null, to: null, types: null, stream: null, message: null }

export const ReplayState = Schema.Literals(["running", "stopped", "finished", "cancelled"])
export type ReplayState = typeof ReplayState.Type

export const ReplayId = Uuid
export type ReplayId = typeof ReplayId.Type

export const Replay = Schema.Struct({
  id: ReplayId,
  sink: Schema.String,
  selection: Selection,
  /** The most messages a second; `null` for as many as the sink takes. */
  perSecond: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))),
  who: Schema.String,
  startedAt: Instant,
  state: ReplayState,
  /** How many entries were selected when it began, and how many of them have been sent. */
  total: Schema.Natural,
  sent: Schema.Natural,
  /** Why it is stopped. */
  error: Schema.NullOr(Schema.String),
  /** When it was finished or cancelled. */
  endedAt: Schema.NullOr(Instant)
})
export type Replay = typeof Replay.Type
