/**
 * Authentication: who the bearer of a credential is.
 *
 * What was found is remembered for a while, so that requests cost no look at the store. A key or a session that has ended, and a person
 * who is deactivated or is a member no more, are so within `REMEMBERED_MILLIS`, in every process.
 */
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { type Credential, type CredentialId, type CredentialKind, parse } from "../domain/credentials/Credential.ts"
import { registrationOf } from "../domain/credentials/AttendeeLink.ts"
import { CredentialRefused } from "../domain/credentials/CredentialRefused.ts"
import { type Person, PersonId, principalOf, subjectsOf } from "../domain/Person.ts"
import type { Principal, User } from "../domain/policy/Principal.ts"
import { type Claims, readClaims } from "../domain/signIn/Joining.ts"
import { NOTED_MILLIS, type SessionId } from "../domain/signIn/Session.ts"
import { ApiKeyStore } from "../ports/ApiKeyStore.ts"
import { AttendeeLinkStore } from "../ports/AttendeeLinkStore.ts"
import { MemberStore } from "../ports/MemberStore.ts"
import { PeopleStore } from "../ports/PeopleStore.ts"
import { SessionStore } from "../ports/SessionStore.ts"
import { hasDigest } from "./Secrets.ts"

/** The longest time for which a credential that has ended, or was revoked, still works. */
export const REMEMBERED_MILLIS = 10_000
/** The most credentials of a kind that a process remembers. */
const MAX_REMEMBERED = 10_000

export class Authentication extends Context.Service<
  Authentication,
  {
    /** Returns the principal that the text of an API key belongs to. */
    readonly apiKey: (text: string) => Effect.Effect<Principal, CredentialRefused | StoreError>
    /** Returns the principal that the text of an attendee link belongs to. The store is asked each time: a new link ends it at once. */
    readonly attendeeLink: (text: string) => Effect.Effect<Principal, CredentialRefused | StoreError>
    /** Returns the person whom the text of a session belongs to. Those who are deactivated are refused. */
    readonly session: (text: string) => Effect.Effect<User, CredentialRefused | StoreError>
    /**
     * Returns the person of whom an issuer has told this, in a token that was verified: a person is made of somebody who is unknown.
     * The address is one that the issuer has verified. Those who are deactivated are refused.
     */
    readonly user: (claims: Claims) => Effect.Effect<User, CredentialRefused | StoreError>
  }
>()("@turnout/Authentication") {}

/** The bearer of a key, and for how long that may be remembered. */
interface Remembered {
  readonly principal: Principal
  /** The digest of the secret. */
  readonly digest: string
  readonly millis: number
}

/** Remembers what was found. A credential that is not there, and one that is not valid, are looked up each time. */
const remember = <Found extends { readonly millis: number }>(
  lookup: (key: string) => Effect.Effect<Found | undefined, StoreError>
) =>
  Effect.map(
    Cache.makeWith(lookup, {
      capacity: MAX_REMEMBERED,
      timeToLive: (exit: Exit.Exit<Found | undefined, StoreError>) =>
        Exit.isSuccess(exit) && exit.value !== undefined ? exit.value.millis : 0
    }),
    (cache) => (key: string) => Cache.get(cache, key)
  )

/**
 * Notes in the background that a credential is in use, at most once in `NOTED_MILLIS` by this process: a request does not wait for it,
 * and does not fail with it.
 */
const noting = (what: string, noteUsed: (id: CredentialId) => Effect.Effect<void, StoreError>) => {
  /** The hours in which credentials were noted. */
  const noted = new Map<CredentialId, number>()
  return Effect.fnUntraced(function* (id: CredentialId) {
    const hour = Math.floor((yield* Clock.currentTimeMillis) / NOTED_MILLIS)
    if (noted.get(id) === hour) return
    if (noted.size >= MAX_REMEMBERED) noted.clear()
    noted.set(id, hour)
    const note = Effect.catch(noteUsed(id), (error) =>
      Effect.logWarning(`it could not be noted that ${what} ${id} is in use`, error)
    )
    yield* Effect.forkDetach(note)
  })
}

