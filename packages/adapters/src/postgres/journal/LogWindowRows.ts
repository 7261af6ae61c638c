/**
 * Positions of slots in SQL: what has been given of the log, and what has not.
 */
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import * as LogWindow from "./LogWindow.ts"
import * as LogWindowText from "./LogWindowText.ts"

/** Slots of a log, as rows of `w`: what each has been given, and where to look for what it has not. */
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

/** Rows of the log, `j`, that a position, `w`, has come to. */
export const GIVEN =
  "(pg_visible_in_snapshot(j.tx, w.passed) OR j.seq <= w.position AND pg_visible_in_snapshot(j.tx, w.until))"
