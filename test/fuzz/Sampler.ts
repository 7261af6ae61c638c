/**
 * Documents made of the JSON schemas of an OpenAPI document: mostly right, with something nasty here and there.
 */
import { NASTY_JSON, ODD_EMAILS } from "./Corpus.ts"

/** Chance from a seed. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
  choose(n: number): number {
    return this.next() % n
  }
  pick<A>(values: ReadonlyArray<A>): A {
    return values[this.choose(values.length)]!
  }
  happens(perCent: number): boolean {
    return this.choose(100) < perCent
  }
}

export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: JsonSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly format?: string
}

export interface Known {
  /** Ids that mean something, by the name of the field. */
  readonly ids: (name: string) => ReadonlyArray<string>
}

const TIMES = ["2030-05-01T18:00:00Z", "2030-05-01T23:00:00Z", "2031-01-01T00:00:00.000Z", "2029-12-31T23:59:59+14:00"]
const TEXTS = ["Ada", "a talk", "Europe/Berlin", "ada@example.com", "open", "https://example.com/hooks", "mail"]

const isTime = (name: string): boolean => /(At|^from|^to|^before)$/.test(name)

/** JSON text of a schema. */
export const sample = (
  chance: Chance,
  schema: JsonSchema,
  resolve: (ref: string) => JsonSchema,
  known: Known,
  nastiness: number,
  name = "",
  depth = 0
): string => {
  if (chance.happens(nastiness)) return chance.pick(NASTY_JSON)
  const again = (inner: JsonSchema, innerName = name) =>
    sample(chance, inner, resolve, known, nastiness, innerName, depth + 1)
  if (depth > 12) return "null"
  if (schema.$ref !== undefined) return again(resolve(schema.$ref))
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return JSON.stringify(chance.pick(schema.enum))
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined) return again(chance.pick(options))
  if (schema.type === undefined && schema.allOf !== undefined) return again(schema.allOf[0]!)
  const type = Array.isArray(schema.type) ? chance.pick(schema.type as ReadonlyArray<string>) : schema.type
  switch (type) {
    case "object": {
      const { properties = {}, required = [] } = schema
      const fields = Object.entries(properties)
        .filter(([field]) => required.includes(field) || chance.happens(50))
        .filter(() => !chance.happens(nastiness))
        .map(([field, inner]) => `${JSON.stringify(field)}:${again(inner, field)}`)
      if (chance.happens(nastiness)) fields.push(`"unknown":${chance.pick(NASTY_JSON)}`)
      if (fields.length > 0 && chance.happens(nastiness)) fields.push(fields[0]!)
      return `{${fields.join(",")}}`
    }
    case "array":
      return `[${Array.from({ length: chance.choose(3) }, () => again(schema.items ?? {})).join(",")}]`
    case "integer":
    case "number": {
      const { maximum = 1_000, minimum = 0 } = schema
      return String(minimum + chance.choose(Math.max(1, Math.min(1_000, maximum - minimum))))
    }
    case "boolean":
      return chance.happens(50) ? "true" : "false"
    case "null":
      return "null"
    case "string": {
      const ids = known.ids(name)
      if (ids.length > 0) return JSON.stringify(chance.pick(ids))
      if (schema.format === "date-time" || isTime(name)) return JSON.stringify(chance.pick(TIMES))
      if (name === "timeZone") return '"Europe/Berlin"'
      if (name === "email")
        return chance.happens(5) ? chance.pick(ODD_EMAILS) : JSON.stringify(`person-${chance.choose(200)}@example.com`)
      if (name === "url") return '"https://example.com/hooks"'
      return JSON.stringify(chance.pick(TEXTS))
    }
    default:
      return chance.pick(NASTY_JSON)
  }
}
