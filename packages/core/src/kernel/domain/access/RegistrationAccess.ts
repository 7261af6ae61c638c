/**
 * Who may register themselves for an event.
 *
 * - `open`: whoever asks.
 * - `members`: members of the organization that the event belongs to.
 * - `invitation`: nobody; staff register people.
 */
import * as Schema from "effect/Schema"

export const RegistrationAccess = Schema.Literals(["open", "members", "invitation"])
export type RegistrationAccess = typeof RegistrationAccess.Type
