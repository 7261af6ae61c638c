/**
 * The OpenAPI documents of both APIs, and the check that an answer is one that they describe: its status, its media type, its body
 * and its headers.
 */
import { Api } from "@turnout/http/Api"
import { AdminApi } from "@turnout/http/AdminApi"
import * as Document from "@turnout/http/internal/document/Document"
import type { Header, JsonSchema, OpenApiDocument, Operation, Response } from "@turnout/http/internal/document/Json"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import formats from "ajv-formats"
import { assert } from "vitest"

export interface Documented {
  readonly document: OpenApiDocument
  /** Checks values by a schema of the document. */
  readonly validator: (schema: JsonSchema) => ValidateFunction
}

/** The formats that `ajv-formats` lacks say something about a value, and refuse none. */
const FURTHER_FORMATS = ["iri", "idn-email", "binary"]

const PREFIX = "#/components/"

/** Makes the references in a part of a document lead into the document. */
const rooted = (part: unknown): unknown =>
  JSON.parse(JSON.stringify(part).replaceAll(`"$ref":"${PREFIX}`, `"$ref":"document${PREFIX}`))

const make = (document: OpenApiDocument): Documented => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
  formats.default(ajv)
  for (const format of FURTHER_FORMATS) ajv.addFormat(format, true)
  ajv.addVocabulary(["components"])
  ajv.addSchema({ $id: "document", components: rooted(document.components) as object })
  const compiled = new Map<JsonSchema, ValidateFunction>()
  const validator = (schema: JsonSchema) => {
    const known = compiled.get(schema) ?? ajv.compile(rooted(schema) as object)
    compiled.set(schema, known)
    return known
  }
  return { document, validator }
}

const lazily = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

export const api = lazily(() => make(Document.of(Api as never, "", { messages: true })))
export const adminApi = lazily(() => make(Document.of(AdminApi as never, "")))

/** An operation, and the paths that it answers. */
interface Route {
  readonly method: string
  readonly pattern: RegExp
  readonly parameters: number
  readonly operation: Operation
}

const routesOf = ({ document }: Documented): ReadonlyArray<Route> =>
  Object.entries(document.paths)
    .flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
        parameters: path.split("{").length,
        operation
      }))
    )
    .toSorted((a, b) => a.parameters - b.parameters)

const routes = lazily(() => routesOf(api()))
const adminRoutes = lazily(() => routesOf(adminApi()))

/**
 * The codes of problems that are answered before any operation is found, or in its place: documents of operations do not have them.
 */
const OUTSIDE = ["route_not_found", "method_not_allowed", "method_not_implemented", "http_version_not_supported"]

/** Headers of HTTP itself, which every answer may have and no document names. */
const OF_HTTP = ["connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding"]

/** The headers by which browsers keep an answer from doing harm. Every answer has them, and no document names them. */
export const FOR_BROWSERS = {
  "content-security-policy": "default-src 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
} as const

/** The headers that a server sends if it is asked to: for pages of other origins, and for clients that know the older headers of limits. */
const isOptional = (name: string): boolean => /^(?:access-control-|x-ratelimit-)/.test(name)

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const errorsOf = (validate: ValidateFunction, value: unknown): ReadonlyArray<string> =>
  validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const headerErrors = (
  { headers }: Answer,
  { headers: described = {} }: Response,
  { document, validator }: Documented
): ReadonlyArray<string> => {
  const schemas = new Map(
    Object.entries(described).map(([name, header]) => [
      name.toLowerCase(),
      "$ref" in header ? document.components.headers![header.$ref.slice(`${PREFIX}headers/`.length)]! : header
    ])
  )
  const errorsIn = (name: string, { required, schema }: Header): ReadonlyArray<string> => {
    const value = headers.get(name)
    if (value === null) return required === true ? [`the header ${name} is missing`] : []
    const errors = errorsOf(validator(schema), schema.type === "integer" ? Number(value) : value)
    return errors.map((error) => `the header ${name} is ${value}: ${error}`)
  }
  return [
    ...[...schemas].flatMap(([name, header]) => errorsIn(name, header)),
    ...[...headers.keys()]
      .filter((name) => !schemas.has(name) && !OF_HTTP.includes(name) && !(name in FOR_BROWSERS) && !isOptional(name))
      .map((name) => `the header ${name} is not documented`)
  ]
}

