/**
 * The fields of input as the options and arguments of the command that was given it: this is the one place that knows which field an
 * operator wrote where.
 *
 * A field is an option of its own name, `startsAt` of `--starts-at`, or an argument. Those that are called otherwise are in a table.
 */
import { CapacityBelowSeatsTaken } from "@turnout/core/admission/domain/model/Seats"
import { DoorsNotOpen } from "@turnout/core/admission/domain/model/Attendance"
import { ScheduleInvalid } from "@turnout/core/admission/domain/model/Event"
import type { InputIssue } from "@turnout/core/kernel/application/InvalidInput"
import type { Command } from "commander"

/** Fields that options and arguments call otherwise. */
const OTHERWISE: Readonly<Record<string, ReadonlyArray<string>>> = {
  "attendee.id": ["attendee"],
  actor: ["as"],
  attendeeId: ["attendee"],
  capacity: ["capacity", "seats"],
  eventId: ["event"],
  expectedVersion: ["if-version"],
  organizationId: ["organization"],
  overlapMillis: ["overlap"],
  queueUrl: ["sqs"],
  registrationId: ["registration"],
  types: ["type"],
  who: ["as"]
}

const inKebabCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** The names that a field may have, the most particular first. */
const candidates = (field: string): ReadonlyArray<string> => {
  const parts = field.split(".").toReversed()
  return [...(OTHERWISE[field] ?? []), ...parts.flatMap((part) => OTHERWISE[part] ?? [inKebabCase(part)])]
}

/** The option or the argument of a field, as the usage of the command has it; `undefined` if the command has none. */
export const optionOf = (command: Command, field: string): string | undefined => {
  for (const name of candidates(field)) {
    if (command.options.some(({ long }) => long === `--${name}`)) return `--${name}`
    if (command.registeredArguments.some((argument) => argument.name() === name)) return `<${name}>`
  }
  return undefined
}

/** A rule that compares with another field, which it names last. */
const COMPARISON = /^(must be (?:after|before)) ([A-Za-z]+)$/

const ruleOf = (command: Command, rule: string): string => {
  const [, comparison, field] = COMPARISON.exec(rule) ?? []
  const option = field === undefined ? undefined : optionOf(command, field)
  return option === undefined ? rule : `${comparison} ${option}`
}

/** A broken rule of input, with the option or the argument that it is about. */
export const toOption = (command: Command, { field, rule }: InputIssue): InputIssue => ({
  field: optionOf(command, field) ?? field,
  rule: ruleOf(command, rule)
})

/** A broken rule in words. */
export const inWords = ({ field, rule }: InputIssue): string =>
  field === "" ? rule : field.startsWith("-") || field.startsWith("<") ? `${field} ${rule}` : `${field}: ${rule}`

/** The fields of input that the message of a rejection names. */
const namedIn = (error: unknown): ReadonlyArray<string> => {
  if (error instanceof ScheduleInvalid)
    return [error.field, ...(COMPARISON.exec(error.rule)?.[2] === undefined ? [] : [COMPARISON.exec(error.rule)![2]!])]
  if (error instanceof CapacityBelowSeatsTaken) return ["keepOverhang", "demote"]
  if (error instanceof DoorsNotOpen) return ["early"]
  return []
}

/** The message of an error, in which the options of the command stand for the fields of its input. */
export const messageOf = (command: Command, error: unknown, message: string): string =>
  namedIn(error).reduce((text, field) => {
    const option = optionOf(command, field)
    return option === undefined ? text : text.replaceAll(new RegExp(`(?<![\\w-])\`?${field}\`?(?![\\w-])`, "g"), option)
  }, message)
