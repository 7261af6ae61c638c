/**
 * The principal who asks: who they are, what they belong to, and what they have registered for.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Me, OwnMembership } from "../../../access/domain/Me.ts"
import { PersonId } from "../../../access/domain/Person.ts"
import type { ApiKey, User } from "../../../access/domain/policy/Principal.ts"
import { OrganizationStore } from "../../../access/ports/OrganizationStore.ts"
import { PeopleStore } from "../../../access/ports/PeopleStore.ts"
import * as OwnRegistrations from "../../../admission/application/OwnRegistrations.ts"
import type { GivenAttendeeQuery } from "../../../admission/application/Queries.ts"
import { AdmissionReads } from "../../../admission/ports/AdmissionReads.ts"
import { Forbidden } from "../../../kernel/domain/access/Refusals.ts"
import type { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import { mayAtAll, themself } from "../Guard.ts"

/** The most organizations that are looked for at a time. */
const AT_ONCE = 8

const make = Effect.gen(function* () {
  const people = yield* PeopleStore
  const organizations = yield* OrganizationStore
  const reads = yield* AdmissionReads

  const organizationOf = (id: OrganizationId) =>
    Effect.map(organizations.find({ id }), (found) => found && { id: found.id, slug: found.slug, name: found.name })

  const asPerson = Effect.fnUntraced(function* ({ address, id, isOperator, memberships, name }: User) {
    const person = yield* people.find(PersonId.make(id))
    const found = yield* Effect.forEach(
      memberships,
      ({ organizationId, role }) =>
        Effect.map(organizationOf(organizationId), (organization): ReadonlyArray<OwnMembership> =>
          organization === undefined ? [] : [{ ...organization, role }]
        ),
      { concurrency: AT_ONCE }
    )
    return {
      kind: "user" as const,
      id: PersonId.make(id),
      name: person?.name ?? name,
      addresses: person?.addresses ?? (address === null ? [] : [address]),
      organizations: found.flat().toSorted((one, other) => (one.id < other.id ? -1 : 1)),
      isOperator
    }
  })

  const asApiKey = Effect.fnUntraced(function* ({ id, organizationId, role }: ApiKey) {
    const organization = organizationId === null ? null : ((yield* organizationOf(organizationId)) ?? null)
    return { kind: "apiKey" as const, id, role, organization }
  })

  return {
    get: Effect.gen(function* () {
      const principal = yield* CurrentPrincipal
      yield* mayAtAll(principal, "getMe")
      switch (principal.kind) {
        case "user":
          return (yield* asPerson(principal)) satisfies Me as Me
        case "apiKey":
          return (yield* asApiKey(principal)) satisfies Me as Me
        case "attendeeLink":
        case "operator":
          return principal satisfies Me as Me
        default:
          // The process itself asks nobody who it is.
          return yield* new Forbidden({ operation: "getMe" })
      }
    }),
    /** Returns the registrations of the person, by each of their addresses and by their id, the oldest first. */
    registrations: Effect.fnUntraced(
      function* (query: GivenAttendeeQuery) {
        const { attendeeIds } = yield* themself("listMyRegistrations")
        return yield* OwnRegistrations.list(attendeeIds, query)
      },
      Effect.provideService(AdmissionReads, reads)
    )
  }
})

export class GuardedMe extends Context.Service<GuardedMe, Effect.Success<typeof make>>()("@turnout/GuardedMe") {
  static readonly layer: Layer.Layer<GuardedMe, never, AdmissionReads | OrganizationStore | PeopleStore> = Layer.effect(
    GuardedMe,
    make
  )
}
