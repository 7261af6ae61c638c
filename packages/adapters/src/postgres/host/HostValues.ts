/**
 * Values of statements on connections of a host, in the text form of their types, and as the client of `@effect/sql-pg` has them:
 * what reads rows does not know which of the two has carried out a statement.
 */
import { PgTypes } from "@effect/sql-pg"
import { parse as parseArray } from "postgres-array"
import postgresDate from "postgres-date"
import { textArray } from "../statements/ArrayLiteral.ts"

const { OID } = PgTypes

/** The module is its function, which its declarations do not say. */
const parseDate = postgresDate as unknown as (text: string) => Date | number | null

/** Reads the text of a value of a type. Without one, a value is its text. */
type Decode = (text: string) => unknown

const DECODERS: Readonly<Record<number, Decode>> = {
  [OID.bool]: (text) => text === "t",
  [OID.int2]: Number,
  [OID.int4]: Number,
  [OID.oid]: Number,
  [OID.int8]: BigInt,
  [OID.float4]: Number,
  [OID.float8]: Number,
  [OID.json]: (text) => JSON.parse(text) as unknown,
  [OID.jsonb]: (text) => JSON.parse(text) as unknown,
  [OID.bytea]: (text) => new Uint8Array(Buffer.from(text.slice(2), "hex")),
  [OID.timestamp]: parseDate,
  [OID.timestamptz]: parseDate
}

/** The types of the elements of arrays. */
const ELEMENTS: Readonly<Record<number, number>> = {
  [OID.boolArray]: OID.bool,
  [OID.int2Array]: OID.int2,
  [OID.int4Array]: OID.int4,
  [OID.int8Array]: OID.int8,
  [OID.textArray]: OID.text,
  [OID.varcharArray]: OID.varchar,
  [OID.uuidArray]: OID.uuid,
  [OID.timestamptzArray]: OID.timestamptz,
  [OID.jsonArray]: OID.json,
  [OID.jsonbArray]: OID.jsonb
}

const asText: Decode = (text) => text

const decoderOf = (oid: number): Decode => {
  const element = ELEMENTS[oid]
  if (element === undefined) return DECODERS[oid] ?? asText
  const decode = DECODERS[element] ?? asText
  return (text) => parseArray(text, decode)
}

/** Reads the values of rows whose columns have these types. */
export const decoder = (
  columns: ReadonlyArray<{ readonly oid: number }>
): ((row: ReadonlyArray<string | null>) => ReadonlyArray<unknown>) => {
  const decoders = columns.map(({ oid }) => decoderOf(oid))
  return (row) => row.map((text, index) => (text === null ? null : decoders[index]!(text)))
}

/** Writes a parameter as text, whose type the statement tells. */
export const encode = (value: unknown): string | null => {
  if (value === null || value === undefined) return null
  if (typeof value === "string") return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`
  if (PgTypes.isParameter(value)) return encode(value.value)
  if (Array.isArray(value)) return textArray(value as ReadonlyArray<unknown>, encode)
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
