/**
 * The log of a Postgres server, or of PGlite, as `LogReader` reads it: each method is one statement.
 */
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import * as Effect from "effect/Effect"
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import * as LogReader from "./LogReader.ts"
import * as LogStatements from "./LogStatements.ts"
import * as LogWindow from "./LogWindow.ts"
import * as LogWindowText from "./LogWindowText.ts"
import { acknowledgedOf, markParameters, slotsOf } from "../delivery/OutboxParameters.ts"
import { type EntryRow, toDelivery } from "../delivery/OutboxRows.ts"
import type { Query } from "../client/Query.ts"
import { toSlots } from "./SlotRows.ts"

interface MarkRow {
  readonly tx: string
  readonly nonce: string
}

interface HorizonRow extends MarkRow {
  readonly floor: bigint
  readonly snapshot: string
}

const toMark = ({ nonce, tx }: MarkRow): LogWindow.Mark => ({ tx: BigInt(tx), nonce })

const toHorizon = (row: HorizonRow): LogWindow.Horizon => ({
  floor: Number(row.floor),
  snapshot: LogWindowText.parseSnapshot(row.snapshot),
  mark: toMark(row)
})

interface FoundRow extends EntryRow {
  readonly slot: number
  readonly is_blocked: boolean
}

/** The rows of a slot, while they are collected. */
interface Found extends LogReader.Rows {
  count: number
  lastNumber: number
  readonly deliveries: Array<StoredEntry>
  readonly numbers: Array<number>
}

/**
 * Adds a row to those of its slot. Deliveries are not wrapped in objects of their own: the garbage collector would take such
 * wrappers for long-lived, and keep with them all that has passed through the relay for seconds.
 */
const note = (found: Map<number, Found>, row: FoundRow): void => {
  const { is_blocked, seq, slot } = row
  let own = found.get(slot)
  if (own === undefined) found.set(slot, (own = { slot, count: 0, lastNumber: 0, deliveries: [], numbers: [] }))
  own.count += 1
  own.lastNumber = Number(seq)
  if (is_blocked) return
  own.deliveries.push(toDelivery(row))
  own.numbers.push(own.lastNumber)
}

/** The log in a schema, given as a quoted identifier. */
export const make = (s: string, query: Query): LogReader.LogServer => {
  const statements = LogStatements.make(s)
  return {
    root: Effect.map(query<MarkRow>(statements.root), ([row]) => toMark(row!)),
    mark: Effect.map(query<HorizonRow>(statements.mark), ([row]) => toHorizon(row!)),
    now: (marks) =>
      Effect.map(
        query<{ readonly is_certain: boolean; readonly snapshot: string; readonly number: bigint }>(
          statements.now,
          markParameters(marks)
        ),
        ([row]) => ({
          isCertain: row!.is_certain,
          snapshot: LogWindowText.parseSnapshot(row!.snapshot),
          lastNumber: Number(row!.number)
        })
      ),
    rows: (sink, windows, limit) => {
      type Row = { readonly is_certain: boolean } & (FoundRow | { readonly [Column in keyof FoundRow]: null })
      const reading = query<Row>(statements.read, [
        sink,
        slotsOf(windows),
        plainArray(windows, ({ at }) => at.window.position),
        textArray(windows, ({ at }) => LogWindowText.snapshotText(at.passed)),
        textArray(windows, ({ at }) => LogWindowText.snapshotText(at.window.until)),
        limit,
        acknowledgedOf(windows),
        ...markParameters(LogReader.witnessesOf(windows))
      ])
      return Effect.map(reading, (rows) => {
        if (!rows[0]!.is_certain) return undefined
        const found = new Map<number, Found>()
        for (const row of rows) if (row.slot !== null) note(found, row)
        return [...found.values()]
      })
    },
    uncertain: (sink, positions) => {
      const witnessed = positions.flatMap((one) => LogWindow.witnesses(one.at).map((mark) => ({ ...one, mark })))
      const marks = markParameters(witnessed.map(({ mark }) => mark))
      return Effect.map(
        query<{ slot: number }>(statements.uncertain, [sink, slotsOf(witnessed), acknowledgedOf(witnessed), ...marks]),
        toSlots
      )
    },
    known: (marks) =>
      Effect.map(
        query<HorizonRow & { readonly since: ReadonlyArray<string> }>(statements.known, markParameters(marks)),
        (rows) =>
          rows.map((row) => {
            const found = toHorizon(row)
            const openSince = new Map(found.snapshot.open.map((tx, index) => [tx, Number(row.since[index])]))
            return { ...found, openSince }
          })
      )
  }
}
