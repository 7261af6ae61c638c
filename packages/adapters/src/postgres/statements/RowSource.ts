/**
 * Rows that are sent with a statement, as the source of a `SELECT`.
 *
 * Several rows are sent as arrays, one for each column, which the server unfolds; JSON texts are sent as one text, separated by
 * a control character that JSON never contains. A single row is sent as its values: unfolding would be most of its cost.
 *
 * Reading arrays is a good part of the cost of a large batch on the server, and in an on-sale most columns have one value for
 * all rows. Such a column is sent as an array of that value alone, and filled up: where an array is shorter, unfolding gives
 * NULL. The first column is always whole, so that the number of rows is right.
 */
import { plainArray, textArray } from "./ArrayLiteral.ts"

/** The separator of JSON texts: "record separator", as in RFC 7464. */
const SEPARATOR = "\u001e"

export type Value = string | number | null

/** The value of a column for a row. It may depend on what all rows of a statement share. */
export type ValueOf<in Row, in Shared> = (row: Row, index: number, shared: Shared) => Value

/**
 * A column of the rows that are sent: its value for a row, and how its values are written into the text of a parameter. `plain`
 * needs no quotes, `quoted` is any text, `json` is a JSON text, which is a `text` for the statement.
 */
export interface Column<in Row, in Shared = undefined> {
  readonly name: string
  readonly type: string
  readonly kind: "plain" | "quoted" | "json"
  /** Whether a value may be NULL. */
  readonly isNullable: boolean
  readonly valueOf: ValueOf<Row, Shared>
}

/** The part of a column that the text of a statement depends on: everything but its values. */
export type AnyColumn = Column<never, never>

export const plain = <Row, Shared>(name: string, type: string, valueOf: ValueOf<Row, Shared>): Column<Row, Shared> => ({
  name,
  type,
  kind: "plain",
  isNullable: false,
  valueOf
})
export const quoted = <Row, Shared>(name: string, valueOf: ValueOf<Row, Shared>): Column<Row, Shared> => ({
  name,
  type: "text",
  kind: "quoted",
  isNullable: false,
  valueOf
})
export const json = <Row, Shared>(name: string, valueOf: ValueOf<Row, Shared>): Column<Row, Shared> => ({
  name,
  type: "text",
  kind: "json",
  isNullable: false,
  valueOf
})
export const nullable = <Row, Shared>(column: Column<Row, Shared>): Column<Row, Shared> => ({
  ...column,
  isNullable: true
})

/** The rows as `t`; their parameters are numbered from `first` on. */
export const source = (columns: ReadonlyArray<AnyColumn>, isOne: boolean, first: number): string => {
  const parameter = (index: number, type: string) => `$${first + index}::${type}`
  if (isOne) return `(SELECT ${columns.map(({ name, type }, n) => `${parameter(n, type)} AS ${name}`).join(", ")}) AS t`
  const names = columns.map(({ name }) => name).join(", ")
  const arrays = columns.flatMap(({ kind, type }, n) => (kind === "json" ? [] : [parameter(n, `${type}[]`)]))
  const texts = columns.flatMap(({ kind }, n) =>
    kind === "json" ? [`string_to_table(${parameter(n, "text")}, '${SEPARATOR}')`] : []
  )
  const unfolded = `unnest(${arrays.join(", ")})`
  const rows = `${texts.length === 0 ? unfolded : `ROWS FROM (${[unfolded, ...texts].join(", ")})`} AS u(${names})`
  // The value is in a query of its own, so that the server takes it out of its array once, not for every row.
  const values = columns.map((column, n) => {
    const { name, type } = column
    return isShortened(column, n) && !column.isNullable
      ? `coalesce(u.${name}, (SELECT (${parameter(n, `${type}[]`)})[1])) AS ${name}`
      : `u.${name}`
  })
  return `(SELECT ${values.join(", ")} FROM ${rows}) AS t`
}

/** Whether a value that all rows have is sent once. */
const isShortened = ({ kind }: AnyColumn, index: number): boolean => index > 0 && kind !== "json"

/** The parameters for the rows: the values of a single row, or each column of several rows as an array. */
export const parameters = <Row, Shared>(
  columns: ReadonlyArray<Column<Row, Shared>>,
  rows: ReadonlyArray<Row>,
  shared: Shared
): ReadonlyArray<string | null> =>
  columns.map((column, n) => {
    const { valueOf } = column
    if (rows.length === 1) {
      const value = valueOf(rows[0]!, 0, shared)
      return value === null ? null : String(value)
    }
    if (column.kind === "json") return rows.map((row, index) => valueOf(row, index, shared)).join(SEPARATOR)
    const array = column.kind === "plain" ? plainArray : textArray
    if (!isShortened(column, n)) return array(rows, valueOf, shared)
    const value = valueOf(rows[0]!, 0, shared)
    if (column.isNullable && value !== null) return array(rows, valueOf, shared)
    for (let index = 1; index < rows.length; index++) {
      if (valueOf(rows[index]!, index, shared) !== value) return array(rows, valueOf, shared)
    }
    return value === null ? "{}" : array(rows.slice(0, 1), valueOf, shared)
  })
