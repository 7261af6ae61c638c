/**
 * What the suites of sessions are given: people, links, sessions, and the uses of them.
 */
import { newCredential } from "@turnout/core/access/application/Secrets"
import { PersonId } from "@turnout/core/access/domain/Person"
import type { SessionId } from "@turnout/core/access/domain/signIn/Session"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { type NewSession, SessionStore } from "@turnout/core/access/ports/SessionStore"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { randomUUID } from "node:crypto"

/** The stores that the suites run on. */
export type Stores = AuditLog | PeopleStore | SessionStore

/** The largest difference between the clock of a store and that of the test. */
export const TOLERANCE_MILLIS = 5_000

export const use = <A, E, R>(f: (sessions: SessionStore["Service"]) => Effect.Effect<A, E, R>) => SessionStore.use(f)

export const somebody = () => `${randomUUID()}@example.com`

const made = (kind: "session" | "signInLink") =>
  Effect.provide(
    SecureRandom.SecureRandom.use((random) => newCredential(random, kind)),
    SecureRandom.layerWebCrypto
  )

/** A person who is known by an address. */
export const person = (address = somebody()) =>
  PeopleStore.use((store) => store.signedIn({ identity: null, address, name: null }, PersonId.make(randomUUID())))

/** Asks for a link for an address; `expiresAt` is `undefined` if there is none. */
export const link = Effect.fnUntraced(function* (address: string) {
  const { digest, id } = yield* made("signInLink")
  return { id, digest, expiresAt: yield* use(({ createLink }) => createLink({ id, digest, address })) }
})
export const redeem = ({ digest, id }: { readonly id: string; readonly digest: string }) =>
  use((store) => store.redeem(id, digest))

export const session = Effect.fnUntraced(function* (personId: PersonId, from: Partial<NewSession> = {}) {
  const { digest, id } = yield* made("session")
  return yield* use(({ create }) => create({ id, digest, personId, userAgent: null, address: null, ...from }))
})
export const find = (id: SessionId) => use((store) => store.find(id))

export const everySession = (personId: PersonId) => use(({ list }) => list(personId, { after: null, limit: 100 }))

export const entriesOf = (id: PersonId) =>
  Effect.map(
    AuditLog.use((log) => log.list({ after: null, limit: 500 })),
    (entries) =>
      entries
        .filter(({ action, details }) => details["person"] === id && action.startsWith("sessions."))
        .toReversed()
        .map(({ action, details, who }) => [who, action, details])
  )
