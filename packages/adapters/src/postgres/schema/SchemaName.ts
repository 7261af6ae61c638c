/**
 * The name of the Postgres schema that everything of a Turnout lives in: its rule, its default, and its form in statements.
 */

export const DEFAULT_SCHEMA = "turnout"

export const SCHEMA_NAME_RULE =
  "must be 1 to 63 lower-case letters, digits and underscores, start with a letter and not with pg_"

export const isSchemaName = (schema: string): boolean =>
  /^[a-z][a-z0-9_]{0,62}$/.test(schema) && !schema.startsWith("pg_")

/** The name itself, if it meets `SCHEMA_NAME_RULE`; throws a `RangeError` otherwise. */
export const checkSchemaName = (schema: string): string => {
  if (!isSchemaName(schema)) throw new RangeError(`schema: ${SCHEMA_NAME_RULE}, got ${JSON.stringify(schema)}`)
  return schema
}

/** The name as a quoted identifier of SQL, so that it may be a keyword. */
export const quote = (schema: string): string => `"${checkSchemaName(schema)}"`

export interface SchemaOption {
  /** The Postgres schema that everything lives in. Default `turnout`. */
  readonly schema?: string
}
