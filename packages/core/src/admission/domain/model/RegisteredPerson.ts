/**
 * A person who has registered for events of an organization, as its staff look for people.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { AttendeeId } from "./Attendee.ts"

export const RegisteredPerson = Schema.Struct({
  /** The id of the attendee. */
  id: described("The id of the attendee", AttendeeId, { examples: ["mailto:ada@example.com"] }),
  /** The name in the latest registration for an event of the organization. */
  name: described("The name in the latest registration", Schema.String, { examples: ["Ada Lovelace"] }),
  /** The e-mail address in that registration. */
  email: described("The e-mail address in the latest registration", Schema.String, { examples: ["ada@example.com"] }),
  /** The number of registrations for events of the organization, also of those that were cancelled. */
  registrations: described(
    "The number of registrations for events of the organization, also of those that were cancelled",
    Schema.Natural,
    { examples: [3] }
  ),
  /** When the latest registration was made. */
  lastRegisteredAt: described("When the latest registration was made", Instant)
}).annotate({ identifier: "RegisteredPerson" })
export interface RegisteredPerson extends Schema.Schema.Type<typeof RegisteredPerson> {}
