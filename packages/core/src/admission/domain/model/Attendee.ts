/**
 * The attendee of an event.
 *
 * An attendee is one person: the same for every event, identified by `id` alone. `id` is the host's own id for the person (a
 * user id, an account number), folded (see `Text.fold`), so that neither case nor Unicode form nor what cannot be seen makes a
 * second person. A person who has none is known by the e-mail address: the id is `mailto:` and the address, folded. The host's
 * ids do not begin so, and no address is the id of somebody else.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { described } from "../../../kernel/domain/document/Documented.ts"
import * as EmailAddress from "../../../kernel/domain/text/EmailAddress.ts"
import * as Text from "../../../kernel/domain/Text.ts"

const MAX_ID = 254

const { BY_ADDRESS } = EmailAddress

/** An id as it is stored. */
export const AttendeeId = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(BY_ADDRESS.length + EmailAddress.MAX_ADDRESS)
).pipe(Schema.brand("AttendeeId"))
export type AttendeeId = typeof AttendeeId.Type

/** The id of the person who has registered by an address that `Email` has decoded. */
export const idOfAddress = (email: string): AttendeeId => EmailAddress.idOf(email) as AttendeeId

/** The id as people know it: without `mailto:`. */
export const nameOf = (id: AttendeeId): string => (id.startsWith(BY_ADDRESS) ? id.slice(BY_ADDRESS.length) : id)

/** The host's own id for a person: 1 to 254 characters, folded. */
const HostsId = Text.line({ minLength: 1, maxLength: MAX_ID }).pipe(
  Schema.decodeTo(
    // Folding can make a text longer, and leave nothing to see of it, so both are checked again.
    Schema.String.check(
      Schema.isMinLength(1),
      Schema.isMaxLength(MAX_ID),
      Text.seen,
      Schema.makeFilter(
        (id) =>
          !id.startsWith(BY_ADDRESS) ||
          `must not begin with ${BY_ADDRESS}, as the ids of people who are known by their address do: leave the id out for them`
      )
    ),
    SchemaTransformation.transform({ decode: Text.fold, encode: (id: string) => id })
  )
)

/** What follows `mailto:`, in whatever letters that is written. */
const addressIn = (text: string): string | undefined => {
  const begin = text.search(/[:：]/) + 1
  if (Text.fold(text.slice(0, begin)) === BY_ADDRESS) return text.slice(begin)
  const folded = Text.fold(text)
  return folded.startsWith(BY_ADDRESS) ? folded.slice(BY_ADDRESS.length) : undefined
}

const toStoredId = (text: string): string => {
  const address = addressIn(text)
  return address === undefined ? Text.fold(text) : EmailAddress.idOf(EmailAddress.normalise(address))
}

const givenIdProblemOf = (id: string): string | undefined => {
  if (!id.startsWith(BY_ADDRESS)) return id.length > MAX_ID ? `must have at most ${MAX_ID} characters` : undefined
  const problem = EmailAddress.problemOf(id.slice(BY_ADDRESS.length))
  return problem === undefined ? undefined : `after ${BY_ADDRESS} ${problem}`
}

/** An id by which a person is looked up: the host's own id, or `mailto:` and the address, in any spelling. */
export const GivenAttendeeId: Schema.Codec<AttendeeId, string> = Text.line({
  minLength: 1,
  maxLength: BY_ADDRESS.length + EmailAddress.MAX_ADDRESS
}).pipe(
  Schema.decodeTo(
    AttendeeId.check(
      Text.seen,
      Schema.makeFilter((id) => givenIdProblemOf(id) ?? true)
    ),
    SchemaTransformation.transform({ decode: toStoredId, encode: (id: string) => id })
  )
)

/** The id of the person who is known by this address, if the id reads as an address without `mailto:`. */
export const asAddress = (id: AttendeeId): AttendeeId | undefined => {
  const address = EmailAddress.normalise(id)
  return EmailAddress.problemOf(address) === undefined ? idOfAddress(address) : undefined
}

/** A name of at most 200 characters; may be empty. */
const Name = Text.line({ maxLength: 200 })

/** What documents say of the fields that are given and stored. */
const words = {
  name: ["The name of the person, which may be empty", { examples: ["Ada Lovelace"] }],
  email: ["The e-mail address of the person", { examples: ["ada@example.com"] }]
} as const
const OWN_ID =
  "Your own id for the person, such as an account number: the same for every event, without regard to case, and never beginning with mailto:"

/**
 * An attendee as stored. Journals and stores keep attendees as they were written, under the rules of that time, so nothing is
 * checked or changed here.
 */
export const Attendee = Schema.Struct({
  /**
   * The id of the person, the same for every event: the host's own, or mailto: and the address of a person without
   * one.
   */
  id: described(
    "The id of the person, the same for every event: the host's own, or mailto: and the address of a person without one",
    AttendeeId,
    { examples: ["mailto:ada@example.com"] }
  ),
  /** The name of the person, which may be empty. */
  name: described(words.name[0], Schema.String, words.name[1]),
  /** The e-mail address of the person, as it was written. */
  email: described(words.email[0], Schema.String, words.email[1])
})
export interface Attendee extends Schema.Schema.Type<typeof Attendee> {}

/** An attendee as given. Without an `id`, the person is known by the e-mail address; `name` defaults to the empty text. */
export const AttendeeInput = Schema.Struct({
  /** Your own id of the person. Without one, the person is known by the e-mail address. */
  id: described(`${OWN_ID}. Without one, the person is known by the e-mail address`, Schema.optionalKey(HostsId)),
  /** The name of the person. Default empty. */
  name: described(words.name[0], Schema.optionalKey(Name), { ...words.name[1], default: "" }),
  /** The e-mail address of the person. */
  email: described(words.email[0], EmailAddress.Email, words.email[1])
})

/** The attendee that decoded input describes. */
export const fromInput = ({ email, id, name = "" }: typeof AttendeeInput.Type): Attendee => ({
  id: id === undefined ? idOfAddress(email) : (id as AttendeeId),
  name,
  email
})

/** What a correction changes of an attendee: a field that is absent stays as it is. */
export const AttendeeChanges = Schema.Struct({
  /** Your own id of the person. */
  id: described(OWN_ID, Schema.optionalKey(HostsId)),
  /** The name from now on. */
  name: described(words.name[0], Schema.optionalKey(Name), words.name[1]),
  /** The e-mail address from now on. */
  email: described(words.email[0], Schema.optionalKey(EmailAddress.Email), words.email[1])
})
export type AttendeeChanges = typeof AttendeeChanges.Type

/** The id that corrections give an attendee; `undefined` if they name neither an id nor an address. */
export const correctedId = ({ email, id }: AttendeeChanges): AttendeeId | undefined =>
  id === undefined ? (email === undefined ? undefined : idOfAddress(email)) : (id as AttendeeId)

/**
 * The attendee after a correction. Whoever was known by the address is known by the new one; an id of the host's own changes
 * only if the correction names another one.
 */
export const correct = (attendee: Attendee, changes: AttendeeChanges): Attendee => {
  const { email = attendee.email, name = attendee.name } = changes
  const isKnownByAddress = attendee.id.startsWith(BY_ADDRESS)
  const id = changes.id !== undefined || isKnownByAddress ? (correctedId(changes) ?? attendee.id) : attendee.id
  return { id, name, email }
}