const bodyErrors = ({ headers, text }: Answer, { content = {} }: Response, { validator }: Documented) => {
  const type = headers.get("content-type")
  const types = Object.keys(content)
  if (type === null) return types.length === 0 || text === "" ? [] : ["the answer has no content type"]
  const media = content[type]
  if (media === undefined) return [`the content type ${type} is not documented, but ${types.join(", ") || "none"}`]
  // Text of JSON lines is no JSON document.
  return type.includes("json") && !type.includes("ndjson") ? errorsOf(validator(media.schema), parsed(text)) : []
}

/** The operation that answers a request, if there is one. */
const find = (method: string, target: string) => {
  const path = target.replace(/\?.*$/s, "")
  const isAdmin = path.startsWith("/admin/")
  const all = isAdmin ? adminRoutes() : routes()
  const found = all.find((route) => route.method === method && route.pattern.test(path))
  return found && { operation: found.operation, documented: isAdmin ? adminApi() : api() }
}

/**
 * Checks that an answer has the headers for browsers, and that the document describes it. Answers outside of any operation are not checked: to paths and methods that no
 * document has, and those with one of the codes in `OUTSIDE`.
 */
export const check = (method: string, target: string, answer: Answer): void => {
  for (const [name, value] of Object.entries(FOR_BROWSERS))
    assert.match(answer.headers.get(name) ?? "", new RegExp(`^${value}`), `${name} of ${method} ${target}`)
  const found = find(method, target)
  if (found === undefined) return
  const { documented, operation } = found
  const code = (parsed(answer.text) as { readonly code?: string } | undefined)?.code
  if (code !== undefined && OUTSIDE.includes(code)) return
  const response = operation.responses[String(answer.status)]
  const errors =
    response === undefined
      ? ["the status is not documented"]
      : [...headerErrors(answer, response, documented), ...bodyErrors(answer, response, documented)]
  if (errors.length === 0) return
  assert.fail(
    `${method} ${target} was answered with ${answer.status}, but: ${errors.join("; ")}\n${answer.text.slice(0, 500)}`
  )
}

/**
 * Checks that the document allows a request that the server has carried out: its parameters in the query, and its body as JSON. A
 * document may allow more than the server takes, and never less.
 */
export const checkRequest = (method: string, target: string, body: unknown): void => {
  const found = find(method, target)
  if (found === undefined) return
  const { documented, operation } = found
  const query = new URLSearchParams(/\?(.*)$/s.exec(target)?.[1] ?? "")
  const ofQuery = operation.parameters.flatMap(({ in: part, name, schema }) => {
    const value = part === "query" ? query.get(name) : null
    if (value === null) return []
    const isText = schema.type === undefined || schema.type === "string"
    return errorsOf(documented.validator(schema), isText ? value : parsed(value)).map((error) => `${name} ${error}`)
  })
  const media = operation.requestBody?.content["application/json"]
  const ofBody = media === undefined || body === undefined ? [] : errorsOf(documented.validator(media.schema), body)
  const errors = [...ofQuery, ...ofBody]
  if (errors.length > 0) assert.fail(`the document forbids what was done: ${errors.join("; ")}`)
}

/** A request that a webhook was sent. */
export interface Post {
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

/** Checks that the section `webhooks` of the document describes a request. */
export const checkPost = ({ body, headers }: Post): void => {
  const documented = api()
  const message = JSON.parse(body) as { readonly type: string }
  const operation = documented.document.webhooks?.[message.type]?.["post"]
  if (operation === undefined) return assert.fail(`the document has no webhook for ${message.type}`)
  const described = operation.parameters.map(({ name, required, schema }) => {
    const value = headers[name.toLowerCase()]
    if (value === undefined) return required ? [`the header ${name} is missing`] : []
    return errorsOf(documented.validator(schema), value)
  })
  const media = operation.requestBody!.content[String(headers["content-type"])]
  const errors =
    media === undefined ? ["the content type is not documented"] : errorsOf(documented.validator(media.schema), message)
  assert.deepStrictEqual([...described.flat(), ...errors], [], body)
}
