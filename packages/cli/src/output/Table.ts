/**
 * Tables: rows under a heading, without lines between them.
 */
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import CliTable from "cli-table3"
import * as Line from "./Line.ts"

const NONE = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" }
const EDGES = { top: "", "top-mid": "", "top-left": "", "top-right": "" }
const BOTTOM = { bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" }

/** The lines of a table. Columns are as wide as what is shown. */
export const lines = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string | number>>
): ReadonlyArray<Line.Line> => {
  const table = new CliTable({
    chars: { ...NONE, ...EDGES, ...BOTTOM, left: "", right: "", middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 }
  })
  table.push(...[head, ...rows].map((row) => row.map((cell) => visible(String(cell)))))
  const [heading = "", ...others] = table.toString().split("\n")
  return [Line.heading(heading), ...others]
}
