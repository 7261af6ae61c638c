/**
 * The statements that list and count the registrations of an event, one for each combination of filters.
 *
 * A plan is made once and serves every list with the same statement, so a condition is in a statement or not. The states are in
 * its text, and each has a source of its own: the indexes of states are partial, and a plan uses such an index only if the text
 * of the statement names the state. Those who are confirmed or waitlisted are not in an index of states, since every
 * registration would pay for it.
 */
import { RegistrationState } from "@turnout/core/admission/domain/model/Registration"
import type { RegistrationFilter } from "@turnout/core/admission/ports/RegistrationFilter"
import type { RegistrationOrder } from "@turnout/core/admission/ports/RegistrationReads"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { PageRequest } from "@turnout/core/kernel/domain/Page"
import * as Candidates from "../Candidates.ts"
import { type ListStatement, Parameters } from "../ListStatement.ts"
import { type Keys, untilOf } from "./PeopleIndex.ts"

/** The largest number of Postgres' type bigint. No registration has it as its sequence. */
const BEYOND = "9223372036854775807"

/** The conditions on the moments of a registration. */
const moments = (filter: RegistrationFilter, parameters: Parameters): ReadonlyArray<string> => {
  const { changedFrom, changedUntil, registeredFrom, registeredUntil } = filter
  const bounds = [
    ["registered_at >=", registeredFrom],
    ["registered_at <", registeredUntil],
    ["changed_at >=", changedFrom],
    ["changed_at <", changedUntil]
  ] as const
  // Within `coalesce`, the planner expects half of the rows to match. If it expected few, it would sort them.
  return bounds.flatMap(([comparison, moment]) =>
    moment === null ? [] : [`coalesce(${comparison} ${parameters.add(moment, "timestamptz")}, false)`]
  )
}

type Conditions = ReadonlyArray<string>

/** The conditions on the state, one for each state; no registration is in a state of none. */
const inStates = (states: ReadonlyArray<RegistrationState>): Conditions =>
  states.length === 0
    ? ["false"]
    : RegistrationState.literals.filter((state) => states.includes(state)).map((state) => `state = '${state}'`)

const inAnyState = ({ states }: RegistrationFilter): Conditions =>
  states === null ? [] : [`(${inStates(states).join(" OR ")})`]

/** What stands after `FROM`, and conditions. */
interface Source {
  readonly from: string
  readonly where: Conditions
}

/**
 * The sources of a list. No registration is in two of them. Those of an attendee are found in two partial indexes, in each of which
 * are few of one attendee; `OFFSET 0` keeps the planner from looking for them among all that have cancelled.
 */
const sources = (s: string, filter: RegistrationFilter, parameters: Parameters): ReadonlyArray<Source> => {
  const { attendeeId, states } = filter
  const from = `${s}.registrations`
  if (attendeeId === null) {
    return states === null ? [{ from, where: [] }] : inStates(states).map((state) => ({ from, where: [state] }))
  }
  const attendee = `attendee_id = ${parameters.add(attendeeId, "text")}`
  return ["state <> 'cancelled'", "state = 'cancelled'"].map((half) => ({
    from: `(SELECT * FROM ${from} WHERE ${attendee} AND ${half} OFFSET 0) r`,
    where: inAnyState(filter)
  }))
}

interface List {
  readonly filter: RegistrationFilter
  readonly page: PageRequest<number>
  readonly order: RegistrationOrder
  /** The keys by which people are found; `undefined` if they are looked at one after the other. */
  readonly keys?: Keys | undefined
}

/** The people whose keys are in a range, with their registrations up to the last one that has keys. */
const byKeys = (
  s: string,
  { event, ofPage }: { readonly event: string; readonly ofPage: string },
  { begin, end }: Keys,
  parameters: Parameters
): string => `(
  SELECT DISTINCT sequence AS place FROM (
    SELECT sequence FROM ${s}.people_keys WHERE event_id = ${event}
      AND key >= ${parameters.add(begin, "text")} AND key < ${parameters.add(end, "text")}
    UNION ALL
    SELECT sequence FROM ${s}.people_keys WHERE event_id = ${event} AND key = ''
  ) k WHERE sequence <= ${untilOf(s, event)} AND sequence ${ofPage}
) k CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations WHERE event_id = ${event} AND sequence = k.place OFFSET 0
) r`

/** Makes the statement for a page of the registrations that match a filter, in a schema, given as a quoted identifier. */
export const make =
  (s: string, columns: string) =>
  (eventId: EventId, { filter, keys, order, page }: List): ListStatement => {
    const parameters = new Parameters()
    const event = parameters.add(eventId, "uuid")
    const after = parameters.add(page.after ?? (order === "entry" ? 0 : BEYOND), "bigint")
    const limit = parameters.add(page.limit, "integer")
    const inOrder = `ORDER BY sequence ${order === "entry" ? "" : "DESC "}LIMIT ${limit}`
    const ofPage = `${order === "entry" ? ">" : "<"} ${after}`
    const times = moments(filter, parameters)
    const text =
      filter.search === null
        ? []
        : [Candidates.condition(["name", "email"], parameters.add(Candidates.termOf(filter.search), "text"))]
    const oneByOne = (source: Source) => {
      const where = [`event_id = ${event}`, `sequence ${ofPage}`, ...source.where, ...times, ...text].join(" AND ")
      return `SELECT ${columns} FROM ${source.from} WHERE ${where}`
    }
    const withKeys = (found: Keys) => {
      const where = [...inAnyState(filter), ...times].join(" AND ")
      const select = `SELECT ${columns} FROM ${byKeys(s, { event, ofPage }, found, parameters)}`
      const later = [`sequence > ${untilOf(s, event)}`, ...inAnyState(filter)]
      return [
        where === "" ? select : `${select} WHERE ${where}`,
        oneByOne({ from: `${s}.registrations`, where: later })
      ]
    }
    const selects = keys === undefined ? sources(s, filter, parameters).map(oneByOne) : withKeys(keys)
    const texts = selects.map((select) => `${select}\n${inOrder}`)
    return {
      text:
        texts.length === 1
          ? texts[0]!
          : `SELECT * FROM (\n${texts.map((one) => `(${one})`).join("\nUNION ALL\n")}\n) r ${inOrder}`,
      parameters: parameters.values
    }
  }

/** Makes the statement that counts the registrations that match a filter without a search. */
export const makeCount =
  (s: string) =>
  (eventId: EventId, filter: RegistrationFilter): ListStatement => {
    const parameters = new Parameters()
    const event = parameters.add(eventId, "uuid")
    const selects = sources(s, filter, parameters)
    const times = moments(filter, parameters)
    const counts = selects.map((source) => {
      const where = [`event_id = ${event}`, ...source.where, ...times].join(" AND ")
      return `(SELECT count(*) FROM ${source.from} WHERE ${where})`
    })
    return { text: `SELECT (${counts.join("\n+ ")})::integer AS count`, parameters: parameters.values }
  }
