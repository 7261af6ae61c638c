/**
 * Rows that are sent with a statement, as the source of a `SELECT`.
 *
 * Several rows come as arrays, one for each column, which are unfolded; JSON texts come as one text, separated by a control
 * character that JSON never contains. One row comes as its values: unfolding it would be most of what it costs.
 */
import { plainArray, textArray } from "./ArrayLiteral.ts"

/** What separates JSON texts: "record separator", as in RFC 7464. */
const SEPARATOR = "\u001e"

/**
 * A column of the rows that are sent: how its values go into the text of a parameter. `plain` needs no quotes, `quoted` is
 * any text, `json` is a JSON text, which is a `text` for the statement.
 */
export interface Column {
  readonly name: string
  readonly type: string
  readonly kind: "plain" | "quoted" | "json"
}

export const plain = (name: string, type: string): Column => ({ name, type, kind: "plain" })
export const quoted = (name: string): Column => ({ name, type: "text", kind: "quoted" })
export const json = (name: string): Column => ({ name, type: "text", kind: "json" })

/** The rows as `t`, whose parameters have numbers from `first` on. */
export const source = (columns: ReadonlyArray<Column>, isOne: boolean, first: number): string => {
  const parameter = (index: number, type: string) => `$${first + index}::${type}`
  if (isOne) return `(SELECT ${columns.map(({ name, type }, n) => `${parameter(n, type)} AS ${name}`).join(", ")}) AS t`
  const names = columns.map(({ name }) => name).join(", ")
  const arrays = columns.flatMap(({ kind, type }, n) => (kind === "json" ? [] : [parameter(n, `${type}[]`)]))
  const texts = columns.flatMap(({ kind }, n) =>
    kind === "json" ? [`string_to_table(${parameter(n, "text")}, '${SEPARATOR}')`] : []
  )
  const unfolded = `unnest(${arrays.join(", ")})`
  return `${texts.length === 0 ? unfolded : `ROWS FROM (${[unfolded, ...texts].join(", ")})`} AS t(${names})`
}

export type Value = string | number | null
export type ValueOf<Row> = (row: Row, index: number) => Value

/** The parameters for the rows: for one its values, for several each column as an array. */
export const parameters = <Row>(
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<Row>,
  values: ReadonlyArray<ValueOf<Row>>
): ReadonlyArray<string | null> =>
  columns.map(({ kind }, n) => {
    const valueOf = values[n]!
    if (rows.length === 1) {
      const value = valueOf(rows[0]!, 0)
      return value === null ? null : String(value)
    }
    if (kind === "plain") return plainArray(rows, valueOf)
    const textOf = valueOf as (row: Row, index: number) => string | null
    return kind === "quoted" ? textArray(rows, textOf) : rows.map(textOf).join(SEPARATOR)
  })
