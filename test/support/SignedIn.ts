/**
 * People who have signed in, by the text of a session, as a request sends it.
 */
import { newCredential } from "@turnout/core/access/application/Secrets"
import { PersonId } from "@turnout/core/access/domain/Person"
import type { From } from "@turnout/core/access/application/SignIn"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { randomUUID } from "node:crypto"

/** Signs in the person who has an address, from somewhere, and returns their id and the text of a new session. */
export const by = Effect.fnUntraced(function* (address: string, from = { userAgent: null, address: null } as From) {
  const store = yield* PeopleStore
  const person = yield* store.signedIn({ identity: null, address, name: null }, PersonId.make(randomUUID()))
  const { digest, id, text } = yield* Effect.provide(
    SecureRandom.SecureRandom.use((random) => newCredential(random, "session")),
    SecureRandom.layerWebCrypto
  )
  yield* SessionStore.use(({ create }) => create({ id, digest, personId: person.id, ...from }))
  return { personId: person.id, text }
})
