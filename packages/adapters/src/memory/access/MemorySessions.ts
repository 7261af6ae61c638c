/**
 * Sessions and sign-in links in memory.
 */
import { nameInLog, type PersonId } from "@turnout/core/access/domain/Person"
import {
  NOTED_MILLIS,
  PersonDeactivated,
  type Session,
  SESSION_MILLIS,
  SessionNotFound,
  validMillis
} from "@turnout/core/access/domain/signIn/Session"
import { LINK_MILLIS, LinkRefused, MAX_LINKS } from "@turnout/core/access/domain/signIn/SignInLink"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MapSweep from "../MapSweep.ts"
import { MemoryClock } from "../MemoryClock.ts"
import { Accounts } from "./MemoryAccounts.ts"
import { currentRequest, Entries } from "./MemoryAuditLog.ts"

const aboutOf = (id: Session["id"]) => ({ resource: `session:${id}` })

const make = Effect.gen(function* () {
  const audit = yield* Entries
  const { now } = yield* MemoryClock
  const { links, people, sessions } = yield* Accounts
  const sweepSessions = MapSweep.make(sessions)
  const sweepLinks = MapSweep.make(links)

  const later = (millis: number) => new Date(now().getTime() + millis)
  const validOf = (personId: PersonId) =>
    [...sessions.values()]
      .map(({ session }) => session)
      .filter((session) => session.personId === personId && validMillis(session, now()) > 0)
  const change = (id: Session["id"], changes: Partial<Session>): void => {
    const { digest, session } = sessions.get(id)!
    sessions.set(id, { digest, session: { ...session, ...changes } })
  }

  return SessionStore.of({
    createLink: ({ address, digest, id }) =>
      Effect.sync(() => {
        const recent = [...links.values()].filter((link) => link.address === address && link.expiresAt > now())
        if (recent.length >= MAX_LINKS) return undefined
        const expiresAt = later(LINK_MILLIS)
        links.set(id, { digest, address, expiresAt, isUsed: false })
        return expiresAt
      }),
    redeem: (id, digest) =>
      Effect.suspend(() => {
        const link = links.get(id)
        if (link === undefined || link.digest !== digest || link.isUsed || link.expiresAt <= now())
          return Effect.fail(new LinkRefused())
        links.set(id, { ...link, isUsed: true })
        return Effect.succeed(link.address)
      }),
    create: ({ digest, ...made }) =>
      Effect.suspend(() => {
        const { id, personId } = made
        const known = sessions.get(id)
        if (known !== undefined) return Effect.succeed(known.session)
        if (people.get(personId)?.deactivatedAt !== null) return Effect.fail(new PersonDeactivated({ id: personId }))
        const session = { ...made, createdAt: now(), lastUsedAt: now(), endsAt: later(SESSION_MILLIS) }
        sessions.set(id, { digest, session })
        const request = currentRequest()
        const requestId = request.id ?? `session:${id}`
        const [who, details] = [nameInLog(personId), { session: id, person: personId }]
        audit.write(who, "sessions.create", details, aboutOf(id), { ...request, id: requestId })
        const { address, userAgent } = made
        if (address !== null || userAgent !== null)
          audit.addOrigin({ requestId, who, credential: request.credential, address, userAgent })
        return Effect.succeed(session)
      }),
    find: (id) =>
      Effect.sync(() => {
        const stored = sessions.get(id)
        return stored && { ...stored, validMillis: validMillis(stored.session, now()) }
      }),
    noteUsed: (id) =>
      Effect.sync(() => {
        const session = sessions.get(id)?.session
        if (session === undefined || validMillis(session, now()) === 0) return
        if (now().getTime() - session.lastUsedAt.getTime() < NOTED_MILLIS) return
        change(id, { lastUsedAt: now(), endsAt: later(SESSION_MILLIS) })
      }),
    list: (personId, { after, limit }) =>
      Effect.sync(() =>
        validOf(personId)
          .filter(({ id }) => after === null || id > after)
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit)
      ),
    end: (id, personId, who) =>
      Effect.suspend(() => {
        const session = sessions.get(id)?.session
        if (session?.personId !== personId) return Effect.fail(new SessionNotFound({ id }))
        if (validMillis(session, now()) === 0) return Effect.void
        change(id, { endsAt: now() })
        audit.write(who, "sessions.end", { session: id, person: personId }, aboutOf(id))
        return Effect.void
      }),
    endAll: (personId, who) =>
      Effect.sync(() => {
        const ended = validOf(personId)
        for (const { id } of ended) change(id, { endsAt: now() })
        const details = { person: personId, sessions: ended.length }
        if (ended.length > 0) audit.write(who, "sessions.endAll", details, { resource: `person:${personId}` })
        return ended.length
      }),
    forgetSessions: Effect.sync(() => sweepSessions(({ session }) => session.endsAt <= now())),
    forgetLinks: Effect.sync(() => sweepLinks(({ expiresAt }) => expiresAt <= now()))
  })
})

export const layer: Layer.Layer<SessionStore, never, Accounts | Entries | MemoryClock> = Layer.effect(
  SessionStore,
  make
)
