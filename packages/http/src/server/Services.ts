/**
 * The services behind the policy, which the handlers call, made of those that the host provides.
 */
import * as AuditTrail from "@turnout/core/access/application/audit/AuditTrail"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import * as Authentication from "@turnout/core/access/application/Authentication"
import * as Members from "@turnout/core/access/application/Members"
import * as People from "@turnout/core/access/application/People"
import * as Organizations from "@turnout/core/access/application/Organizations"
import * as SignIn from "@turnout/core/access/application/SignIn"
import type { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import type { AttendeeLinkStore } from "@turnout/core/access/ports/AttendeeLinkStore"
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { AuditStore } from "@turnout/core/access/ports/AuditStore"
import type { MemberStore } from "@turnout/core/access/ports/MemberStore"
import type { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import type { SessionStore } from "@turnout/core/access/ports/SessionStore"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { Mailer } from "@turnout/core/access/ports/Mailer"
import type { TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import { layerReads, type Turnout } from "@turnout/core/admission/application/Turnout"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import { GuardedAudit } from "@turnout/core/guard/application/access/GuardedAudit"
import { GuardedIssuers } from "@turnout/core/guard/application/access/GuardedIssuers"
import { GuardedMe } from "@turnout/core/guard/application/access/GuardedMe"
import { GuardedSessions } from "@turnout/core/guard/application/access/GuardedSessions"
import { GuardedSignIn } from "@turnout/core/guard/application/access/GuardedSignIn"
import { GuardedDeadLetters } from "@turnout/core/guard/application/GuardedDeadLetters"
import { GuardedKeys } from "@turnout/core/guard/application/access/GuardedKeys"
import { GuardedMembers } from "@turnout/core/guard/application/access/GuardedMembers"
import { GuardedOrganizations } from "@turnout/core/guard/application/access/GuardedOrganizations"
import { GuardedOutbox } from "@turnout/core/guard/application/GuardedOutbox"
import { GuardedPeople } from "@turnout/core/guard/application/access/GuardedPeople"
import { GuardedReplays } from "@turnout/core/guard/application/GuardedReplays"
import { GuardedSales } from "@turnout/core/guard/application/GuardedSales"
import { GuardedTurnout } from "@turnout/core/guard/application/GuardedTurnout"
import { GuardedWebhooks } from "@turnout/core/guard/application/GuardedWebhooks"
import type { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import { type NeighbourState, register } from "@turnout/core/kernel/ports/Neighbours"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LinkMailer from "../signIn/LinkMailer.ts"

/** The services that the host provides. */
export type Needed =
  | Turnout
  | AdmissionStore
  | ApiKeyStore
  | AttendeeLinkStore
  | AuditLog
  | AuditStore
  | JournalReader
  | MemberStore
  | OrganizationStore
  | Outbox
  | OutboxOperations
  | PeopleStore
  | ProjectionStore
  | Replays
  | SessionStore
  | WebhookStore

/** The services that the handlers call. */
export type Guarded =
  | GuardedAudit
  | GuardedDeadLetters
  | GuardedIssuers
  | GuardedKeys
  | GuardedMe
  | GuardedMembers
  | GuardedOrganizations
  | GuardedOutbox
  | GuardedPeople
  | GuardedReplays
  | GuardedSales
  | GuardedSessions
  | GuardedSignIn
  | GuardedTurnout
  | GuardedWebhooks

/** What a server knows besides its stores. */
export interface Known {
  readonly deadLetters: ReadonlyArray<DeadLetters>
  /** Verifies the bearer tokens of issuers; without it, the server takes none. */
  readonly tokenVerifier?: TokenVerifier["Service"]
  /** Sends the mails with sign-in links; without it, nobody can sign in by mail. */
  readonly mailer?: Mailer["Service"]
  /** The URL at which people reach the server, with the base path. */
  readonly ownUrl: () => string
}

/** Registers the issuers of tokens as a neighbour. Those that were never reached, or not the last time, are down. */
const knowing = (verifier: TokenVerifier["Service"]): Layer.Layer<never> =>
  Layer.effectDiscard(
    register({
      name: "issuers",
      state: Effect.map(verifier.state, (issuers): NeighbourState => {
        const failure = issuers.find((issuer) => issuer.failure !== null)?.failure
        if (failure) return { status: "down", since: failure.at }
        return { status: issuers.every(({ fetchedAt }) => fetchedAt !== null) ? "up" : "unknown", since: null }
      })
    })
  )

/** The services of a server, who the bearers of credentials are, and the recorder of the audit trail. */
export const layer = ({
  deadLetters,
  mailer,
  ownUrl,
  tokenVerifier
}: Known): Layer.Layer<Guarded | AuditTrail.AuditRecorder | Authentication.Authentication, never, Needed> => {
  const signIn = Layer.provide(SignIn.layer(), LinkMailer.layer(mailer, ownUrl))
  return Layer.mergeAll(
    GuardedAudit.layer,
    GuardedDeadLetters.layer(deadLetters),
    GuardedIssuers.layer(tokenVerifier),
    GuardedKeys.layer,
    GuardedMe.layer,
    GuardedMembers.layer,
    GuardedOrganizations.layer,
    GuardedOutbox.layer,
    GuardedPeople.layer,
    GuardedReplays.layer,
    GuardedSales.layer,
    GuardedSessions.layer,
    GuardedSignIn.layer(mailer !== undefined),
    GuardedTurnout.layer,
    GuardedWebhooks.layer,
    Authentication.layer,
    AuditTrail.layer,
    ...(tokenVerifier === undefined ? [] : [knowing(tokenVerifier)])
  ).pipe(
    Layer.provide([ApiKeys.layer, Members.layer, Organizations.layer, People.layer, Webhooks.layer, signIn, layerReads])
  )
}
