/**
 * Who somebody is who asks: what a principal is told of itself.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"
import { CredentialId } from "./credentials/Credential.ts"
import { Organization } from "./Organization.ts"
import { Person } from "./Person.ts"
import { MemberRole, Role } from "./policy/Role.ts"

const { id, name, slug } = Organization.fields

/** An organization that the principal belongs to. */
const OwnOrganization = Schema.Struct({ id, slug, name }).annotate({ identifier: "OwnOrganization" })

/** An organization of a person, with the role that they have there. */
export const OwnMembership = Schema.Struct({
  id,
  slug,
  name,
  role: described("The role that the person has there", MemberRole)
}).annotate({ identifier: "OwnMembership" })
export interface OwnMembership extends Schema.Schema.Type<typeof OwnMembership> {}

const kind = <const K extends string>(literal: K) => described("What kind of credential asks", Schema.Literal(literal))

/** A person, by a session or the token of an issuer. */
const AsPerson = Schema.Struct({
  kind: kind("user"),
  id: Person.fields.id,
  name: Person.fields.name,
  addresses: Person.fields.addresses,
  organizations: described(
    "The organizations that the person is a member of, with those of their token, in the order of their ids",
    Schema.Array(OwnMembership)
  ),
  isOperator: described("Whether the person runs the installation", Schema.Boolean)
}).annotate({ identifier: "MeAsPerson" })

/** A program, by an API key. */
const AsApiKey = Schema.Struct({
  kind: kind("apiKey"),
  id: described("The id of the key", CredentialId),
  role: described("The role of the key", Role),
  organization: described(
    "The organization of the key; null if it is that of an operator",
    Schema.NullOr(OwnOrganization)
  )
}).annotate({ identifier: "MeAsApiKey" })

/** An attendee, by the link of one registration. */
const AsAttendee = Schema.Struct({
  kind: kind("attendeeLink"),
  eventId: described("The event of the registration that the link opens", EventId),
  registrationId: described("The registration that the link opens", Uuid)
}).annotate({ identifier: "MeAsAttendee" })

/** Those who run the installation, by the token that opens everything. */
const AsOperator = Schema.Struct({ kind: kind("operator") }).annotate({ identifier: "MeAsOperator" })

export const Me = Schema.Union([AsPerson, AsApiKey, AsAttendee, AsOperator]).annotate({ identifier: "Me" })
export type Me = typeof Me.Type
