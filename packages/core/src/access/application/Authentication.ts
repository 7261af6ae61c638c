/**
 * Authentication: who the bearer of a credential is.
 *
 * A key that was found is remembered for a while, so that requests cost no look at the store. A key that is revoked, replaced or has
 * ended stops working within `REMEMBERED_MILLIS`, in every process.
 */
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { type ApiKeyId, parse } from "../domain/ApiKey.ts"
import * as AttendeeLink from "../domain/AttendeeLink.ts"
import { CredentialRefused } from "../domain/CredentialRefused.ts"
import type { Principal } from "../domain/Principal.ts"
import { AttendeeLinkStore } from "../ports/AttendeeLinkStore.ts"
import { ApiKeyStore, type StoredApiKey } from "../ports/ApiKeyStore.ts"
import { hasDigest } from "./Secrets.ts"

/** The longest time for which a key that has ended, or was revoked, still works. */
export const REMEMBERED_MILLIS = 10_000
/** The most keys that a process remembers. */
const MAX_REMEMBERED = 10_000
const HOUR_MILLIS = 60 * 60 * 1_000

export class Authentication extends Context.Service<
  Authentication,
  {
    /** Returns the principal that the text of an API key belongs to. */
    readonly apiKey: (text: string) => Effect.Effect<Principal, CredentialRefused | StoreError>
    /** Returns the principal that the text of an attendee link belongs to. The store is asked each time: a new link ends it at once. */
    readonly attendeeLink: (text: string) => Effect.Effect<Principal, CredentialRefused | StoreError>
  }
>()("@turnout/Authentication") {}

/** For how long what was found is remembered: a key that is not there, and one that is not valid, are looked up each time. */
const timeToLive = (exit: Exit.Exit<StoredApiKey | undefined, StoreError>): number =>
  Exit.isSuccess(exit) && exit.value !== undefined
    ? Math.min(REMEMBERED_MILLIS, exit.value.validMillis ?? REMEMBERED_MILLIS)
    : 0

const make = Effect.gen(function* () {
  const store = yield* ApiKeyStore
  const links = yield* AttendeeLinkStore
  const known = yield* Cache.makeWith(store.find, { capacity: MAX_REMEMBERED, timeToLive })
  /** The hours in which keys were noted to be in use, by this process. */
  const noted = new Map<ApiKeyId, number>()

  /** Notes in the background that a key is in use: a request does not wait for it, and does not fail with it. */
  const note = Effect.fnUntraced(function* (id: ApiKeyId) {
    const hour = Math.floor((yield* Clock.currentTimeMillis) / HOUR_MILLIS)
    if (noted.get(id) === hour) return
    if (noted.size >= MAX_REMEMBERED) noted.clear()
    noted.set(id, hour)
    const noting = Effect.catch(store.noteUsed(id), (error) =>
      Effect.logWarning(`it could not be noted that API key ${id} is in use`, error)
    )
    yield* Effect.forkDetach(noting)
  })

  return Authentication.of({
    apiKey: Effect.fnUntraced(function* (text): Effect.fn.Return<Principal, CredentialRefused | StoreError> {
      const given = parse(text)
      const stored = given === undefined ? undefined : yield* Cache.get(known, given.id)
      if (given === undefined || stored === undefined || stored.validMillis === 0) return yield* new CredentialRefused()
      if (!hasDigest(given.secret, stored.digest)) return yield* new CredentialRefused()
      const { id, organizationId, role } = stored.key
      yield* note(id)
      return { kind: "apiKey", id, role, organizationId }
    }),
    attendeeLink: Effect.fnUntraced(function* (text): Effect.fn.Return<Principal, CredentialRefused | StoreError> {
      const given = AttendeeLink.parse(text)
      const stored = given === undefined ? undefined : yield* links.find(given.registrationId)
      if (given === undefined || stored === undefined || !hasDigest(given.secret, stored.digest))
        return yield* new CredentialRefused()
      return { kind: "attendeeLink", eventId: stored.eventId, registrationId: given.registrationId }
    })
  })
})

export const layer: Layer.Layer<Authentication, never, ApiKeyStore | AttendeeLinkStore> = Layer.effect(
  Authentication,
  make
)