const make = Effect.gen(function* () {
  const keys = yield* ApiKeyStore
  const sessions = yield* SessionStore
  const people = yield* PeopleStore
  const members = yield* MemberStore
  const links = yield* AttendeeLinkStore

  /** The principal that a person is; `undefined` if they are deactivated. */
  const principal = Effect.fnUntraced(function* (person: Person | undefined) {
    if (person === undefined || person.deactivatedAt !== null) return undefined
    return principalOf(person, yield* members.membershipsOf(subjectsOf(person)))
  })

  const findKey = Effect.fnUntraced(function* (id: string): Effect.fn.Return<Remembered | undefined, StoreError> {
    const stored = yield* keys.find(id)
    if (stored === undefined || stored.validMillis === 0) return undefined
    const { organizationId, role } = stored.key
    const millis = Math.min(REMEMBERED_MILLIS, stored.validMillis ?? REMEMBERED_MILLIS)
    return { principal: { kind: "apiKey", id, role, organizationId }, digest: stored.digest, millis }
  })
  const findSession = Effect.fnUntraced(function* (id: SessionId) {
    const stored = yield* sessions.find(id)
    if (stored === undefined || stored.validMillis === 0) return undefined
    const found = yield* principal(yield* people.find(stored.session.personId))
    const millis = Math.min(REMEMBERED_MILLIS, stored.validMillis)
    return found && { principal: { ...found, sessionId: id }, digest: stored.digest, millis }
  })
  const findUser = Effect.fnUntraced(function* (claims: string) {
    const signedIn = readClaims(JSON.parse(claims))
    if (signedIn === undefined) return undefined
    const found = yield* principal(yield* people.signedIn(signedIn, PersonId.make(randomUUID())))
    return found && { principal: found, millis: REMEMBERED_MILLIS }
  })

  const knownKey = yield* remember(findKey)
  const knownSession = yield* remember(findSession)
  const knownUser = yield* remember(findUser)
  const noteKey = noting("API key", keys.noteUsed)
  const noteSession = noting("session", sessions.noteUsed)

  const read = (text: string, kind: CredentialKind): Effect.Effect<Credential, CredentialRefused> => {
    const given = parse(text)
    return given?.kind === kind ? Effect.succeed(given) : Effect.fail(new CredentialRefused())
  }

  return Authentication.of({
    apiKey: Effect.fnUntraced(function* (text) {
      const { id, secret } = yield* read(text, "apiKey")
      const found = yield* knownKey(id)
      if (found === undefined || !hasDigest(secret, found.digest)) return yield* new CredentialRefused()
      yield* noteKey(id)
      return found.principal
    }),
    session: Effect.fnUntraced(function* (text) {
      const { id, secret } = yield* read(text, "session")
      const found = yield* knownSession(id)
      if (found === undefined || !hasDigest(secret, found.digest)) return yield* new CredentialRefused()
      yield* noteSession(id)
      return found.principal
    }),
    user: Effect.fnUntraced(function* ({ address, issuer, name, subject }) {
      const found = yield* knownUser(JSON.stringify({ address, issuer, name, subject }))
      return found === undefined ? yield* new CredentialRefused() : found.principal
    }),
    attendeeLink: Effect.fnUntraced(function* (text): Effect.fn.Return<Principal, CredentialRefused | StoreError> {
      const { id, secret } = yield* read(text, "attendeeLink")
      const registrationId = registrationOf(id)
      const stored = yield* links.find(registrationId)
      if (stored === undefined || !hasDigest(secret, stored.digest)) return yield* new CredentialRefused()
      return { kind: "attendeeLink", eventId: stored.eventId, registrationId }
    })
  })
})

export const layer: Layer.Layer<
  Authentication,
  never,
  ApiKeyStore | AttendeeLinkStore | MemberStore | PeopleStore | SessionStore
> = Layer.effect(Authentication, make)
