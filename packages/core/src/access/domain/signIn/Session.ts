/**
 * Sessions: the credentials of people who have signed in by mail.
 *
 * A session is the text `ts_<id>_<secret>`, which is shown once, when somebody signs in. It ends 30 days after it was last used, or when
 * its owner ends it.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"
import { CredentialId } from "../credentials/Credential.ts"
import { PersonId } from "../Person.ts"

export const SessionId = CredentialId
export type SessionId = typeof SessionId.Type

/** For how long a session is valid after it was last used: 30 days. */
export const SESSION_MILLIS = 30 * 24 * 60 * 60 * 1_000
/** The shortest time between two notes that a session is in use: an hour. */
export const NOTED_MILLIS = 60 * 60 * 1_000

export const Session = Schema.Struct({
  /** The id of the session. */
  id: described("The id of the session", SessionId),
  /** The person who has signed in. */
  personId: described("The person who has signed in", PersonId),
  /** When the person signed in. */
  createdAt: described("When the person signed in", Instant),
  /** When the session was used last, to the hour. */
  lastUsedAt: described("When the session was used last, to an hour", Instant),
  /** When the session ends, unless it is used before, or when it has ended. */
  endsAt: described("When the session ends, unless it is used before", Instant),
  /** What the browser called itself when the person signed in; `null` if it said nothing. */
  userAgent: described("What the browser called itself; null if it said nothing", Schema.NullOr(Schema.String)),
  /** The IP address from which the person signed in; `null` if it is not known. */
  address: described(
    "The IP address from which the person signed in; null if it is not known",
    Schema.NullOr(Schema.String)
  )
}).annotate({ identifier: "Session" })
export interface Session extends Schema.Schema.Type<typeof Session> {}

/** A session as its owner sees it. */
export const OwnSession = Schema.Struct({
  ...Session.fields,
  /** Whether the session is the one that asks. */
  isCurrent: described("Whether this is the session that the request was sent with", Schema.Boolean)
}).annotate({ identifier: "OwnSession" })
export interface OwnSession extends Schema.Schema.Type<typeof OwnSession> {}

/** For how long a session is still valid if it is not used: 0 if it has ended. */
export const validMillis = ({ endsAt }: Session, now: Date): number => Math.max(0, endsAt.getTime() - now.getTime())

/** The person has no session with this id. */
export class SessionNotFound extends TaggedError<SessionNotFound>()("SessionNotFound", {
  id: described("The id of the session", Schema.String)
}) {
  override get message(): string {
    return `There is no session ${this.id}.`
  }
}

/** The person is deactivated, and gets no session. */
export class PersonDeactivated extends TaggedError<PersonDeactivated>()("PersonDeactivated", {
  id: described("The id of the person", Schema.String)
}) {
  override get message(): string {
    return `Person ${this.id} is deactivated.`
  }
}
