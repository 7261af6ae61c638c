/**
 * People: those who have signed in.
 *
 * A person has one account, however they sign in: identities of token issuers and verified addresses belong to one person each (see
 * `Joining`). A person who is deactivated can sign in no more, by no way; registrations stay as they are.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"
import * as EmailAddress from "../../kernel/domain/text/EmailAddress.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"
import { actorOf, type Membership, type User } from "./policy/Principal.ts"
import { Identity, type Subject } from "./Subject.ts"

/** The id of a person, which stays the same however they sign in. */
export const PersonId = Uuid.pipe(Schema.brand("PersonId"))
export type PersonId = typeof PersonId.Type

export const Person = Schema.Struct({
  /** The id of the person. */
  id: described("The id of the person", PersonId),
  /** The name that an issuer has told first; `null` if none has. */
  name: described("The name that an issuer has told first; null if none has", Schema.NullOr(Schema.String), {
    examples: ["Ada Lovelace"]
  }),
  /** The verified addresses, folded, in the order in which they were added. */
  addresses: described(
    "The verified e-mail addresses, folded, in the order in which they were added",
    Schema.Array(Schema.String),
    { examples: [["ada@example.com"]] }
  ),
  /** What issuers call the person: at most one identity of each issuer, in the order in which they were added. */
  identities: described("What token issuers call the person: at most one identity of each", Schema.Array(Identity)),
  /** When the person signed in first. */
  createdAt: described("When the person signed in first", Instant),
  /** When the person was deactivated; `null` if they can sign in. */
  deactivatedAt: described("When the person was deactivated; null if they can sign in", Schema.NullOr(Instant))
}).annotate({ identifier: "Person" })
export interface Person extends Schema.Schema.Type<typeof Person> {}

/** All that a person is known by. */
export const subjectsOf = ({ addresses, identities }: Person): ReadonlyArray<Subject> => [
  ...addresses.map((address) => ({ address })),
  ...identities
]

/** The principal that a person is, with these memberships. */
export const principalOf = ({ addresses, id, name }: Person, memberships: ReadonlyArray<Membership>): User => ({
  kind: "user",
  id,
  name,
  address: addresses[0] ?? null,
  attendeeIds: [...addresses.map(EmailAddress.idOf), id],
  memberships,
  isOperator: false
})

const EPOCH = new Date(0)

/** The name of a person in the audit log. */
export const nameInLog = (id: PersonId): string =>
  actorOf(principalOf({ id, name: null, addresses: [], identities: [], createdAt: EPOCH, deactivatedAt: null }, []))

/** There is no person with this id, or with this address, which is then `mailto:` and the address. */
export class PersonNotFound extends TaggedError<PersonNotFound>()("PersonNotFound", {
  id: described("The id of the person", Schema.String)
}) {
  override get message(): string {
    return `There is no person ${this.id}.`
  }
}
