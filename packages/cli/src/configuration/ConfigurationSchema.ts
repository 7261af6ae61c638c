/**
 * The JSON Schema of the configuration file, made from the commands of the program, for editors.
 */
import type { Command, Option } from "commander"
import { kindOf } from "../usage/Kinds.ts"
import { keysOf } from "./ConfigurationFile.ts"

type Json = Readonly<Record<string, unknown>>

const valueOf = (option: Option): Json => {
  const { value } = kindOf(option)
  switch (value._tag) {
    case "Switch":
      return { type: "boolean" }
    case "Number":
      return { type: "integer", minimum: value.minimum, maximum: value.maximum }
    case "Choice":
      return { enum: value.choices }
    case "Document":
      return value.schema
    case "Text":
      return { type: "string" }
  }
}

const optionOf = (options: ReadonlyArray<Option>): Json => {
  const option = options.find(({ negate }) => !negate) ?? options[0]!
  const { isList, isOptional } = kindOf(option)
  const one = valueOf(option)
  const all = [
    one,
    ...(isList ? [{ type: "array", items: one, minItems: 1 }] : []),
    ...(isOptional ? [{ const: true }] : []),
    ...(options.some(({ negate }) => negate) && one["type"] !== "boolean" ? [{ const: false }] : [])
  ]
  return { description: option.description, ...(all.length === 1 ? one : { anyOf: all }) }
}

const commandOf = (command: Command): Json => ({
  type: "object",
  description: command.description(),
  additionalProperties: false,
  properties: {
    ...Object.fromEntries([...keysOf(command)].map(([key, options]) => [key, optionOf(options)])),
    ...Object.fromEntries(
      command.commands
        .map((one) => [one.name(), commandOf(one)] as const)
        .filter(([, { properties }]) => Object.keys(properties as object).length > 0)
    )
  }
})

/** The schema of a file for the program. */
export const make = (program: Command): Json => {
  const { properties, ...rest } = commandOf(program)
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Options of turnout",
    ...rest,
    properties: { $schema: { type: "string" }, ...(properties as object) }
  }
}
