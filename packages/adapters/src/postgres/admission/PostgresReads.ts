/**
 * Reading events, registrations, waitlists and journals from Postgres, and from PGlite: each read is one statement, whose cost depends on
 * the page and not on the size of the tables. A search takes several statements, and so do people. The statements of a noun are in a file
 * of its own.
 */
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { Query } from "../client/Query.ts"
import * as EventReads from "./events/EventReads.ts"
import * as PeopleReads from "./registrations/PeopleReads.ts"
import * as RegistrationReads from "./registrations/RegistrationReads.ts"

/** The reads of a schema, given as a quoted identifier. */
export const make = (
  read: Query,
  schema: string,
  inBackground: RegistrationReads.InBackground
): AdmissionReads["Service"] =>
  AdmissionReads.of({
    ...EventReads.make(read, schema),
    ...RegistrationReads.make(read, schema, inBackground),
    ...PeopleReads.make(read, schema)
  })
