/**
 * People, for those who run the installation. Every change names its principal for the audit log.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { type Person, type PersonId, PersonNotFound } from "../domain/Person.ts"
import { ByAddress, textOf } from "../domain/Subject.ts"
import { PeopleStore } from "../ports/PeopleStore.ts"

const decodeSubject = decoder(ByAddress)

export class People extends Context.Service<
  People,
  {
    readonly get: (id: PersonId) => Effect.Effect<Person, PersonNotFound | StoreError>
    /** Returns the person who has a verified address now, in any spelling. Nobody has an address who only registered with it. */
    readonly getByAddress: (address: string) => Effect.Effect<Person, PersonNotFound | InvalidInput | StoreError>
    /**
     * Deactivates a person, who can sign in no more, and ends their sessions, their sign-in links, and the links of their registrations,
     * which stay as they are. Every process may take the person for active for another ten seconds (`REMEMBERED_MILLIS` of
     * `Authentication`).
     */
    readonly deactivate: (id: PersonId, who: string) => Effect.Effect<Person, PersonNotFound | StoreError>
    /** Lets a person sign in again. */
    readonly reactivate: (id: PersonId, who: string) => Effect.Effect<Person, PersonNotFound | StoreError>
  }
>()("@turnout/People") {}

const make = Effect.gen(function* () {
  const store = yield* PeopleStore
  return People.of({
    get: Effect.fnUntraced(function* (id) {
      return (yield* store.find(id)) ?? (yield* new PersonNotFound({ id }))
    }),
    getByAddress: Effect.fnUntraced(function* (text) {
      const { address } = yield* decodeSubject({ address: text })
      return (yield* store.findByAddress(address)) ?? (yield* new PersonNotFound({ id: textOf({ address }) }))
    }),
    deactivate: store.deactivate,
    reactivate: store.reactivate
  })
})

export const layer: Layer.Layer<People, never, PeopleStore> = Layer.effect(People, make)
