/**
 * People as stores keep them. Changes are written to the audit log in the same transaction.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Person, PersonId, PersonNotFound } from "../domain/Person.ts"
import type { SignedIn } from "../domain/signIn/Joining.ts"

export class PeopleStore extends Context.Service<
  PeopleStore,
  {
    /**
     * Returns the person who has signed in, as `Joining` decides it, with all that is known from now on; also a person who is
     * deactivated. A new person gets the id `newId`. Decisions are made one after the other, so those who sign in for the first time
     * by several requests at once are one person. Reads once, and writes nothing, if there is nothing new.
     */
    readonly signedIn: (signedIn: SignedIn, newId: PersonId) => Effect.Effect<Person, StoreError>
    /** Returns a person; `undefined` if there is none of this id. */
    readonly find: (id: PersonId) => Effect.Effect<Person | undefined, StoreError>
    /**
     * Deactivates a person, and ends their sessions, the sign-in links of their addresses, and the attendee links of the registrations
     * that are theirs; writes no entry if they are deactivated already.
     */
    readonly deactivate: (id: PersonId, who: string) => Effect.Effect<Person, PersonNotFound | StoreError>
    /** Lets a person sign in again; changes nothing, and writes no entry, if they can. */
    readonly reactivate: (id: PersonId, who: string) => Effect.Effect<Person, PersonNotFound | StoreError>
  }
>()("@turnout/PeopleStore") {}
