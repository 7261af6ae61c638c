/**
 * Arguments and options that are ids: UUIDs in any spelling. An id that is none is wrong usage, which is found before the command
 * begins.
 */
import { CredentialId } from "@turnout/core/access/domain/credentials/Credential"
import { type AttendeeId, GivenAttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { Uuid } from "@turnout/core/kernel/domain/Uuid"
import { Argument, InvalidArgumentError } from "commander"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { WrongUsage } from "../WrongUsage.ts"

const isUuid = Schema.is(Uuid)
const isEventId = Schema.is(EventId)

const RULE = "must be a UUID."

/** Reads a UUID. */
export const id = (text: string): string => {
  const given = text.toLowerCase()
  if (!isUuid(given)) throw new InvalidArgumentError(RULE)
  return given
}

/** Reads the id of an event, which names its stream as well. */
export const eventId = (text: string): EventId => {
  const given = text.toLowerCase()
  if (!isEventId(given)) throw new InvalidArgumentError(RULE)
  return given
}

const decodeAttendee = Schema.decodeUnknownResult(GivenAttendeeId)

/** Reads the id of an attendee. */
export const attendee = (text: string): AttendeeId => {
  const read = decodeAttendee(text)
  if (Result.isFailure(read)) throw new InvalidArgumentError("must be the id of an attendee.")
  return read.success
}

const isCredentialId = Schema.is(CredentialId)

/**
 * Reads the id of a credential, which is the part of its text that is no secret; hyphens, as in a UUID, are passed over. `what` says what
 * the credential is.
 */
export const credential =
  (what: string) =>
  (text: string): CredentialId => {
    const id = text.replaceAll("-", "").toLowerCase()
    if (!isCredentialId(id)) throw new InvalidArgumentError(`must be the id of ${what}, 32 hexadecimal digits.`)
    return id
  }

/** Reads all ids of an argument that has several, and names every one that is none. An id that is given twice counts once. */
const all =
  <Id extends string>(isId: (text: string) => text is Id) =>
  (argument: string, texts: ReadonlyArray<string>): ReadonlyArray<Id> => {
    const given = [...new Set(texts.map((text) => text.toLowerCase()))]
    const issues = given
      .filter((text) => !isId(text))
      .map((text) => ({ field: `<${argument}> ${JSON.stringify(text)}`, rule: "must be a UUID" }))
    if (issues.length > 0) throw new WrongUsage(issues.map(({ field, rule }) => `${field} ${rule}`).join("; "), issues)
    return given.filter(isId)
  }

/** Reads the ids of an argument with this name. */
export const ids = all((text): text is string => isUuid(text))

/** Reads the ids of events of an argument with this name. */
export const eventIds = all(isEventId)

/** The event that a command is about. */
export const event = (): Argument => new Argument("<event>", "id of the event").argParser(eventId)

/** The registration that a command is about. */
export const registration = (): Argument => new Argument("<registration>", "id of the registration").argParser(id)

/** The registrations that a command is about. */
export const registrations = (): Argument => new Argument("<registration...>", "ids of the registrations")
