/**
 * Brings the JSON schemas of a document into the form that people and programs read best. The values that they allow stay the same.
 *
 * - What is said of a field stands beside its schema, and not in an `allOf` of its own: the description of the field first, then
 *   that of its type.
 * - The tag of an alternative has a description.
 * - The value that an absent field of an object stands for is in its description. As a keyword, generators of clients take it for a
 *   value that is always there, and make the field one that callers have to give.
 */
import type { JsonSchema } from "./Json.ts"

/** Keywords that say something about a value, and allow or refuse none. */
const SAYING = ["title", "description", "default", "examples", "readOnly", "writeOnly"]

const isSaying = (schema: JsonSchema): boolean => Object.keys(schema).every((keyword) => SAYING.includes(keyword))

const sentence = (text: string): string => text.replace(/[.]$/, "")

/** Two descriptions as one, which has several sentences if it has to. */
const joined = (...descriptions: ReadonlyArray<string | undefined>): string | undefined => {
  const given = descriptions.filter((text) => text !== undefined)
  return given.length === 0 ? undefined : given.map(sentence).join(". ")
}

/** Takes what is said in `allOf` out of it, into the schema itself. */
const lifted = ({ allOf = [], ...schema }: JsonSchema): JsonSchema => {
  const said = allOf.filter(isSaying)
  const rules = allOf.filter((one) => !isSaying(one))
  const [only] = rules
  const isOne = rules.length === 1 && Object.keys(schema).length === 0
  const base = isOne ? only! : { ...schema, ...(rules.length === 0 ? {} : { allOf: rules }) }
  const description = joined(...said.map((one) => one.description), base.description)
  return { ...base, ...Object.assign({}, ...said), ...(description === undefined ? {} : { description }) }
}

const TAG = "Says which of the alternatives this is"

const withTag = (schema: JsonSchema): JsonSchema => {
  const tag = schema.properties?.["_tag"]
  if (tag === undefined || tag.description !== undefined) return schema
  return { ...schema, properties: { ...schema.properties, _tag: { ...tag, description: TAG } } }
}

/** The fields of an object, each with its default in words. */
const withDefaults = (schema: JsonSchema): JsonSchema => {
  if (schema.properties === undefined || schema.type !== "object") return schema
  const properties = Object.entries(schema.properties).map(([name, field]) => {
    const { default: value, ...rest } = field
    if (value === undefined) return [name, field] as const
    return [name, { ...rest, description: joined(rest.description, `Default: ${JSON.stringify(value)}`) }] as const
  })
  return { ...schema, properties: Object.fromEntries(properties) as Readonly<Record<string, JsonSchema>> }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A part of a document, with every schema in it tidied. Examples and defaults are values, and stay as they are. */
export const tidy = <A>(value: A): A => {
  if (Array.isArray(value)) return value.map(tidy) as A
  if (!isObject(value)) return value
  const inner = Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      ["example", "examples", "default", "enum"].includes(name) && !isSchema(part) ? part : tidy(part)
    ])
  )
  return withDefaults(withTag("allOf" in inner ? lifted(inner) : inner)) as A
}

/** A field may be called as a keyword is; then it has a schema. */
const isSchema = (value: unknown): boolean =>
  isObject(value) && ("type" in value || "$ref" in value || "anyOf" in value)
