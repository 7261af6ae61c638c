/**
 * The statement that loads a footprint, put together from nouns.
 *
 * Each part gives the same columns: `kind`, which is its name, those of a registration, and `record`, which is JSON. `CROSS JOIN
 * LATERAL (… OFFSET 0)` keeps the planner from turning the probes into a scan when the plan is made while the tables are still
 * empty.
 */
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { Footprint } from "@turnout/core/admission/domain/state/Footprint"
import type { Loaded } from "@turnout/core/admission/domain/state/WorkingSet"
import type { Rows, Statement } from "../../client/Session.ts"
import { Chosen, Found, memoize, sql } from "../../statements/Parts.ts"
import * as EventLoad from "../events/EventLoad.ts"
import * as IdempotencyLoad from "../idempotency/IdempotencyLoad.ts"
import * as RegistrationLoad from "../registrations/RegistrationLoad.ts"

/**
 * Makes the statements that load a footprint from a schema, given as a quoted identifier; none, if nothing is to be looked for.
 */
export const make = (s: string): ((footprint: Footprint) => ReadonlyArray<Statement>) => {
  const textOf = memoize((used) => used.map((one) => sql(s, one)).join("\nUNION ALL\n"))
  return (footprint) => {
    const chosen = new Chosen(undefined)
    EventLoad.choose(chosen, footprint)
    RegistrationLoad.choose(chosen, footprint)
    IdempotencyLoad.choose(chosen, footprint)
    if (chosen.used.length === 0) return []
    return [{ text: textOf(chosen.used), parameters: chosen.parameters }]
  }
}

/** The events that were locked, and the rows that were loaded for them. */
export const read = (events: ReadonlyArray<Event>, rows: Rows): Loaded => {
  const found = new Found(rows as ReadonlyArray<{ readonly kind: string }>)
  return {
    events,
    ...EventLoad.read(found),
    ...RegistrationLoad.read(found),
    ...IdempotencyLoad.read(found)
  }
}
