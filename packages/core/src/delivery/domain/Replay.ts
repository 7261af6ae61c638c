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
 * A replay moves no position of its sink and knows nothing of blocked streams: its messages come in addition. Each of them
 * carries the id of the replay, so that consumers can tell it from a delivery by a relay, and deal with it again. Entries of a
 * stream are sent in order, but in no order with the deliveries of the relay.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"

/** The entries of a replay: those that meet all of these conditions. `null` is no condition. */
export const Selection = Schema.Struct({
  /** They happened at this time or later. */
  from: described("They happened at this time or later", Schema.NullOr(Instant)),
  /** They happened before this time. */
  to: described("They happened before this time", Schema.NullOr(Instant)),
  /** They are of these types. */
  types: described("They are of these types", Schema.NullOr(Schema.Array(Schema.String).check(Schema.isMinLength(1)))),
  /** They are in this stream. */
  stream: described("They are in the journal of this event", Schema.NullOr(EventId)),
  /** The entry has this message id. */
  message: described("The entry has this message id", Schema.NullOr(Uuid))
})
export type Selection = typeof Selection.Type

/** Every entry of the journal. */
export const everything: Selection = { from: null, to: null, types: null, stream: null, message: null }

export const ReplayState = Schema.Literals(["running", "stopped", "finished", "cancelled"])
export type ReplayState = typeof ReplayState.Type

/** The most messages a second that a replay can be limited to. */
export const MAX_PER_SECOND = 1_000_000

export const ReplayId = Uuid
export type ReplayId = typeof ReplayId.Type

export const Replay = Schema.Struct({
  id: described("The id of the replay", ReplayId),
  sink: described("The name of the sink", Schema.String),
  selection: described("The entries that are sent: those that meet all of these conditions; null is none", Selection),
  /** The most messages a second; `null` for as many as the sink takes. */
  perSecond: described(
    "The most messages a second; null for as many as the sink takes",
    Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_PER_SECOND })))
  ),
  who: described("Who started it", Schema.String),
  startedAt: described("When it was started", Instant),
  state: described(
    "stopped: an entry could not be delivered, and an operator may resume it; cancelled: an operator ended it",
    ReplayState
  ),
  /** How many entries were selected when the replay began, and how many of them have been sent. */
  total: described("How many entries were selected when it began", Schema.Natural),
  sent: described("How many of them have been sent", Schema.Natural),
  /** Why the replay is stopped. */
  error: described("Why it is stopped", Schema.NullOr(Schema.String)),
  /** When the replay was finished or cancelled. */
  endedAt: described("When it was finished or cancelled", Schema.NullOr(Instant))
}).annotate({ identifier: "Replay" })
export type Replay = typeof Replay.Type
