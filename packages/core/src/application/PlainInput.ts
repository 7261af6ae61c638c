/**
 * Input that is plainly right: lower-case UUIDs, printable ASCII within the limits, no unknown fields.
 *
 * An on-sale is thousands of registrations a second, nearly all of them such input, which the schemas would give back as
 * it is. Here it is recognised at a tenth of the cost. Whatever is not plain, right or wrong, is left to the schemas: they
 * are the only ones to refuse anything. Values are read once, so that nothing can be one thing when it is looked at and
 * another when it is used.
 */
import type { AttendeeInput } from "../domain/Attendee.ts"
import type { EventId } from "../domain/Event.ts"
import type { RegistrationInput } from "../domain/Registration.ts"
import type { WriteOptions } from "./WriteOptions.ts"

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
/** Without white space around it. */
const LINE = /^[!-~](?:[ -~]*[!-~])?$/
const LOWER_CASE_LINE = /^[!-@[-~](?:[ -@[-~]*[!-@[-~])?$/
const EMAIL = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/
const KEY = /^[ -~]{1,255}$/

/** An object as JSON or a literal makes it, with no other fields than these, all of them texts if they are there. */
const texts = (input: unknown, names: ReadonlyArray<string>): Record<string, string> | undefined => {
  if (typeof input !== "object" || input === null || Object.getPrototypeOf(input) !== Object.prototype) return undefined
  const found: Record<string, string> = {}
  for (const name of Reflect.ownKeys(input)) {
    if (typeof name !== "string" || !names.includes(name)) return undefined
    const value = (input as Readonly<Record<string, unknown>>)[name]
    if (typeof value !== "string") return undefined
    found[name] = value
  }
  return found
}

const isLine = (text: string, maxLength: number): boolean => text.length <= maxLength && LINE.test(text)

const ATTENDEE_FIELDS = ["email", "name", "id"]

const attendee = (input: unknown): typeof AttendeeInput.Type | undefined => {
  const found = texts(input, ATTENDEE_FIELDS)
  if (found === undefined) return undefined
  const { email, id, name } = found
  if (email === undefined || email.length > 254 || !EMAIL.test(email)) return undefined
  if (name !== undefined && name !== "" && !isLine(name, 200)) return undefined
  if (id !== undefined && (id.length > 254 || !LOWER_CASE_LINE.test(id))) return undefined
  return found as typeof AttendeeInput.Type
}

/** The decoded input of a registration; `undefined` if it is not plain. */
export const registration = (input: unknown): typeof RegistrationInput.Type | undefined => {
  if (typeof input !== "object" || input === null || Object.getPrototypeOf(input) !== Object.prototype) return undefined
  let person: typeof AttendeeInput.Type | undefined
  let notes: string | undefined
  for (const name of Reflect.ownKeys(input)) {
    const value = (input as Readonly<Record<PropertyKey, unknown>>)[name]
    if (name === "attendee") person = attendee(value)
    else if (name === "notes" && typeof value === "string" && (value === "" || isLine(value, 1_000))) notes = value
    else return undefined
  }
  if (person === undefined) return undefined
  return notes === undefined ? { attendee: person } : { attendee: person, notes }
}

/** The decoded id; `undefined` if it is not plain. */
export const eventId = (input: unknown): EventId | undefined =>
  typeof input === "string" && UUID.test(input) ? (input as EventId) : undefined

const OPTION_FIELDS = ["idempotencyKey", "actor", "correlationId", "causationId"]

/** The decoded options of a write; `undefined` if they are not plain. */
export const options = (input: unknown): WriteOptions | undefined => {
  const found = texts(input, OPTION_FIELDS)
  if (found === undefined) return undefined
  const { actor, causationId, correlationId, idempotencyKey } = found
  if (idempotencyKey !== undefined && !KEY.test(idempotencyKey)) return undefined
  if (actor !== undefined && !isLine(actor, 200)) return undefined
  if (correlationId !== undefined && !isLine(correlationId, 200)) return undefined
  if (causationId !== undefined && !isLine(causationId, 200)) return undefined
  return found
}
