/**
 * A row as a person who is to be registered, with what the row says of the registration.
 *
 * Contains how a row is decoded, the key by which it is known when it comes again, and how it is compared with a registration. The
 * key is made of the decoded fields in a fixed order and in comparable form, so it stays the same whatever the order of the columns
 * and of the rows, the blanks, and the Unicode form.
 */
import { type Attendee, AttendeeInput, fromInput, idOfAddress } from "@turnout/core/admission/domain/model/Attendee"
import { fold } from "@turnout/core/kernel/domain/text/EmailAddress"
import * as Register from "@turnout/core/admission/domain/model/Register"
import { Notes, type Registration } from "@turnout/core/admission/domain/model/Registration"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { comparable } from "@turnout/core/kernel/domain/Text"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import type { Line, Table } from "./Rows.ts"
import * as WrittenTime from "../../../options/times/WrittenTime.ts"

export interface Person {
  readonly line: number
  readonly attendee: Attendee
  readonly input: Register.Input
  /** When the person registered elsewhere, if the row says so. */
  readonly registeredAt: Date | null
}

/** A row that no person can be made of, and why. */
export interface Invalid {
  readonly line: number
  readonly reason: string
}

/** A field of a registration whose value in the file is another than the stored one. */
export interface Difference {
  readonly field: "id" | "email" | "name" | "notes" | "registeredAt"
  readonly stored: string
  readonly file: string
}

const Row = Schema.Struct({ ...AttendeeInput.fields, notes: Schema.optionalKey(Notes) })
const decodeRow = decoder(Schema.toCodecJson(Row))

type Issues = InvalidInput["issues"]

/** The time of a field in the zone of the event: `null` if the row has none, or what is wrong with it. */
const timeOf = (text: string | undefined, zone: string, now: Date): Result.Result<Date | null, Issues> => {
  const wrong = (rule: string) => Result.fail([{ field: "registeredAt", rule }])
  if (text === undefined) return Result.succeed(null)
  const written = WrittenTime.parse(text)
  if (written === undefined) return wrong(WrittenTime.RULE)
  const moment = WrittenTime.inZone(written, zone)
  if (Result.isFailure(moment)) return wrong(moment.failure)
  return moment.success > now ? wrong("must not be in the future") : Result.succeed(moment.success)
}

const issuesOf = <A, E extends { readonly issues: Issues } | Issues>(result: Result.Result<A, E>): Issues => {
  if (Result.isSuccess(result)) return []
  return "issues" in result.failure ? result.failure.issues : result.failure
}

/** Decodes a row of the table. Times without an offset are those of the zone. */
const decode = Effect.fnUntraced(function* (
  { fault, fields, line }: Line,
  columns: Table["columns"],
  zone: string,
  now: Date
): Effect.fn.Return<Person | Invalid> {
  if (fault !== undefined) return { line, reason: fault }
  const { registeredAt: time, ...others } = fields
  if (others.email === undefined) return { line, reason: `${columns["email"] ?? "email"}: is missing` }
  const row = yield* Effect.result(decodeRow(others))
  const registeredAt = timeOf(time, zone, now)
  if (Result.isSuccess(row) && Result.isSuccess(registeredAt)) {
    const { notes, ...attendee } = row.success
    return { line, attendee: fromInput(attendee), input: { attendee, notes }, registeredAt: registeredAt.success }
  }
  const reasons = [...issuesOf(row), ...issuesOf(registeredAt)].map(({ field, rule }) =>
    field === "" ? rule : `${columns[field] ?? field}: ${rule}`
  )
  return { line, reason: reasons.join("; ") }
})

/** Decodes the rows of a table, in the order of its lines. */
export const decodeAll = (
  { columns, lines }: Table,
  zone: string,
  now: Date
): Effect.Effect<ReadonlyArray<Person | Invalid>> => Effect.forEach(lines, (line) => decode(line, columns, zone, now))

const isOneName = (a: string, b: string): boolean => a === "" || b === "" || comparable(a) === comparable(b)

/**
 * Whether two attendees seem to be one person under two ids: they have the same e-mail address, one of the ids is that address, and
 * no name speaks against it. Two people who share an address have ids or names of their own.
 */
export const isUnderAnotherId = (one: Attendee, other: Attendee): boolean => {
  const byAddress = idOfAddress(one.email)
  return (
    one.id !== other.id &&
    idOfAddress(other.email) === byAddress &&
    (one.id === byAddress || other.id === byAddress) &&
    isOneName(one.name, other.name)
  )
}

export const isPerson = (row: Person | Invalid): row is Person => "input" in row

export const toCommand = ({ input, registeredAt }: Person, eventId: EventId): Register.Register =>
  Register.fromInput(eventId, input, registeredAt)

/** The key of what a command registers: equal for rows that say the same, and different otherwise. */
export const keyOf = ({ attendee, eventId, notes, registeredAt }: Register.Register): string => {
  const { email, id, name } = attendee
  const said = JSON.stringify([email, id, comparable(name), comparable(notes), registeredAt])
  return `import ${createHash("sha256").update(said).digest("base64url")} ${eventId}`
}

/**
 * The fields in which a person of a file differs from a registration. A field without a column is not compared, nor is an empty
 * `registered_at`.
 */
export const differences = (
  { attendee, input, registeredAt }: Person,
  stored: Registration,
  columns: Table["columns"]
): ReadonlyArray<Difference> => {
  const texts = [
    { field: "email", stored: stored.attendee.email, file: attendee.email },
    { field: "name", stored: stored.attendee.name, file: attendee.name },
    { field: "notes", stored: stored.notes, file: input.notes ?? "" }
  ] as const
  const isSame = ({ field, file, stored }: Difference) =>
    field === "email" ? fold(stored) === fold(file) : comparable(stored) === comparable(file)
  return [
    ...texts.filter((one) => columns[one.field] !== undefined && !isSame(one)),
    ...(registeredAt === null || registeredAt.getTime() === stored.registeredAt.getTime()
      ? []
      : [
          {
            field: "registeredAt" as const,
            stored: stored.registeredAt.toISOString(),
            file: registeredAt.toISOString()
          }
        ])
  ]
}
