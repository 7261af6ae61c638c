/**
 * Statements that are made of parts, one for each kind of row; only parts that have rows are used.
 *
 * The executor starts every part that it is given, which for a single registration would cost more than its work. Few
 * combinations occur, so each of them is written once and becomes one prepared statement.
 */
import * as RowSource from "./RowSource.ts"

/** The SQL for one kind of row. Its rows are there as `t`, from the source `rows`, in the schema `s`. */
export interface Part<in Row, in Shared = undefined> {
  readonly name: string
  readonly columns: ReadonlyArray<RowSource.Column<Row, Shared>>
  readonly sql: (s: string, rows: string) => string
  /** Whether the part returns a row for each row that it has found, and none may be missing. */
  readonly mustFindAll?: boolean
}

/** A part that has rows, and the number of its first parameter. */
export interface Used {
  readonly part: Part<never, never>
  readonly isOne: boolean
  readonly parameter: number
}

/** The parts that have rows, with their parameters. `before` is the number of parameters that come first. */
export class Chosen<Shared> {
  readonly used: Array<Used> = []
  readonly parameters: Array<string | null> = []
  readonly #shared: Shared
  readonly #before: number

  /** `shared` is what the rows of all parts share: columns take their values from it and from a row. */
  constructor(shared: Shared, before = 0) {
    this.#shared = shared
    this.#before = before
  }

  add<Row>(part: Part<Row, Shared>, rows: ReadonlyArray<Row>): void {
    if (rows.length === 0) return
    this.used.push({ part, isOne: rows.length === 1, parameter: this.#before + this.parameters.length + 1 })
    this.parameters.push(...RowSource.parameters(part.columns, rows, this.#shared))
  }
}

/** The rows that the parts of a statement have found. The column `kind` of a row has the name of its part. */
export class Found {
  readonly #rows: ReadonlyMap<string, ReadonlyArray<unknown>>

  constructor(rows: ReadonlyArray<{ readonly kind: string }>) {
    this.#rows = Map.groupBy(rows, ({ kind }) => kind)
  }

  /** The rows of a part. */
  of<Row>({ name }: Part<never>): ReadonlyArray<Row> {
    return (this.#rows.get(name) ?? []) as ReadonlyArray<Row>
  }
}

/** The SQL of a part. */
export const sql = (s: string, { isOne, parameter, part }: Used): string =>
  part.sql(s, RowSource.source(part.columns, isOne, parameter))

/** Remembers the text for each combination of parts. */
export const memoize = (write: (used: ReadonlyArray<Used>) => string): ((used: ReadonlyArray<Used>) => string) => {
  const texts = new Map<string, string>()
  return (used) => {
    let key = ""
    for (const { isOne, part } of used) key += isOne ? `${part.name} ` : `${part.name}s `
    let text = texts.get(key)
    if (text === undefined) texts.set(key, (text = write(used)))
    return text
  }
}
