/**
 * Members of organizations, for those who care for them. Every use checks its input, refuses to give or to take away what the caller
 * lacks, and names the caller for the audit log.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import type { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import {
  type LastOwner,
  type Member,
  MemberChanges,
  type MemberExists,
  MemberId,
  MemberInput,
  type MemberName,
  MemberNotFound
} from "../domain/Member.ts"
import type { Permission } from "../domain/policy/Permission.ts"
import { givableBy, type MayNotGive, MemberRole } from "../domain/policy/Role.ts"
import { textOf } from "../domain/Subject.ts"
import { MemberStore } from "../ports/MemberStore.ts"
import * as Giving from "./Giving.ts"

const decodeInput = decoder(MemberInput)
const decodeChanges = decoder(MemberChanges)

/** `held` are the permissions that the caller has in the organization. */
export class Members extends Context.Service<
  Members,
  {
    /** Adds a member. Somebody who is one already has to be changed. */
    readonly add: (
      organizationId: OrganizationId,
      input: typeof MemberInput.Encoded,
      held: ReadonlySet<Permission>,
      who: string
    ) => Effect.Effect<Member, OrganizationNotFound | MemberExists | MayNotGive | InvalidInput | StoreError>
    /** Gives a member another role. The caller must be able to give the role before, and the new one. */
    readonly change: (
      organizationId: OrganizationId,
      id: MemberId,
      changes: typeof MemberChanges.Encoded,
      held: ReadonlySet<Permission>,
      who: string
    ) => Effect.Effect<Member, MemberNotFound | LastOwner | MayNotGive | InvalidInput | StoreError>
    /** Removes a member, and returns it as it was. The caller must be able to give its role. */
    readonly remove: (
      organizationId: OrganizationId,
      id: MemberId,
      held: ReadonlySet<Permission>,
      who: string
    ) => Effect.Effect<Member, MemberNotFound | LastOwner | MayNotGive | StoreError>
    /** Returns a member by the id or by who it is. */
    readonly get: (
      organizationId: OrganizationId,
      name: MemberName
    ) => Effect.Effect<Member, MemberNotFound | StoreError>
    /** Returns the members of an organization, the oldest first; the key is the id. */
    readonly list: (
      organizationId: OrganizationId,
      page: PageRequest<MemberId>
    ) => Effect.Effect<ReadonlyArray<Member>, StoreError>
  }
>()("@turnout/Members") {}

const make = Effect.gen(function* () {
  const store = yield* MemberStore
  const random = yield* SecureRandom.SecureRandom
  const by = (held: ReadonlySet<Permission>, who: string) => ({ who, givable: givableBy(held, MemberRole.literals) })

  return Members.of({
    add: Effect.fnUntraced(function* (organizationId, input, held, who) {
      const { role, subject } = yield* decodeInput(input)
      yield* Giving.check(held, role)
      const id = MemberId.make(yield* random.uuidV7())
      return yield* store.add({ id, organizationId, subject, role }, who)
    }),
    change: Effect.fnUntraced(function* (organizationId, id, changes, held, who) {
      const { role } = yield* decodeChanges(changes)
      yield* Giving.check(held, role)
      return yield* store.changeRole(organizationId, id, role, by(held, who))
    }),
    remove: (organizationId, id, held, who) => store.remove(organizationId, id, by(held, who)),
    get: Effect.fnUntraced(function* (organizationId, name) {
      const found = yield* store.find(organizationId, name)
      const member = "id" in name ? name.id : textOf(name.subject)
      return found ?? (yield* new MemberNotFound({ organization: organizationId, member }))
    }),
    list: store.list
  })
})

export const layer: Layer.Layer<Members, never, MemberStore> = Layer.effect(Members, make).pipe(
  Layer.provide(SecureRandom.layerWebCrypto)
)
