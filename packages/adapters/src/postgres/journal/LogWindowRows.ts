/**
 * The positions of slots in SQL: which rows of the log have been given, and which have not.
 */
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import * as LogWindow from "./LogWindow.ts"
import * as LogWindowText from "./LogWindowText.ts"

/** The positions of slots as rows of `w`: what each slot has been given, and after which number to look for the rest. */
export const WINDOWS = `unnest($1::smallint[], $2::bigint[], $3::pg_snapshot[], $4::pg_snapshot[], $5::bigint[])
  AS w(slot, behind, passed, until, position)`

/** The parameters of `WINDOWS`. */
export const windowParameters = (
  positions: ReadonlyArray<{ readonly slot: number; readonly at: LogWindow.LogPosition }>
): ReadonlyArray<string> => [
  plainArray(positions, ({ slot }) => slot),
  plainArray(positions, ({ at }) => LogWindow.deliveredUpTo(at)),
  textArray(positions, ({ at }) => LogWindowText.snapshotText(at.passed)),
  textArray(positions, ({ at }) => LogWindowText.snapshotText(at.window?.until ?? at.passed)),
  plainArray(positions, ({ at }) => at.window?.position ?? 0)
]

/** Whether a row of the log, `j`, has been given at a position, `w`. */
export const GIVEN =
  "(pg_visible_in_snapshot(j.tx, w.passed) OR j.seq <= w.position AND pg_visible_in_snapshot(j.tx, w.until))"
