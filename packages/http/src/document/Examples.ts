/**
 * Values that a JSON schema allows, as a document shows them: those that the schema names as examples, and plain ones where it names
 * none.
 */
import type { JsonSchema } from "./Json.ts"

const OF_FORMATS: Readonly<Record<string, string>> = {
  uuid: "0197d0a5-3f4e-7c1a-9b2d-5e6f7a8b9c0d",
  "date-time": "2035-05-01T09:30:00.000Z",
  "idn-email": "ada@example.com",
  iri: "https://example.com/"
}

export type Resolve = (ref: string) => JsonSchema

/** Finds the schemas of a document by their references. */
export const resolverOf =
  (schemas: Readonly<Record<string, JsonSchema>>): Resolve =>
  (ref) =>
    schemas[decodeURIComponent(ref.slice(ref.lastIndexOf("/") + 1))] ?? {}

/** A value that the schema allows. Optional fields are left out. */
export const exampleOf = (schema: JsonSchema, resolve: Resolve): unknown => {
  if (schema.examples !== undefined) return schema.examples[0]
  if (schema.$ref !== undefined) return exampleOf(resolve(schema.$ref), resolve)
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf !== undefined) return exampleOf(schema.anyOf[0] ?? {}, resolve)
  switch (schema.type) {
    case "object": {
      const { properties = {}, required = [] } = schema
      return Object.fromEntries(required.map((name) => [name, exampleOf(properties[name] ?? {}, resolve)]))
    }
    case "array":
      return typeof schema.items === "object" ? [exampleOf(schema.items, resolve)] : []
    case "integer":
    case "number":
      return Math.max(1, Number(schema["minimum"] ?? 1))
    case "boolean":
      return true
    case "null":
      return null
    default:
      return OF_FORMATS[schema.format ?? ""] ?? "text"
  }
}
