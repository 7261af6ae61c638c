/**
 * People, behind the policy: staff see those who have registered for the events of their organization, and operators deactivate those who
 * sign in.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { People } from "../../../access/application/People.ts"
import type { PersonId } from "../../../access/domain/Person.ts"
import { OrganizationStore } from "../../../access/ports/OrganizationStore.ts"
import * as RegisteredPeople from "../../../admission/application/RegisteredPeople.ts"
import type { AttendeeId } from "../../../admission/domain/model/Attendee.ts"
import { AdmissionReads } from "../../../admission/ports/AdmissionReads.ts"
import type { PageRequest } from "../../../kernel/domain/Page.ts"
import { inOrganization, lookAtInstallation, onInstallation } from "../Guard.ts"

const resourceOf = (id: PersonId) => `person:${id}`

const make = Effect.gen(function* () {
  const people = yield* People
  const reads = yield* AdmissionReads
  const organizations = yield* OrganizationStore

  return {
    list: Effect.fnUntraced(
      function* (named: string, query: typeof RegisteredPeople.PeopleQuery.Encoded, page: PageRequest<AttendeeId>) {
        const { noteRead, organization } = yield* inOrganization("listPeople", named)
        return yield* Effect.tap(RegisteredPeople.list(organization.id, query, page), noteRead)
      },
      Effect.provideService(OrganizationStore, organizations),
      Effect.provideService(AdmissionReads, reads)
    ),
    /** Returns those who have a verified address now: one person, or nobody. */
    find: (address: string) =>
      lookAtInstallation(
        "findPeople",
        people.getByAddress(address).pipe(
          Effect.map((person) => [person]),
          Effect.catchTag("PersonNotFound", () => Effect.succeed([]))
        )
      ),
    get: (id: PersonId) => lookAtInstallation("getPerson", people.get(id), resourceOf(id)),
    deactivate: (id: PersonId) =>
      onInstallation("deactivatePerson", (who) => people.deactivate(id, who), resourceOf(id)),
    reactivate: (id: PersonId) =>
      onInstallation("reactivatePerson", (who) => people.reactivate(id, who), resourceOf(id))
  }
})

export class GuardedPeople extends Context.Service<GuardedPeople, Effect.Success<typeof make>>()(
  "@turnout/GuardedPeople"
) {
  static readonly layer: Layer.Layer<GuardedPeople, never, AdmissionReads | OrganizationStore | People> = Layer.effect(
    GuardedPeople,
    make
  )
}
