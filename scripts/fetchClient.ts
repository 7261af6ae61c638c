/**
 * Makes `packages/http/src/fetch/Operations.ts` and `Types.ts` from the OpenAPI document of the server: what the client of pages
 * (`FetchClient`) sends, and the types of it. A test compares both files with what this makes.
 */
import { Api } from "@turnout/http/Api"
import * as ApiDocument from "@turnout/http/internal/document/Document"
import { camelCase } from "@turnout/http/internal/fetch/Call"
import { compile, type JSONSchema } from "json-schema-to-typescript"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as prettier from "prettier"

const FOLDER = fileURLToPath(new URL("../packages/http/src/fetch/", import.meta.url))
const MADE = "Made by `npm run fetch-client` from the OpenAPI document: do not edit."

interface Parameter {
  readonly in: "path" | "query" | "header"
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: { readonly description?: string }
}

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly description?: string
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

type Content = Readonly<Record<string, { readonly schema: JSONSchema }>>

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JSONSchema>> }
}

/** An operation with everything that the two files need. */
interface Call {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly operation: Operation
  readonly request: string
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The headers that callers may set; all others are those of the client. */
const OF_CALLERS = ["idempotency-key", "if-match"]

const callsOf = ({ paths }: Document): ReadonlyArray<Call> =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: operation.operationId,
      method: method.toUpperCase(),
      path,
      operation,
      request: `${capitalised(operation.operationId)}Request`
    }))
  )

const parametersOf = ({ operation: { parameters = [] } }: Call): ReadonlyArray<Parameter> =>
  parameters
    .map((parameter) => (parameter.in === "header" ? { ...parameter, name: parameter.name.toLowerCase() } : parameter))
    .filter((parameter) => parameter.in !== "header" || OF_CALLERS.includes(parameter.name))

/** The answer that an operation gives when it succeeds. */
const answerOf = ({ operation: { responses } }: Call) => {
  const content = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1].content ?? {}
  const [type] = Object.keys(content)
  if (type === undefined) return { kind: "none", type: "void" } as const
  if (!type.startsWith("application/json")) return { kind: "stream", type: "Response" } as const
  const reference = String(content[type]!.schema.$ref)
  return { kind: "json", type: reference.slice(reference.lastIndexOf("/") + 1) } as const
}

const named = (parameters: ReadonlyArray<Parameter>, place: Parameter["in"]): ReadonlyArray<string> =>
  parameters.filter((parameter) => parameter.in === place).map(({ name }) => name)

const operationsText = (calls: ReadonlyArray<Call>): string => {
  const table = Object.fromEntries(
    calls.map((call) => {
      const { method, name, path } = call
      const parameters = parametersOf(call)
      const [query, headers] = [named(parameters, "query"), named(parameters, "header")]
      return [name, { method, path, query, headers, answer: answerOf(call).kind }]
    })
  )
  return `/**
 * The operations of the server by name. ${MADE}
 */
import type { Operation } from "./Call.ts"

export const OPERATIONS: Readonly<Record<string, Operation>> = ${JSON.stringify(table)}
`
}

const requestSchema = (call: Call): JSONSchema & { readonly required: Array<string> } => {
  const { requestBody } = call.operation
  const parameters = parametersOf(call)
  const required = [
    ...parameters.filter(({ in: place }) => place === "path").map(({ name }) => name),
    ...(requestBody?.required === true ? ["body"] : [])
  ]
  const properties = Object.fromEntries(
    parameters.map(({ description, name, schema, ...parameter }) => [
      parameter.in === "header" ? camelCase(name) : name,
      { ...schema, description: description ?? schema.description ?? "" }
    ])
  )
  const body = requestBody === undefined ? {} : { body: Object.values(requestBody.content)[0]!.schema }
  return {
    type: "object",
    additionalProperties: false,
    description: `What \`${call.name}\` takes.`,
    required,
    properties: { ...properties, ...body }
  }
}

const callsText = (calls: ReadonlyArray<Call>): string =>
  calls
    .map((call) => {
      const { description, summary = "" } = call.operation
      const optional = requestSchema(call).required.length === 0 ? "?" : ""
      return `/** ${summary}.${description === undefined ? "" : ` ${description}`} */
readonly ${call.name}: (request${optional}: ${call.request}, options?: CallOptions) => Promise<${answerOf(call).type}>`
    })
    .join("\n")

const typesText = async (document: Document, calls: ReadonlyArray<Call>): Promise<string> => {
  const definitions = {
    ...document.components.schemas,
    ...Object.fromEntries(calls.map((call) => [call.request, requestSchema(call)]))
  }
  const names = Object.keys(definitions)
  const root = {
    title: "All",
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/definitions/${name}` }])),
    definitions
  }
  const schema = JSON.parse(
    JSON.stringify(root)
      .replaceAll("#/components/schemas/", "#/definitions/")
      .replaceAll('"examples":', '"x-examples":')
  ) as JSONSchema
  const text = await compile(schema, "All", { additionalProperties: false, bannerComment: "", format: false })
  const types = text.replace(/export interface All \{[^]*?\n\}\n/, "")
  return `/**
 * What the operations of the server take and give, as JSON has it: times are texts. ${MADE}
 */
import type { CallOptions } from "./Call.ts"

${types}
/** Every problem that the server answers with, by its \`code\`. */
export type Problem = ${names.filter((name) => name.endsWith("Problem")).join(" | ")}

/** The operations. */
export interface Calls {
${callsText(calls)}
}
`
}

/** The files by their paths. */
export const files = async (): Promise<ReadonlyMap<string, string>> => {
  const document = ApiDocument.of(Api as never, "") as unknown as Document
  const calls = callsOf(document)
  const texts = { Operations: operationsText(calls), Types: await typesText(document, calls) }
  const made = new Map<string, string>()
  for (const [name, text] of Object.entries(texts)) {
    const path = `${FOLDER}${name}.ts`
    made.set(path, await prettier.format(text, { ...(await prettier.resolveConfig(path)), parser: "typescript" }))
  }
  return made
}

if (import.meta.main) for (const [path, text] of await files()) writeFileSync(path, text)
