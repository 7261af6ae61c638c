/**
 * Attendee links as stores keep them: the digest of a secret for a registration. The store of admission writes the link of a
 * registration in the commit that makes it.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

export interface StoredAttendeeLink {
  readonly eventId: EventId
  /** SHA-256 of the secret, in hexadecimal digits. */
  readonly digest: string
}

export class AttendeeLinkStore extends Context.Service<
  AttendeeLinkStore,
  {
    /** Returns the link of a registration; `undefined` if it has none. */
    readonly find: (registrationId: string) => Effect.Effect<StoredAttendeeLink | undefined, StoreError>
    /**
     * Gives a registration a link, which ends the one before, and writes it to the audit log in the same transaction. The caller has
     * seen that the registration is there.
     */
    readonly replace: (
      eventId: EventId,
      registrationId: string,
      digest: string,
      who: string
    ) => Effect.Effect<void, StoreError>
  }
>()("@turnout/AttendeeLinkStore") {}
