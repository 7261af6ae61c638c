/**
 * The report of an import: how far it has come, the outcomes of its rows, and both in words and as a document.
 */
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { SoFar, Warning } from "../../../Stopped.ts"
import type { Difference } from "./Person.ts"
import type { Line, Table } from "./Rows.ts"
import { count } from "../../../output/Words.ts"

/** A row whose person is not registered as it says, and why. */
export interface Problem {
  readonly line: number
  readonly outcome: "invalid" | "refused" | "differing" | "cancelled"
  readonly reason: string
  /** The registration that differs, or that was cancelled. */
  readonly registrationId?: RegistrationId
  readonly cancelledAt?: Date
  readonly differences?: ReadonlyArray<Difference>
}

export type Outcome = "confirmed" | "waitlisted" | "unchanged" | Problem["outcome"]

/** The state of an import, with the outcomes of its rows so far. */
export interface Import {
  eventId: EventId | null
  /** A sentence about the event that explains refusals. */
  notice: string | undefined
  /** Whether something was changed. */
  hasChanged: boolean
  /** The number of rows that were dealt with, and of rows that are being committed. */
  done: number
  underWay: number
  /** `unchanged` counts rows whose person was registered before, as the row says. */
  readonly counts: Record<Outcome, number>
  readonly problems: Array<Problem>
  /** Rows that were registered, and are worth a look. */
  readonly warnings: Array<Pick<Problem, "line" | "reason">>
}

export const begin = (): Import => ({
  eventId: null,
  notice: undefined,
  hasChanged: false,
  done: 0,
  underWay: 0,
  counts: { confirmed: 0, waitlisted: 0, refused: 0, invalid: 0, unchanged: 0, differing: 0, cancelled: 0 },
  problems: [],
  warnings: []
})

const inOrder = <A extends { readonly line: number }>(rows: ReadonlyArray<A>) =>
  rows.toSorted((a, b) => a.line - b.line)

/** The document of an import. */
export const summaryOf = (
  { counts, eventId, notice, problems, warnings }: Import,
  { lines, remarks }: Table
): Readonly<Record<string, unknown>> => {
  const { cancelled, differing, ...others } = counts
  return {
    ...others,
    rows: lines.length,
    eventId,
    differing,
    cancelled,
    problems: inOrder(problems),
    warnings: inOrder(warnings),
    ...(remarks.length === 0 ? {} : { remarks }),
    ...(notice === undefined ? {} : { notice })
  }
}

const people = (number: number): string => (number === 1 ? "1 person was" : `${number} people were`)
const rows = (number: number): string => (number === 1 ? "1 row differs" : `${number} rows differ`)

/** The result in words. */
export const inWords = ({ counts, eventId }: Import): ReadonlyArray<string> => {
  const { cancelled, confirmed, differing, invalid, refused, unchanged, waitlisted } = counts
  const changed = confirmed + waitlisted
  return [
    changed === 0 && unchanged > 0
      ? `Nothing changed: ${people(unchanged)} registered before.`
      : `${confirmed} confirmed, ${waitlisted} waitlisted${unchanged > 0 ? `, ${unchanged} registered before` : ""}.`,
    ...(refused + invalid > 0 ? [`${refused} refused, ${invalid} invalid.`] : []),
    ...(differing > 0
      ? [`${rows(differing)} from what is stored. turnout registrations correct ${eventId} ID corrects a registration`]
      : []),
    ...(cancelled > 0 ? [`${people(cancelled)} cancelled since. To register them anew: --again`] : []),
    eventId === null ? "No event was made, since no row is good." : `Event ${eventId}`
  ]
}

export const warningsOf = ({ name }: Table, { problems, warnings }: Import): ReadonlyArray<Warning> =>
  inOrder([...problems, ...warnings]).map(({ line, reason }) => [`${name}:${line}`, reason])

/** The result so far of an import that was cut off, if it has changed anything. */
export const soFarOf = (table: Table, progress: Import): SoFar | undefined => {
  const { done, underWay } = progress
  if (!progress.hasChanged && underWay === 0) return undefined
  const { lines } = table
  const unknown = lines.slice(done, done + underWay)
  const left = lines.slice(done + underWay)
  const toLines = (rows: ReadonlyArray<Line>) => ({
    rows: rows.length,
    fromLine: rows[0]!.line,
    toLine: rows.at(-1)!.line
  })
  return {
    document: {
      ...summaryOf(progress, table),
      rowsDone: done,
      ...(unknown.length === 0 ? {} : { unknown: toLines(unknown) }),
      ...(left.length === 0 ? {} : { notDone: toLines(left) })
    },
    lines: inWords(progress),
    warnings: warningsOf(table, progress),
    next: [
      `${count(done)} of ${count(lines.length)} rows are dealt with${done === lines.length ? "" : `, those before line ${lines[done]!.line}`}.`,
      ...(unknown.length === 0
        ? []
        : [`It is not known whether those from line ${unknown[0]!.line} to line ${unknown.at(-1)!.line} are in.`]),
      "Importing the same file again, with the same options, goes on where this stopped, and registers nobody twice."
    ].join(" ")
  }
}
