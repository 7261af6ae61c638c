/**
 * Reading events, registrations, waitlists and the journals of events, as committed at the moment of asking. What there is to
 * read of a noun is in a file of its own.
 *
 * A read decides nothing: `AdmissionStore` loads the state that a command is decided on, under its locks. So a cache in front
 * of this port can make an answer old, but never a decision wrong.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type { EventReads } from "./EventReads.ts"
import type { PeopleReads } from "./PeopleReads.ts"
import type { RegistrationReads } from "./RegistrationReads.ts"

export class AdmissionReads extends Context.Service<AdmissionReads, EventReads & RegistrationReads & PeopleReads>()(
  "@turnout/AdmissionReads"
) {}
