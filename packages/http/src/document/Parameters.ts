/**
 * The parameters of an operation. Each has its description and an example beside its schema, and numbers and booleans have schemas
 * of their own kind: in a request all parameters are text, and so are the schemas that read them.
 */
import * as Schema from "effect/Schema"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import { exampleOf, type Resolve } from "./Examples.ts"
import { headerName } from "./HeaderNames.ts"
import type { JsonSchema, Parameter } from "./Json.ts"
import { tidy } from "./Tidy.ts"

/** The JSON schemas of the values that the handler gets, by the names of the parameters. */
const valuesOf = (query: Schema.Top | undefined): Readonly<Record<string, JsonSchema>> => {
  if (query === undefined) return {}
  const { schema } = Schema.toJsonSchemaDocument(Schema.toType(query))
  return tidy((schema as JsonSchema).properties ?? {})
}

const isPlain = ({ type = "" }: JsonSchema): boolean => ["integer", "number", "boolean"].includes(type)

/** The parameter as a document shows it. A parameter that may be left out has an example only if its schema names one. */
const completed = (parameter: Parameter, value: JsonSchema | undefined, resolve: Resolve): Parameter => {
  const { description, examples, ...schema } = parameter.schema
  const kind = value !== undefined && isPlain(value) ? value : schema
  const { description: _words, examples: _values, ...rest } = kind
  const words = parameter.description ?? description
  const hasExample = parameter.required || examples !== undefined
  return {
    name: parameter.in === "header" ? headerName(parameter.name) : parameter.name,
    in: parameter.in,
    required: parameter.required,
    ...(words === undefined ? {} : { description: words }),
    schema: rest,
    ...(hasExample ? { example: exampleOf(parameter.schema, resolve) } : {})
  }
}

export const complete = (
  parameters: ReadonlyArray<Parameter>,
  endpoint: Pick<HttpApiEndpoint.Top, "query">,
  resolve: Resolve
): ReadonlyArray<Parameter> => {
  const values = valuesOf(endpoint.query)
  return parameters.map((parameter) =>
    completed(parameter, parameter.in === "query" ? values[parameter.name] : undefined, resolve)
  )
}
