/**
 * The accounts of people in memory, which the stores of people and of sessions share.
 */
import type { Person, PersonId } from "@turnout/core/access/domain/Person"
import type { Session, SessionId } from "@turnout/core/access/domain/signIn/Session"
import type { SignInLinkId } from "@turnout/core/access/domain/signIn/SignInLink"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Link {
  readonly digest: string
  readonly address: string
  readonly expiresAt: Date
  readonly isUsed: boolean
}

export interface State {
  readonly people: Map<PersonId, Person>
  /** The people by their addresses. */
  readonly byAddress: Map<string, PersonId>
  /** The people by the texts of their identities. */
  readonly byIdentity: Map<string, PersonId>
  readonly sessions: Map<SessionId, { readonly session: Session; readonly digest: string }>
  readonly links: Map<SignInLinkId, Link>
}

export class Accounts extends Context.Service<Accounts, State>()("@turnout/MemoryAccounts") {}

/** Accounts of their own for each build of the layer. */
export const layer: Layer.Layer<Accounts> = Layer.effect(
  Accounts,
  Effect.sync(() => ({
    people: new Map(),
    byAddress: new Map(),
    byIdentity: new Map(),
    sessions: new Map(),
    links: new Map()
  }))
)
