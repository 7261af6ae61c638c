/**
 * Refusals: why somebody may not do what they ask for. What they may not know of has no refusal of its own: it is not found.
 */
import { described } from "../document/Documented.ts"
import { EventId } from "../EventId.ts"
import { Instant } from "../Instant.ts"
import { TaggedError } from "../TaggedError.ts"
import * as Schema from "effect/Schema"

const operation = described("The operation that was asked for", Schema.String)

/** Somebody without a credential asks for something that needs one. */
export class Unauthenticated extends TaggedError<Unauthenticated>()("Unauthenticated", { operation }) {
  override get message(): string {
    return `${this.operation} needs a credential: send Authorization: Bearer and the credential.`
  }
}

/** The credential is good, and not for this. */
export class Forbidden extends TaggedError<Forbidden>()("Forbidden", { operation }) {
  override get message(): string {
    return `This credential does not allow ${this.operation}.`
  }
}

/** Attendees cannot change their registrations by themselves any more; staff still can. */
export class SelfServiceEnded extends TaggedError<SelfServiceEnded>()("SelfServiceEnded", {
  eventId: described("The id of the event", EventId),
  /** When self-service ended. */
  endedAt: described("When self-service ended", Instant)
}) {
  override get message(): string {
    return `Attendees could cancel by themselves before ${this.endedAt.toISOString()}; ask the organizer.`
  }
}

/** All refusals. */
export const refusals = [Unauthenticated, Forbidden, SelfServiceEnded] as const
export type Refused = InstanceType<(typeof refusals)[number]>

const NAMES: ReadonlyArray<string> = refusals.map(({ identifier }) => identifier)

export const isRefused = <E extends { readonly _tag: string }>(error: E | Refused): error is Refused =>
  NAMES.includes(error._tag)
