/**
 * What the suites of use cases behind the policy start from.
 */
import { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

/** Adds an organization, and gives its id. */
export const organization = Effect.fnUntraced(function* () {
  const id = OrganizationId.make(randomUUID())
  const slug = `o-${id}`.slice(0, 60)
  yield* OrganizationStore.use((store) => store.create(id, { slug, name: slug }, "ada"))
  return id
})

/** Publishes an event of an organization. */
export const eventOf = (organizationId: OrganizationId, changes: Parameters<typeof Given.eventInput>[0] = {}) =>
  Turnout.Turnout.use((turnout) =>
    Effect.flatMap(turnout.createEvent({ ...Given.eventInput(changes), organizationId }), ({ id }) =>
      turnout.publishEvent(id)
    )
  )

/** An address that nobody else has. */
export const newAddress = () => `ada-${randomUUID()}@example.com`
