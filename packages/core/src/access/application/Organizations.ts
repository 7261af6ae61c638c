/**
 * Organizations, for operators. Every use checks its input, and names the operator for the audit log.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import {
  type Organization,
  OrganizationChanges,
  OrganizationInput,
  readName,
  type SlugTaken
} from "../domain/Organization.ts"
import { OrganizationStore } from "../ports/OrganizationStore.ts"

const decodeInput = decoder(OrganizationInput)
const decodeChanges = decoder(OrganizationChanges)

export class Organizations extends Context.Service<
  Organizations,
  {
    /** Adds an organization. */
    readonly create: (
      input: typeof OrganizationInput.Encoded,
      who: string
    ) => Effect.Effect<Organization, SlugTaken | InvalidInput | StoreError>
    /** Returns the organization of this id or short name. */
    readonly get: (name: string) => Effect.Effect<Organization, OrganizationNotFound | StoreError>
    /** Returns organizations in the order of their short names, which are the keys. */
    readonly list: (page: PageRequest<string>) => Effect.Effect<ReadonlyArray<Organization>, StoreError>
    /** Renames an organization: a field that is absent stays as it is. */
    readonly update: (
      name: string,
      changes: typeof OrganizationChanges.Encoded,
      who: string
    ) => Effect.Effect<Organization, OrganizationNotFound | SlugTaken | InvalidInput | StoreError>
  }
>()("@turnout/Organizations") {}

/** Returns the organization of this id, in any spelling, or of this short name. */
export const find = Effect.fnUntraced(function* (
  text: string
): Effect.fn.Return<Organization, OrganizationNotFound | StoreError, OrganizationStore> {
  const name = readName(text)
  const organization = name === undefined ? undefined : yield* OrganizationStore.use((store) => store.find(name))
  return organization ?? (yield* new OrganizationNotFound({ organization: text }))
})

const make = Effect.gen(function* () {
  const store = yield* OrganizationStore
  const get = (text: string) => Effect.provideService(find(text), OrganizationStore, store)

  return Organizations.of({
    create: Effect.fnUntraced(function* (input, who) {
      return yield* store.create(OrganizationId.make(randomUUID()), yield* decodeInput(input), who)
    }),
    get,
    list: store.list,
    update: Effect.fnUntraced(function* (text, changes, who) {
      const decoded = yield* decodeChanges(changes)
      const { id } = yield* get(text)
      return yield* store.update(id, decoded, who)
    })
  })
})

export const layer: Layer.Layer<Organizations, never, OrganizationStore> = Layer.effect(Organizations, make)
