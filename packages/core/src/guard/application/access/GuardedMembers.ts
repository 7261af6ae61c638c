/**
 * Members of organizations, behind the policy. The organization is named by its id or its short name.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Members } from "../../../access/application/Members.ts"
import type { MemberId } from "../../../access/domain/Member.ts"
import type { Action } from "../../../access/domain/policy/Action.ts"
import { OrganizationStore } from "../../../access/ports/OrganizationStore.ts"
import type { PageRequest } from "../../../kernel/domain/Page.ts"
import { inOrganization } from "../Guard.ts"

type Service = Members["Service"]

const make = Effect.gen(function* () {
  const members = yield* Members
  const organizations = yield* OrganizationStore
  const insider = (action: Action, organization: string) =>
    Effect.provideService(inOrganization(action, organization), OrganizationStore, organizations)

  return {
    list: Effect.fnUntraced(function* (named: string, page: PageRequest<MemberId>) {
      const { organization } = yield* insider("listMembers", named)
      return yield* members.list(organization.id, page)
    }),
    add: Effect.fnUntraced(function* (named: string, input: Parameters<Service["add"]>[1]) {
      const { held, organization, who } = yield* insider("addMember", named)
      return yield* members.add(organization.id, input, held, who)
    }),
    get: Effect.fnUntraced(function* (named: string, id: MemberId) {
      const { organization } = yield* insider("getMember", named)
      return yield* members.get(organization.id, { id })
    }),
    change: Effect.fnUntraced(function* (named: string, id: MemberId, changes: Parameters<Service["change"]>[2]) {
      const { held, organization, who } = yield* insider("changeMember", named)
      return yield* members.change(organization.id, id, changes, held, who)
    }),
    remove: Effect.fnUntraced(function* (named: string, id: MemberId) {
      const { held, organization, who } = yield* insider("removeMember", named)
      return yield* members.remove(organization.id, id, held, who)
    })
  }
})

export class GuardedMembers extends Context.Service<GuardedMembers, Effect.Success<typeof make>>()(
  "@turnout/GuardedMembers"
) {
  static readonly layer: Layer.Layer<GuardedMembers, never, Members | OrganizationStore> = Layer.effect(
    GuardedMembers,
    make
  )
}
