/**
 * What an import does about each row: registers the person, or leaves things as they are and says why.
 *
 * - A person who is registered as the row says is left alone, however that registration was made.
 * - A person who is registered otherwise is left alone, and the differences are said.
 * - A person who seems to be registered under another id counts as registered otherwise, so that nobody has two seats.
 * - A person whose registration was cancelled is registered anew only if that is asked for. The key of doing so names the cancelled
 *   registration, so each cancellation is undone once, however often the import is repeated.
 * - Of several rows for one person one counts: the one that says what is stored, or else the first.
 */
import { idOfAddress, nameOf } from "@turnout/core/admission/domain/model/Attendee"
import type { Register } from "@turnout/core/admission/domain/model/Register"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { time } from "../../../output/Words.ts"
import {
  differences,
  type Difference,
  type Invalid,
  isPerson,
  isUnderAnotherId,
  keyOf,
  type Person,
  toCommand
} from "./Person.ts"
import { type Registered, underAnotherId } from "./Registered.ts"
import type { Problem } from "./Report.ts"
import type { Table } from "./Rows.ts"

/** A row, and what is done about it. */
export type Step =
  | { readonly line: number; readonly command: Register; readonly key: string }
  | { readonly line: number; readonly outcome: "unchanged" }
  | Problem

export interface Options {
  readonly columns: Table["columns"]
  readonly registered: Registered
  /** Whether people whose registrations were cancelled are registered anew. */
  readonly again: boolean
}

const differing = (
  line: number,
  { attendee, id }: Registration,
  found: ReadonlyArray<Difference>,
  columns: Table["columns"]
): Problem => {
  const parts = found.map(
    ({ field, file, stored }) =>
      `${columns[field] ?? field} is ${JSON.stringify(stored)} there, and ${JSON.stringify(file)} in the file`
  )
  return {
    line,
    outcome: "differing",
    reason: `${nameOf(attendee.id)} is registered otherwise, as ${id}: ${parts.join("; ")}`,
    registrationId: id,
    differences: found
  }
}

const cancelled = (line: number, { attendee, changedAt, id }: Registration): Problem => ({
  line,
  outcome: "cancelled",
  reason: `${nameOf(attendee.id)} was registered, as ${id}, and cancelled at ${time(changedAt)}; --again registers the person anew`,
  registrationId: id,
  cancelledAt: changedAt
})

/** The row that counts for each person, by the ids of the people. A row without an id yields to one that has it. */
const countingOf = (people: ReadonlyArray<Person>, { columns, registered }: Options): ReadonlyMap<string, Person> => {
  const counting = new Map<string, Person>()
  for (const person of people) {
    const { id } = person.attendee
    const active = registered.byId.get(id)?.active
    const isAsStored = (one: Person) => active !== undefined && differences(one, active, columns).length === 0
    const other = counting.get(id)
    if (other === undefined || (isAsStored(person) && !isAsStored(other))) counting.set(id, person)
  }
  const byAddress = Map.groupBy(counting.values(), ({ attendee }) => idOfAddress(attendee.email))
  for (const [address, sharing] of byAddress) {
    const without = sharing.find(({ attendee }) => attendee.id === address)
    const other = sharing.find(({ attendee }) => without !== undefined && isUnderAnotherId(without.attendee, attendee))
    if (other !== undefined) counting.set(address, other)
  }
  return counting
}

/** The step for a person whose row counts. */
const stepFor = (person: Person, eventId: EventId, { again, columns, registered }: Options): Step => {
  const { attendee, line } = person
  const { active, cancelled: own } = registered.byId.get(attendee.id) ?? {}
  if (active !== undefined) {
    const found = differences(person, active, columns)
    return found.length === 0 ? { line, outcome: "unchanged" } : differing(line, active, found, columns)
  }
  const other = underAnotherId(registered, attendee)
  if (other.active !== undefined) {
    const id = { field: "id", stored: other.active.attendee.id, file: attendee.id } as const
    return differing(line, other.active, [id, ...differences(person, other.active, columns)], columns)
  }
  const before = own ?? other.cancelled
  if (before !== undefined && !again) return cancelled(line, before)
  const command = toCommand(person, eventId)
  const key = keyOf(command)
  return { line, command, key: before === undefined ? key : `${key} after ${before.id}` }
}

const invalid = (row: Invalid): Step => ({ ...row, outcome: "invalid" })

/** The plan for rows of which none is a person. */
export const nothing = (rows: ReadonlyArray<Person | Invalid>): ReadonlyArray<Step> =>
  rows.flatMap((row) => (isPerson(row) ? [] : [invalid(row)]))

/** Makes the plan of an import into an event. Its steps are in the order of the rows. */
export const make = (
  rows: ReadonlyArray<Person | Invalid>,
  eventId: EventId,
  options: Options
): ReadonlyArray<Step> => {
  const counting = countingOf(rows.filter(isPerson), options)
  return rows.map((row) => {
    if (!isPerson(row)) return invalid(row)
    const { id } = row.attendee
    const counts = counting.get(id)!
    if (counts === row) return stepFor(row, eventId, options)
    const reason = `${nameOf(id)} is in line ${counts.line} as well; one person has one registration`
    return { line: row.line, outcome: "refused", reason }
  })
}
