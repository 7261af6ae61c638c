/**
 * Rows of an export, which name the registration that they are about.
 *
 * If the event has that registration, a row that says the same changes nothing. An import does not change registrations, so a row
 * that says something else is refused, and so is a row whose registration has been cancelled since: the export was made before
 * that. A row of another event's registration is registered like any other.
 */
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import type * as Register from "@turnout/core/admission/domain/model/Register"
import { type Registration, RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Line, Table } from "./Rows.ts"

/** A row, and the command that it stands for. */
export interface Decoded extends Line {
  readonly command: Register.Register
}

interface Known {
  readonly line: number
  /** The reason for which the row is refused. Without one, the row has nothing to change. */
  readonly reason?: string
}

/** The number of registrations that are read at the same time. */
const CONCURRENCY = 16

const isRegistrationId = Schema.is(RegistrationId)

/** Spreadsheet programs write line breaks within cells in their own way. */
const withOneLineBreak = (text: string): string => text.replaceAll(/\r\n?/g, "\n")

/** The columns of which a row says something else than the registration. */
const differences = (
  { attendee, notes, registeredAt }: Registration,
  { columns, command }: { readonly columns: Table["columns"]; readonly command: Register.Register }
): ReadonlyArray<string> => {
  const isSame: Readonly<Record<string, boolean>> = {
    email: attendee.email === command.attendee.email,
    id: attendee.id === command.attendee.id,
    name: attendee.name === command.attendee.name,
    notes: withOneLineBreak(notes) === withOneLineBreak(command.notes),
    registeredAt: command.registeredAt === null || registeredAt.getTime() === command.registeredAt.getTime()
  }
  return Object.entries(isSame).flatMap(([field, same]) =>
    same || columns[field] === undefined ? [] : [columns[field]]
  )
}

const judge = (registration: Registration, columns: Table["columns"], { command, line }: Decoded): Known => {
  const { id, state } = registration
  if (state === "cancelled")
    return {
      line,
      reason: `registration ${id} has been cancelled since the export; leave its id out to register the person again`
    }
  const different = differences(registration, { columns, command })
  if (different.length === 0) return { line }
  return { line, reason: `registration ${id} has another ${different.join(" and ")}; an import does not change it` }
}

/** Divides rows into those about a registration that the event has, and fresh ones. Changes nothing. */
export const divide = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  eventId: EventId,
  columns: Table["columns"],
  rows: ReadonlyArray<Decoded>
) {
  const find = ({ registration }: Decoded) => {
    const id = registration?.toLowerCase()
    if (id === undefined || !isRegistrationId(id)) return Effect.succeed(undefined)
    return turnout
      .getRegistration(eventId, id)
      .pipe(Effect.catchTag("RegistrationNotFound", () => Effect.succeed(undefined)))
  }
  const found = yield* Effect.forEach(rows, find, { concurrency: CONCURRENCY })
  const fresh: Array<Decoded> = []
  const known: Array<Known> = []
  rows.forEach((row, index) => {
    const registration = found[index]
    if (registration === undefined) fresh.push(row)
    else known.push(judge(registration, columns, row))
  })
  return { fresh, known }
})
