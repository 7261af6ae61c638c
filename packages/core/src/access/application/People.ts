/**
 * People, for those who run the installation. Every change names its principal for the audit log.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { type Person, type PersonId, PersonNotFound } from "../domain/Person.ts"
import { PeopleStore } from "../ports/PeopleStore.ts"

export class People extends Context.Service<
  People,
  {
    readonly get: (id: PersonId) => Effect.Effect<Person, PersonNotFound | StoreError>
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
    deactivate: store.deactivate,
    reactivate: store.reactivate
  })
})

export const layer: Layer.Layer<People, never, PeopleStore> = Layer.effect(People, make)
