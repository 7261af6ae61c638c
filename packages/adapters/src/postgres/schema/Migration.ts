/**
 * A migration of the schema: released once, and never changed afterwards.
 */
export interface Migration {
  readonly id: number
  readonly name: string
  /** The statements, in order, for a schema that is given as a quoted identifier. */
  readonly statements: (schema: string) => ReadonlyArray<string>
}
