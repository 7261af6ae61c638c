/**
 * Input that is plainly right: lower-case UUIDs, printable ASCII within the limits, no unknown fields.
 *
 * An on-sale is thousands of registrations a second, nearly all of them with such input, which the schemas would return
 * unchanged. Here it is recognised at a tenth of the cost. All other input, right or wrong, goes to the schemas: only they
 * refuse input. Values are read once, so that a getter cannot return one value when it is checked and another when it is used.
 */
import type { Mutable } from "effect/Types"
import type { AttendeeInput } from "../domain/model/Attendee.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import { isIdempotencyKey } from "../domain/state/Idempotency.ts"
import type { RegistrationInput } from "../domain/model/Registration.ts"
import { isPlainlyFolded } from "../../kernel/domain/Text.ts"
import { isPlain } from "../../kernel/application/InvalidInput.ts"
import type { WriteOptions } from "../domain/state/WriteOptions.ts"

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
/** A line without white space around it. */
const LINE = /^[!-~](?:[ -~]*[!-~])?$/
/** An address in lower case, without quote marks but within a name, whose domain has single hyphens and ends in a word. */
const EMAIL =
  /^[a-z0-9!#$%&*+/=?^_{|}~-]+(?:['.][a-z0-9!#$%&*+/=?^_{|}~-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)*[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
/** The most characters before and after the `@`: as many as a local part, and a part of a domain, may have. */
const MAX_LOCAL = 64
const MAX_DOMAIN = 63

const isEmail = (text: string): boolean => {
  const at = text.indexOf("@")
  return at <= MAX_LOCAL && text.length - at - 1 <= MAX_DOMAIN && EMAIL.test(text)
}

const isLine = (text: string, maxLength: number): boolean => text.length <= maxLength && LINE.test(text)

const attendee = (input: unknown): typeof AttendeeInput.Type | undefined => {
  if (!isPlain(input)) return undefined
  let email: unknown
  let name: unknown
  let id: unknown
  for (const field of Reflect.ownKeys(input)) {
    if (field === "email") email = input[field]
    else if (field === "name") name = input[field]
    else if (field === "id") id = input[field]
    else return undefined
  }
  if (typeof email !== "string" || !isEmail(email)) return undefined
  if (name !== undefined && (typeof name !== "string" || (name !== "" && !isLine(name, 200)))) return undefined
  if (
    id !== undefined &&
    (typeof id !== "string" || id === "" || id.length > 254 || !isPlainlyFolded(id) || id.startsWith("mailto:"))
  )
    return undefined
  if (id === undefined) return name === undefined ? { email } : { email, name }
  return name === undefined ? { email, id } : { email, name, id }
}

/** The decoded input of a registration; `undefined` if it is not plain. */
export const registration = (input: unknown): typeof RegistrationInput.Type | undefined => {
  if (!isPlain(input)) return undefined
  let person: typeof AttendeeInput.Type | undefined
  let notes: string | undefined
  for (const field of Reflect.ownKeys(input)) {
    const value = input[field as string]
    if (field === "attendee") person = attendee(value)
    else if (field === "notes" && typeof value === "string" && (value === "" || isLine(value, 1_000))) notes = value
    else return undefined
  }
  if (person === undefined) return undefined
  return notes === undefined ? { attendee: person } : { attendee: person, notes }
}

/** The decoded id; `undefined` if it is not plain. */
export const eventId = (input: unknown): EventId | undefined =>
  typeof input === "string" && UUID.test(input) ? (input as EventId) : undefined

const isText = (value: unknown): value is string => typeof value === "string" && isLine(value, 200)

/** The decoded options of a write; `undefined` if they are not plain. */
export const options = (input: unknown): WriteOptions | undefined => {
  if (!isPlain(input)) return undefined
  const found: Mutable<WriteOptions> = {}
  for (const field of Reflect.ownKeys(input)) {
    const value = input[field as string]
    if (field === "idempotencyKey" && typeof value === "string" && isIdempotencyKey(value)) found.idempotencyKey = value
    else if (field === "actor" && isText(value)) found.actor = value
    else if (field === "correlationId" && isText(value)) found.correlationId = value
    else if (field === "causationId" && isText(value)) found.causationId = value
    else if (field === "traceParent" && typeof value === "string") found.traceParent = value
    else return undefined
  }
  return found
}
