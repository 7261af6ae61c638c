/**
 * The text of a statement for a list, and its parameters, which are numbered as they are added.
 */
export interface ListStatement {
  readonly text: string
  readonly parameters: ReadonlyArray<unknown>
}

export class Parameters {
  readonly values: Array<unknown> = []

  /** Adds a value, and returns the expression for it. */
  add(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`
  }
}
