/**
 * The people who have registered for the events of an organization.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import * as Search from "../../kernel/domain/text/Search.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { AttendeeId } from "../domain/model/Attendee.ts"
import type { RegisteredPerson } from "../domain/model/RegisteredPerson.ts"
import { AdmissionReads } from "../ports/AdmissionReads.ts"

export const PeopleQuery = Schema.Struct({
  /** Only those whose address, or a word of whose name, begins with each of these words. */
  search: Schema.optionalKey(Search.Search)
})

const decode = decoder(PeopleQuery)

/** Refuses a query that breaks a rule, before anything is looked for. */
export const check = (query: typeof PeopleQuery.Encoded): Effect.Effect<void, InvalidInput> =>
  Effect.asVoid(decode(query))

/** Returns people in the order of their ids, which are the keys. */
export const list = Effect.fnUntraced(function* (
  organizationId: OrganizationId,
  query: typeof PeopleQuery.Encoded,
  page: PageRequest<AttendeeId>
): Effect.fn.Return<ReadonlyArray<RegisteredPerson>, InvalidInput | StoreError, AdmissionReads> {
  const { search } = yield* decode(query)
  const { people } = yield* AdmissionReads
  return yield* people(organizationId, search === undefined ? null : Search.terms(search), page)
})
