/**
 * The report of an import: how far it has come, the outcomes of its rows, and both in words and as a document.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { count } from "../../../Operating.ts"
import type { SoFar, Warning } from "../../../Stopped.ts"
import type { Line, Table } from "./Rows.ts"

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
  /** `unchanged` counts rows that had been imported before. */
  readonly counts: Record<Outcome, number>
  readonly problems: Array<Problem>
}

export const begin = (): Import => ({
  eventId: undefined,
  hasChanged: false,
  done: 0,
  underWay: 0,
  counts: { confirmed: 0, waitlisted: 0, refused: 0, invalid: 0, unchanged: 0 },
  problems: []
})

/** The document of an import. */
export const summaryOf = (
  { counts, eventId, problems }: Import,
  { lines }: Table
): Readonly<Record<string, unknown>> => ({
  ...counts,
  rows: lines.length,
  eventId,
  problems: problems.toSorted((a, b) => a.line - b.line)
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

export const warningsOf = (file: string, { problems }: Import): ReadonlyArray<Warning> =>
  problems.toSorted((a, b) => a.line - b.line).map(({ line, reason }) => [`${file}:${line}`, reason])

/** The result so far of an import that was cut off, if it has changed anything. */
export const soFarOf = (file: string, table: Table, progress: Import): SoFar | undefined => {
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
    warnings: warningsOf(file, progress),
    next: [
      `${count(done)} of ${count(lines.length)} rows are dealt with${done === lines.length ? "" : `, those before line ${lines[done]!.line}`}.`,
      ...(unknown.length === 0
        ? []
        : [`It is not known whether those from line ${unknown[0]!.line} to line ${unknown.at(-1)!.line} are in.`]),
      "Importing the same file again, with the same options, goes on where this stopped, and registers nobody twice."
    ].join(" ")
  }
}
