/**
 * Sessions and sign-in links as stores keep them: by id, with the digests of their secrets (SHA-256, in hexadecimal digits). Times are
 * those of the store's clock. Sessions that begin, and those that are ended, are written to the audit log in the same transaction.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Swept } from "../../kernel/ports/Swept.ts"
import type { PersonId } from "../domain/Person.ts"
import type { PersonDeactivated, Session, SessionId, SessionNotFound } from "../domain/signIn/Session.ts"
import type { LinkRefused, SignInLinkId } from "../domain/signIn/SignInLink.ts"

/** A link that is to be stored. The address is folded. */
export interface NewSignInLink {
  readonly id: SignInLinkId
  readonly digest: string
  readonly address: string
}

/** A session that is to be stored. */
export interface NewSession extends Pick<Session, "id" | "personId" | "userAgent" | "address"> {
  readonly digest: string
}

export interface StoredSession {
  readonly session: Session
  readonly digest: string
  /** For how long the session is still valid, if it is not used: 0 if it has ended. */
  readonly validMillis: number
}

export class SessionStore extends Context.Service<
  SessionStore,
  {
    /**
     * Adds a link, and returns when it ends: `LINK_MILLIS` from now. Adds none, and returns `undefined`, if `MAX_LINKS` were made for
     * the address within `LINK_MILLIS`, also if several are asked for at once.
     */
    readonly createLink: (link: NewSignInLink) => Effect.Effect<Date | undefined, StoreError>
    /**
     * Uses a link, and returns its address. Fails alike if there is none of this id, if the digest is another one, and if the link was
     * used or has ended. Of two who use it at the same moment, one is refused.
     */
    readonly redeem: (id: SignInLinkId, digest: string) => Effect.Effect<string, LinkRefused | StoreError>
    /** Adds a session, unless there is one of this id; returns the session as it is then. A person who is deactivated gets none. */
    readonly create: (session: NewSession) => Effect.Effect<Session, PersonDeactivated | StoreError>
    /** Returns a session with its digest, valid or not; `undefined` if there is none. */
    readonly find: (id: SessionId) => Effect.Effect<StoredSession | undefined, StoreError>
    /**
     * Notes that a session is in use: it ends `SESSION_MILLIS` from now. Nothing is written within `NOTED_MILLIS` of the note before,
     * nor of a session that has ended.
     */
    readonly noteUsed: (id: SessionId) => Effect.Effect<void, StoreError>
    /** Returns the sessions of a person that are valid, the oldest first; the key is the id. */
    readonly list: (
      personId: PersonId,
      page: PageRequest<SessionId>
    ) => Effect.Effect<ReadonlyArray<Session>, StoreError>
    /** Ends a session of a person; changes nothing, and writes no entry, if it has ended. */
    readonly end: (id: SessionId, personId: PersonId, who: string) => Effect.Effect<void, SessionNotFound | StoreError>
    /** Ends all sessions of a person, and returns their number. */
    readonly endAll: (personId: PersonId, who: string) => Effect.Effect<number, StoreError>
    /** A step of a sweep that deletes sessions which have ended. */
    readonly forgetSessions: Effect.Effect<Swept, StoreError>
    /** A step of a sweep that deletes links which have ended. One that was used is kept until then: it counts for its address. */
    readonly forgetLinks: Effect.Effect<Swept, StoreError>
  }
>()("@turnout/SessionStore") {}
