/**
 * The report of an import: how far it has come, the outcomes of its rows, and both in words and as a document.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { count } from "../../../Operating.ts"
import type { SoFar, Warning } from "../../../Stopped.ts"
import type { Table } from "./Rows.ts"

/** A row that was not imported, and why. */
export interface Problem {
  readonly line: number
  readonly reason: string
}

export type Outcome = "confirmed" | "waitlisted" | "refused" | "invalid" | "unchanged"

/** The state of an import, with the outcomes of its rows so far. */
export interface Import {
  eventId: EventId | undefined
  /** Whether something was changed. */
  hasChanged: boolean
  /** The number of rows that were dealt with, and of rows that are being committed. */
  done: number
  underWay: number
  /** The line of the first row that is not done, and, while a batch is committed, its last line and the line after it. */
  from: number | undefined
  to: number
  next: number | undefined
  /** `unchanged` counts rows that had been imported before. */
  readonly counts: Record<Outcome, number>
  readonly problems: Array<Problem>
}

export const begin = (): Import => ({
  eventId: undefined,
  hasChanged: false,
  done: 0,
  underWay: 0,
  from: undefined,
  to: 0,
  next: undefined,
  counts: { confirmed: 0, waitlisted: 0, refused: 0, invalid: 0, unchanged: 0 },
  problems: []
})

/** The document of an import. */
export const summaryOf = (
  { counts, eventId, problems }: Import,
  { remarks, rows }: Table
): Readonly<Record<string, unknown>> => ({
  ...counts,
  rows,
  eventId,
  problems: problems.toSorted((a, b) => a.line - b.line),
  ...(remarks.length === 0 ? {} : { remarks })
})

export const inWords = ({ counts, eventId }: Import): ReadonlyArray<string> => {
  const { confirmed, invalid, refused, unchanged, waitlisted } = counts
  const changed = confirmed + waitlisted
  return [
    changed === 0 && unchanged > 0
      ? `Nothing changed: ${unchanged} registrations had been imported before.`
      : `${confirmed} confirmed, ${waitlisted} waitlisted${unchanged > 0 ? `, ${unchanged} imported before` : ""}.`,
    ...(refused + invalid > 0 ? [`${refused} refused, ${invalid} invalid.`] : []),
    `Event ${eventId}`
  ]
}

export const warningsOf = ({ name }: Table, { problems }: Import): ReadonlyArray<Warning> =>
  problems.toSorted((a, b) => a.line - b.line).map(({ line, reason }) => [`${name}:${line}`, reason])

/** The result so far of an import that was cut off, if it has changed anything. */
export const soFarOf = (table: Table, progress: Import): SoFar | undefined => {
  const { done, underWay } = progress
  if (!progress.hasChanged && underWay === 0) return undefined
  const { firstLine, lastLine, rows } = table
  const from = progress.from ?? firstLine
  const left = rows - done - underWay
  const unknown = { rows: underWay, fromLine: from, toLine: progress.to }
  const notDone = { rows: left, fromLine: underWay === 0 ? from : progress.next, toLine: lastLine }
  return {
    document: {
      ...summaryOf(progress, table),
      rowsDone: done,
      ...(underWay === 0 ? {} : { unknown }),
      ...(left === 0 ? {} : { notDone })
    },
    lines: inWords(progress),
    warnings: warningsOf(table, progress),
    next: [
      `${count(done)} of ${count(rows)} rows are dealt with${done === rows ? "" : `, those before line ${from}`}.`,
      ...(underWay === 0
        ? []
        : [`It is not known whether those from line ${unknown.fromLine} to line ${unknown.toLine} are in.`]),
      "Importing the same file again, with the same options, goes on where this stopped, and registers nobody twice."
    ].join(" ")
  }
}
