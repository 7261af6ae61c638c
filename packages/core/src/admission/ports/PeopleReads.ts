/**
 * Reading the people who have registered for the events of an organization: a part of `AdmissionReads`.
 */
import type * as Effect from "effect/Effect"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { Terms } from "../../kernel/domain/text/Search.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { AttendeeId } from "../domain/model/Attendee.ts"
import type { RegisteredPerson } from "../domain/model/RegisteredPerson.ts"

export interface PeopleReads {
  /**
   * People who have registered for an event of an organization, in the order of their ids by code points, which are the keys. What is
   * said of them is of these events only, and `search` looks at the name and the address of the latest registration, as `Search.begins`
   * does; `null` finds everybody.
   *
   * Of two registrations of one moment, the one with the higher id is the latest.
   */
  readonly people: (
    organizationId: OrganizationId,
    search: Terms | null,
    page: PageRequest<AttendeeId>
  ) => Effect.Effect<ReadonlyArray<RegisteredPerson>, StoreError>
}
