/**
 * People in memory.
 */
import { nameInLog, type Person, type PersonId, PersonNotFound, principalOf } from "@turnout/core/access/domain/Person"
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { isKnown, type Joined, join } from "@turnout/core/access/domain/signIn/Joining"
import { textOfIdentity } from "@turnout/core/access/domain/Subject"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MemoryClock } from "../MemoryClock.ts"
import { Accounts } from "./MemoryAccounts.ts"
import { Links } from "./MemoryAttendeeLinks.ts"
import { Entries } from "./MemoryAuditLog.ts"

const aboutOf = (id: PersonId) => ({ resource: `person:${id}` })

const make = Effect.gen(function* () {
  const audit = yield* Entries
  const { now } = yield* MemoryClock
  const { byAddress, byIdentity, links, people, sessions } = yield* Accounts
  const attendeeLinks = yield* Links
  const reads = yield* AdmissionReads

  const change = (person: Person, changes: Partial<Person>): Person => {
    const changed = { ...person, ...changes }
    people.set(person.id, changed)
    return changed
  }
  /** Ends the sessions of a person, and the links of the addresses. */
  const endSignIns = ({ addresses, id: personId }: Person): void => {
    for (const [id, { digest, session }] of sessions)
      if (session.personId === personId && session.endsAt > now())
        sessions.set(id, { digest, session: { ...session, endsAt: now() } })
    for (const [id, link] of links) if (addresses.includes(link.address)) links.set(id, { ...link, isUsed: true })
  }
  /** Ends the links of the registrations of a person. */
  const endAttendeeLinks = Effect.fnUntraced(function* (person: Person) {
    const { attendeeIds } = principalOf(person, [])
    for (const [id, { eventId }] of attendeeLinks) {
      const registration = yield* reads.registration(eventId, id as RegistrationId)
      if (registration !== undefined && attendeeIds.includes(registration.attendee.id)) attendeeLinks.delete(id)
    }
  })
  const setActive = Effect.fnUntraced(function* (id: PersonId, isActive: boolean, who: string) {
    const person = people.get(id)
    if (person === undefined) return yield* new PersonNotFound({ id })
    if (isActive === (person.deactivatedAt === null)) return person
    audit.write(who, isActive ? "people.reactivate" : "people.deactivate", { person: id }, aboutOf(id))
    const changed = change(person, { deactivatedAt: isActive ? null : now() })
    if (!isActive) {
      endSignIns(person)
      yield* endAttendeeLinks(person)
    }
    return changed
  })

  const write = ({ address, from, identity, isNew, name, personId: id }: Joined): Person => {
    const loser = from === null ? undefined : people.get(from)
    if (loser !== undefined) change(loser, { addresses: loser.addresses.filter((one) => one !== address) })
    const person: Person = isNew
      ? { id, name: null, addresses: [], identities: [], createdAt: now(), deactivatedAt: null }
      : people.get(id)!
    if (address !== null) byAddress.set(address, id)
    if (identity !== null) byIdentity.set(textOfIdentity(identity), id)
    const told = { person: id, identity: identity === null ? null : textOfIdentity(identity), address, from }
    audit.write(nameInLog(id), "people.join", told, aboutOf(id))
    return change(person, {
      name: person.name ?? name,
      addresses: address === null ? person.addresses : [...person.addresses, address],
      identities: identity === null ? person.identities : [...person.identities, identity]
    })
  }

  return PeopleStore.of({
    signedIn: (signedIn, newId) =>
      Effect.sync(() => {
        const { address, identity } = signedIn
        const personOf = (id: PersonId | undefined) => (id === undefined ? undefined : people.get(id))
        const found = {
          byIdentity: identity === null ? undefined : personOf(byIdentity.get(textOfIdentity(identity))),
          byAddress: address === null ? undefined : personOf(byAddress.get(address))
        }
        const joined = join(signedIn, found, newId)
        return isKnown(joined) ? people.get(joined.personId)! : write(joined)
      }),
    find: (id) => Effect.sync(() => people.get(id)),
    deactivate: (id, who) => setActive(id, false, who),
    reactivate: (id, who) => setActive(id, true, who)
  })
})

export const layer: Layer.Layer<PeopleStore, never, Accounts | AdmissionReads | Entries | Links | MemoryClock> =
  Layer.effect(PeopleStore, make)
