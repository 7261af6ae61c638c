/**
 * The attendee of an event.
 *
 * An attendee is one person: the same for every event, identified by `id` alone. `id` is the host's own id for the person (a
 * user id, an account number); without one, the e-mail address is the id. Ids are folded (see `Text.fold`), so that neither
 * case nor Unicode form makes a second person.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Text from "../../../kernel/domain/Text.ts"

/** An id of 1 to 254 characters, folded. */
const FoldedId = Text.line({ minLength: 1, maxLength: 254 }).pipe(
  Schema.decodeTo(
    // Folding can make a text longer, so the length is checked again.
    Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(254)),
    SchemaTransformation.transform({ decode: Text.fold, encode: (id: string) => id })
  )
)

export const AttendeeId = FoldedId.pipe(Schema.brand("AttendeeId"))
export type AttendeeId = typeof AttendeeId.Type

const PART = String.raw`[^\s@"(),:;<>[\]\\.\p{C}\p{Z}]+`
/** One `@`, no quoting, no comments, no white space and no invisible characters. */
const EMAIL = new RegExp(`^${PART}(?:\\.${PART})*@${PART}(?:\\.${PART})*$`, "u")

/** An e-mail address of at most 254 characters, in Unicode normal form C and lower case, that can be used as an id. */
export const Email: Schema.Codec<string> = Text.line({ minLength: 3, maxLength: 254 }).pipe(
  Schema.decodeTo(
    Schema.String.check(
      Schema.isMaxLength(254),
      Schema.makeFilter((text) => EMAIL.test(text) || "must be an e-mail address, such as ada@example.com"),
      Schema.makeFilter((text) => Text.fold(text).length <= 254 || "must have at most 254 characters once it is folded")
    ),
    SchemaTransformation.transform({
      decode: (text: string) => text.normalize("NFKC").toLowerCase().normalize("NFKC"),
      encode: (text: string) => text
    })
  )
)

/** A name of at most 200 characters; may be empty. */
const Name = Text.line({ maxLength: 200 })

/** An attendee as stored: id and e-mail are normalised. */
export const Attendee = Schema.Struct({ id: AttendeeId, name: Name, email: Email })
export type Attendee = typeof Attendee.Type

/** An attendee as given: `id` defaults to the e-mail address, `name` to the empty text. */
export const AttendeeInput = Schema.Struct({
  id: Schema.optionalKey(FoldedId),
  name: Schema.optionalKey(Name),
  email: Email
})

/** The attendee that decoded input describes. */
export const fromInput = ({ email, id, name = "" }: typeof AttendeeInput.Type): Attendee => ({
  id: (id ?? Text.fold(email)) as AttendeeId,
  name,
  email
})

/** What a correction changes of an attendee: a field that is absent stays as it is. */
export const AttendeeChanges = Schema.Struct({
  id: Schema.optionalKey(FoldedId),
  name: Schema.optionalKey(Name),
  email: Schema.optionalKey(Email)
})
export type AttendeeChanges = typeof AttendeeChanges.Type

/** The id that corrections give an attendee; `undefined` if they name neither an id nor an address. */
export const correctedId = ({ email, id }: AttendeeChanges): AttendeeId | undefined =>
  id !== undefined || email !== undefined ? ((id ?? Text.fold(email!)) as AttendeeId) : undefined

/**
 * The attendee after a correction. Whoever was known by the address is known by the new one; an id of the host's own changes
 * only if the correction names another one.
 */
export const correct = (attendee: Attendee, changes: AttendeeChanges): Attendee => {
  const { email = attendee.email, name = attendee.name } = changes
  const isKnownByAddress = attendee.id === Text.fold(attendee.email)
  const id = changes.id !== undefined || isKnownByAddress ? (correctedId(changes) ?? attendee.id) : attendee.id
  return { id, name, email }
}
