/**
 * Tables: rows under a heading, without lines between them; and lists of facts, each with its name.
 *
 * In a pipe nothing is cut. On a terminal no line is wider than the terminal: columns with texts shrink, then columns that can be
 * spared are left out, which a line tells, and at last each row becomes a list of facts. Ids, times and numbers stay whole.
 */
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import * as Line from "./Line.ts"
import * as Streams from "./Streams.ts"
import { cells, shortened, wrapped } from "./Words.ts"

/** A column whose cells stay whole has a name only. */
export interface Column {
  readonly name: string
  /** Whether its cells are texts, which may be shortened. */
  readonly isText?: true
  /** Whether it is left out if there is not enough room. */
  readonly isSpare?: true
}

export type Cell = string | number

/** A column of texts. */
export const text = (name: string): Column => ({ name, isText: true })
/** A column that can be spared. Of several, the last one is left out first. */
export const spare = (name: string): Column => ({ name, isSpare: true })
/** A column of texts that can be spared. */
export const spareText = (name: string): Column => ({ name, isText: true, isSpare: true })

const GAP = "  "
/** The least room that a column of texts shrinks to. */
const LEAST_ROOM = 8

const toColumn = (column: string | Column): Column => (typeof column === "string" ? { name: column } : column)

const widthOf = (widths: ReadonlyArray<number>): number =>
  widths.reduce((sum, width) => sum + width, GAP.length * Math.max(0, widths.length - 1))

/** The widths of columns that fit into the room, shrinking the widest text first; `undefined` if there are none. */
const shrunk = (
  columns: ReadonlyArray<Column>,
  natural: ReadonlyArray<number>,
  room: number
): ReadonlyArray<number> | undefined => {
  const widths = [...natural]
  for (let excess = widthOf(widths) - room; excess > 0; excess--) {
    const candidates = columns.flatMap(({ isText }, index) =>
      isText === true && widths[index]! > LEAST_ROOM ? [index] : []
    )
    const [first, ...others] = candidates
    if (first === undefined) return undefined
    const widest = others.reduce((most, index) => (widths[index]! > widths[most]! ? index : most), first)
    widths[widest] = widths[widest]! - 1
  }
  return widths
}

interface Layout {
  readonly shown: ReadonlyArray<number>
  readonly widths: ReadonlyArray<number>
}

/** The columns that are shown, and their widths; `undefined` if not even those fit that cannot be spared. */
const layoutOf = (columns: ReadonlyArray<Column>, natural: ReadonlyArray<number>, room: number): Layout | undefined => {
  let shown = columns.map((_, index) => index)
  while (true) {
    const widths = shrunk(
      shown.map((index) => columns[index]!),
      shown.map((index) => natural[index]!),
      room
    )
    if (widths !== undefined) return { shown, widths }
    const left = shown.findLast((index) => columns[index]!.isSpare === true)
    if (left === undefined) return undefined
    shown = shown.filter((index) => index !== left)
  }
}

const padded = (shown: string, width: number): string => shown + " ".repeat(Math.max(0, width - cells(shown)))

/** Facts with their names, each on a line of its own, or on several if the terminal is narrow. */
export const facts = (
  all: ReadonlyArray<readonly [name: string, value: Cell]>,
  room: number | undefined = Streams.columns("stdout")
): ReadonlyArray<Line.Line> => {
  const width = Math.max(0, ...all.map(([name]) => cells(name))) + GAP.length
  return all.flatMap(([name, value]) => {
    const lines = room === undefined ? [visible(String(value))] : wrapped(String(value), Math.max(1, room - width))
    return lines.map((line, index) => Line.of`${Line.faint(padded(index === 0 ? name : "", width))}${line}`)
  })
}

/** The line that says which columns are left out. */
const leftOut = (names: ReadonlyArray<string>, room: number): ReadonlyArray<Line.Line> =>
  names.length === 0
    ? []
    : ["", ...wrapped(`left out: ${names.join(", ")} (a wider terminal and --json have them)`, room).map(Line.faint)]

/** The lines of a table. `room` is the number of cells of the terminal; without it there is no limit. */
export const lines = (
  head: ReadonlyArray<string | Column>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
  room: number | undefined = Streams.columns("stdout")
): ReadonlyArray<Line.Line> => {
  const columns = head.map(toColumn)
  const names = columns.map(({ name }) => name)
  const texts = rows.map((row) => row.map(String))
  const natural = columns.map(({ name }, index) =>
    texts.reduce((most, row) => Math.max(most, cells(visible(row[index] ?? ""))), cells(name))
  )
  const layout = layoutOf(columns, natural, room ?? Number.POSITIVE_INFINITY)
  if (layout === undefined)
    return texts.flatMap((row, index) => [
      ...(index === 0 ? [] : [""]),
      ...facts(
        names.map((name, column) => [name, row[column] ?? ""]),
        room
      )
    ])
  const { shown, widths } = layout
  const lineOf = (row: ReadonlyArray<string>) =>
    shown
      .map((column, index) => padded(shortened(row[column] ?? "", widths[index]!), widths[index]!))
      .join(GAP)
      .trimEnd()
  const hidden = names.filter((_, index) => !shown.includes(index))
  return [Line.heading(lineOf(names)), ...texts.map(lineOf), ...leftOut(hidden, room ?? 0)]
}
