/**
 * Tables of the docs as data, so that tests can check the docs.
 */
import { readFileSync } from "node:fs"

export interface Cell {
  readonly row: string
  readonly column: string
  readonly text: string
}

/** The cells of every table under a heading; the first column names the rows. */
export const cells = (file: string, heading: string): ReadonlyArray<ReadonlyArray<Cell>> => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`${file} has no heading ${heading}`)
  return section.split(/\n\n+/).flatMap((block) => {
    const lines = block.split("\n").filter((line) => line.startsWith("|"))
    if (lines.length < 3) return []
    const rows = lines.map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim())
    )
    const [columns = [], , ...body] = rows
    return [
      body.flatMap(([row = "", ...rest]) =>
        rest.map((cell, index) => ({ row, column: columns[index + 1] ?? "", text: cell }))
      )
    ]
  })
}
