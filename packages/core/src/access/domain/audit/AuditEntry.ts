/**
 * Entries of the audit trail: who did what, when, to which resource, from where, by what credential, and with what outcome.
 *
 * An entry comes from one of two sources. What happens to events and registrations is in the journal, and everything else is in the
 * audit log.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"

/** `refused`: the policy has refused it, and nothing was done. */
export const AuditOutcome = Schema.Literals(["done", "refused"])
export type AuditOutcome = typeof AuditOutcome.Type

export const AuditEntry = Schema.Struct({
  id: described("The id of the entry: `log:` and a number, or `journal:` and the message id", Schema.String, {
    examples: ["log:17"]
  }),
  at: described("When it happened, by the clock of the store", Instant),
  who: described("The principal", Schema.String, { examples: ["key:01a1fc98aa3170bbaea8a708368a1d5e"] }),
  action: described(
    "What was done: the type of a journal event, a decision such as `keys.create`, or, for a refused attempt and for a read of personal data, the id of the operation",
    Schema.String,
    { examples: ["keys.create"] }
  ),
  resource: described(
    "What it was done to: a kind, a colon and an id; null if it concerns nothing in particular",
    Schema.NullOr(Schema.String),
    { examples: ["key:01a1fc98aa3170bbaea8a708368a1d5e"] }
  ),
  organizationId: described(
    "The organization that it concerns; null if it concerns the installation",
    Schema.NullOr(OrganizationId)
  ),
  outcome: described("Whether it was done, or refused", AuditOutcome, { examples: ["done"] }),
  credential: described(
    "The credential: `key:` and its id, `session:` and its id, `token:` and its issuer, `link:` and the registration, `admin-token`, or `cli`; null if none is known, or if requests of the principal under one id disagree",
    Schema.NullOr(Schema.String),
    { examples: ["admin-token"] }
  ),
  requestId: described(
    "The id of the request, as in its X-Request-Id; null if it was none, or none was kept",
    Schema.NullOr(Schema.String),
    { examples: ["01JD8Z5T9W"] }
  ),
  address: described(
    "The IP address that the request came from; null if it was not kept, if 90 days have passed, or if requests of the principal under one id disagree",
    Schema.NullOr(Schema.String),
    { examples: ["203.0.113.7"] }
  ),
  userAgent: described(
    "What the client called itself; null if it was not kept, if 90 days have passed, or if requests of the principal under one id disagree",
    Schema.NullOr(Schema.String),
    { examples: ["curl/8.9.1"] }
  ),
  details: described("What else is known of it", Schema.Record(Schema.String, Schema.Unknown))
}).annotate({ identifier: "AuditEntry" })
export type AuditEntry = typeof AuditEntry.Type

/** What an entry is about, besides its details. */
export interface About {
  /** A kind, a colon and an id. */
  readonly resource?: string | null
  readonly organizationId?: OrganizationId | null
}

/** The resource of what is done to an event. */
export const eventResource = (eventId: string): string => `event:${eventId}`

/** The resource of what is done to a registration. */
export const registrationResource = (registrationId: string): string => `registration:${registrationId}`

/** The credential that the name of a principal tells; `null` if it tells none. */
export const credentialOfName = (who: string): string | null => (/^(?:key|link):/.test(who) ? who : null)
