/**
 * The guard: carries out work if the policy lets the principal of the request do it.
 *
 * The work is given the name of the principal, which is the actor in the journal and in the audit log. So nobody acts in the name of
 * another.
 */
import * as Effect from "effect/Effect"
import { type Action, actions, type AnyAction, type OwnAction } from "../../access/domain/policy/Action.ts"
import {
  decide,
  type Facts,
  type Refused as RefusedVerdict,
  withoutLooking
} from "../../access/domain/policy/Policy.ts"
import { find } from "../../access/application/Organizations.ts"
import type { Organization } from "../../access/domain/Organization.ts"
import type { Permission } from "../../access/domain/policy/Permission.ts"
import { actorOf, heldIn, organizationsWith, type Principal, type User } from "../../access/domain/policy/Principal.ts"
import type { OrganizationStore } from "../../access/ports/OrganizationStore.ts"
import { InvalidInput } from "../../kernel/application/InvalidInput.ts"
import { Forbidden, Unauthenticated } from "../../kernel/domain/access/Refusals.ts"
import { type OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import * as Recording from "./recording/Recording.ts"

/** The refusals of use cases that are about no event. */
export type NotAllowed = Unauthenticated | Forbidden

/** The refusal of a verdict. A verdict of `tooLate` has facts of its own, and is not made here. */
export const toRefusal = (action: AnyAction, because: RefusedVerdict["because"]): NotAllowed =>
  because === "unauthenticated" ? new Unauthenticated({ operation: action }) : new Forbidden({ operation: action })

/** Refuses what no fact could allow, and records it if it is staff who are refused. */
export const refuse = (
  principal: Principal,
  action: AnyAction,
  because: RefusedVerdict["because"],
  resource: string | null
): Effect.Effect<never, NotAllowed> =>
  Effect.andThen(
    Recording.refused(principal, action, because, { resource }),
    Effect.suspend(() => Effect.fail(toRefusal(action, because)))
  )

/** Refuses what no fact could allow, before anything is read. */
export const mayAtAll = (
  principal: Principal,
  action: AnyAction,
  resource: string | null = null
): Effect.Effect<void, NotAllowed> => {
  const refused = withoutLooking(principal, action)
  return refused === undefined ? Effect.void : refuse(principal, action, refused.because, resource)
}

/** Returns the person who has signed in, for what is about nobody but them. */
export const themself = Effect.fnUntraced(function* (
  action: OwnAction
): Effect.fn.Return<User, NotAllowed, CurrentPrincipal> {
  const principal = yield* CurrentPrincipal
  yield* mayAtAll(principal, action)
  return principal.kind === "user" ? principal : yield* new Forbidden({ operation: action })
})

/**
 * Succeeds if the principal may do something with a resource; fails with `absent` if there is no such resource for them. What staff are
 * refused is recorded, with the resource that is named.
 */
export const may = <E>(
  principal: Principal,
  action: Action,
  facts: Facts,
  absent: () => E,
  resource: string | null = null
): Effect.Effect<void, NotAllowed | E> => {
  const verdict = decide(principal, action, facts)
  if (verdict.allowed) return Effect.void
  const organizationId = "organizationId" in facts ? facts.organizationId : null
  return Effect.andThen(
    Recording.refused(principal, action, verdict.because, { resource, organizationId }),
    Effect.suspend(() => Effect.fail(verdict.because === "notFound" ? absent() : toRefusal(action, verdict.because)))
  )
}

const INSTALLATION: Facts = { on: "owned", organizationId: null }

/** Carries out work on what belongs to the installation, and to no organization. */
export const onInstallation = <A, E, R>(
  action: Action,
  work: (who: string) => Effect.Effect<A, E, R>,
  resource: string | null = null
): Effect.Effect<A, E | NotAllowed, R | CurrentPrincipal> =>
  CurrentPrincipal.use((principal) =>
    Effect.andThen(
      may(principal, action, INSTALLATION, () => new Forbidden({ operation: action }), resource),
      Effect.suspend(() => work(actorOf(principal)))
    )
  )

/** The same for a look at personal data, which is recorded if there are any in what is found. */
export const lookAtInstallation = <A, E, R>(
  action: Action,
  work: Effect.Effect<A, E, R>,
  resource: string | null = null,
  isAny: (found: A) => boolean = () => true
): Effect.Effect<A, E | NotAllowed, R | CurrentPrincipal> =>
  Effect.tap(
    onInstallation(action, () => work, resource),
    (found) =>
      isAny(found) ? CurrentPrincipal.use((principal) => Recording.read(principal, action, { resource })) : Effect.void
  )

/** Somebody who may do something in an organization. */
export interface Insider {
  readonly organization: Organization
  /** The permissions that they have there. */
  readonly held: ReadonlySet<Permission>
  /** Their name for the audit log. */
  readonly who: string
  /** Records that they have read personal data of the organization. */
  readonly noteRead: Effect.Effect<void>
}

/**
 * Finds the organization of this id or short name for a principal who may do something there. One of which the principal is no member is
 * not found, in the words in which none is that does not exist. Nothing is read for those who may do this nowhere.
 */
export const inOrganization = Effect.fnUntraced(function* (
  action: Action,
  name: string
): Effect.fn.Return<Insider, NotAllowed | OrganizationNotFound | StoreError, CurrentPrincipal | OrganizationStore> {
  const principal = yield* CurrentPrincipal
  yield* mayAtAll(principal, action)
  const organization = yield* find(name)
  const facts = { on: "owned", organizationId: organization.id } as const
  const resource = `organization:${organization.id}`
  yield* may(principal, action, facts, () => new OrganizationNotFound({ organization: name }), resource)
  return {
    organization,
    held: heldIn(principal, organization.id),
    who: actorOf(principal),
    noteRead: Recording.read(principal, action, { resource, organizationId: organization.id })
  }
})

/** The organization of a principal who names none: the only one where they may do this; all of them for operators. */
export const ownOrganization = (
  principal: Principal,
  action: Action,
  field: "organization" | "organizationId"
): Effect.Effect<OrganizationId | "all", InvalidInput> => {
  const own = organizationsWith(principal, actions[action].permission)
  if (own === "all") return Effect.succeed(own)
  const [only] = own
  if (only !== undefined && own.length === 1) return Effect.succeed(only)
  const rule = "must be there, since you have several organizations"
  return Effect.fail(new InvalidInput({ issues: [{ field, rule }] }))
}

/** The organization of this id or short name, or else that of the principal, who may do something there. */
export const namedOrOwn = Effect.fnUntraced(function* (
  action: Action,
  name: string | undefined
): Effect.fn.Return<
  OrganizationId | "all",
  NotAllowed | OrganizationNotFound | InvalidInput | StoreError,
  CurrentPrincipal | OrganizationStore
> {
  if (name !== undefined) return (yield* inOrganization(action, name)).organization.id
  const principal = yield* CurrentPrincipal
  yield* mayAtAll(principal, action)
  return yield* ownOrganization(principal, action, "organization")
})
