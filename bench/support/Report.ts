/**
 * The output of a benchmark: tables for people, or one JSON document; and its progress, on a terminal only.
 */
import { arch, cpus, platform, totalmem } from "node:os"
import { styleText } from "node:util"

const heading = (text: string): string => styleText("bold", text, { stream: process.stdout })
const faint = (text: string): string => styleText("dim", text, { stream: process.stdout })

/** Rows under a heading. Columns of numbers are aligned to the right. */
const table = (head: ReadonlyArray<string>, rows: Section["rows"]): string => {
  const cells = rows.map((row) => row.map(String))
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]!.length)))
  const isNumeric = head.map((_, column) => cells.every((row) => /^[\d.,]*$/.test(row[column]!)))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd()
  return [faint(line(head)), ...cells.map(line)].join("\n")
}

/** A target: `value` is to be at least `target`, or, with `atMost`, at most. */
export interface Target {
  readonly what: string
  readonly value: number
  readonly target: number
  readonly atMost?: boolean
}

export interface Section {
  readonly title: string
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string | number>>
}

export const machine = () => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${arch()}`,
  node: process.version
})

const isReached = ({ atMost, target, value }: Target): boolean => (atMost === true ? value <= target : value >= target)

/** A number with about three significant digits, and all digits from 1,000 on. */
export const format = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString("en") : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

export const print = (
  options: { readonly json: boolean },
  report: {
    readonly bench: string
    readonly settings: object
    readonly sections: ReadonlyArray<Section>
    readonly figures: unknown
    readonly targets: ReadonlyArray<Target>
  }
): void => {
  const { bench, figures, sections, settings, targets } = report
  const reached = targets.map((target) => ({ ...target, reached: isReached(target) }))
  if (options.json) {
    const document = { bench, at: new Date().toISOString(), machine: machine(), settings, figures, targets: reached }
    process.stdout.write(`${JSON.stringify(document)}\n`)
    return
  }
  const { cores, cpu, node } = machine()
  const lines = [heading(bench), faint(`${cores} × ${cpu}, Node ${node}, ${JSON.stringify(settings)}`)]
  for (const { head, rows, title } of sections) lines.push("", heading(title), table(head, rows))
  if (reached.length > 0) {
    const rows = reached.map(({ atMost, reached: isOk, target, value, what }) => [
      what,
      format(value),
      `${atMost === true ? "at most" : "at least"} ${format(target)}`,
      isOk ? "reached" : "not reached"
    ])
    lines.push("", heading("To reach"), table(["what", "measured", "target", ""], rows))
  }
  process.stdout.write(`${lines.join("\n")}\n`)
}

/** Shows progress on a terminal, in place of the line before. */
export const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`)
}
