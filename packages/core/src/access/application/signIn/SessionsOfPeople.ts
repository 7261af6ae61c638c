/**
 * The sessions of people, for those who run the installation. Every change names its principal for the audit log.
 *
 * A session that was ended works for up to ten seconds more in each process (`REMEMBERED_MILLIS` of `Authentication`).
 */
import * as Effect from "effect/Effect"
import type { PageRequest } from "../../../kernel/domain/Page.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import type { PersonId } from "../../domain/Person.ts"
import { type Session, type SessionId, SessionNotFound } from "../../domain/signIn/Session.ts"
import { SessionStore } from "../../ports/SessionStore.ts"

/** Returns the sessions of a person that are valid, the oldest first; the key is the id. */
export const list = (
  personId: PersonId,
  page: PageRequest<SessionId>
): Effect.Effect<ReadonlyArray<Session>, StoreError, SessionStore> =>
  SessionStore.use((sessions) => sessions.list(personId, page))

/** Ends a session, whoever has it, and returns it as it was. A session that has ended stays as it is, and no entry is written. */
export const end = Effect.fnUntraced(function* (
  id: SessionId,
  who: string
): Effect.fn.Return<Session, SessionNotFound | StoreError, SessionStore> {
  const sessions = yield* SessionStore
  const stored = yield* sessions.find(id)
  if (stored === undefined) return yield* new SessionNotFound({ id })
  yield* sessions.end(id, stored.session.personId, who)
  return stored.session
})

/** Ends all sessions of a person, and returns their number. */
export const endAll = (personId: PersonId, who: string): Effect.Effect<number, StoreError, SessionStore> =>
  SessionStore.use((sessions) => sessions.endAll(personId, who))
