/**
 * The sessions of the person who asks: to look at them, and to end them. Nobody sees or ends those of others here.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SignIn } from "../../../access/application/SignIn.ts"
import { PersonId } from "../../../access/domain/Person.ts"
import type { OwnSession, SessionId } from "../../../access/domain/signIn/Session.ts"
import { actorOf } from "../../../access/domain/policy/Principal.ts"
import type { PageRequest } from "../../../kernel/domain/Page.ts"
import { themself } from "../Guard.ts"

const make = Effect.gen(function* () {
  const signIn = yield* SignIn
  return {
    /** Returns the sessions that are valid, the oldest first; the key is the id. */
    list: Effect.fnUntraced(function* (page: PageRequest<SessionId>) {
      const { id, sessionId } = yield* themself("listSessions")
      const sessions = yield* signIn.list(PersonId.make(id), page)
      return sessions.map((session): OwnSession => ({ ...session, isCurrent: session.id === sessionId }))
    }),
    /** Ends a session, and returns whether it is the one that asks. */
    end: Effect.fnUntraced(function* (sessionId: SessionId) {
      const person = yield* themself("endSession")
      yield* signIn.end(sessionId, PersonId.make(person.id), actorOf(person))
      return person.sessionId === sessionId
    }),
    /** Ends all sessions, the one that asks included, and returns their number. */
    endAll: Effect.gen(function* () {
      const person = yield* themself("endAllSessions")
      return yield* signIn.endAll(PersonId.make(person.id), actorOf(person))
    })
  }
})

export class GuardedSessions extends Context.Service<GuardedSessions, Effect.Success<typeof make>>()(
  "@turnout/GuardedSessions"
) {
  static readonly layer: Layer.Layer<GuardedSessions, never, SignIn> = Layer.effect(GuardedSessions, make)
}
