/**
 * The HTTP API for operators, under `/admin`: the outbox, replays, webhooks, sales and dead letters.
 *
 * Every request needs a credential. The principal is in the audit log.
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { info } from "../document/Info.ts"
import { AuditGroup } from "../audit/AuditApi.ts"
import { Credential } from "../credentials/Credential.ts"
import { DeadLettersGroup } from "../deadLetters/DeadLettersApi.ts"
import { IssuersGroup } from "../issuers/IssuersApi.ts"
import { KeysGroup } from "../keys/KeysApi.ts"
import { MembersGroup } from "../members/MembersApi.ts"
import { OrganizationsGroup } from "../organizations/OrganizationsApi.ts"
import { OutboxGroup } from "../outbox/OutboxApi.ts"
import { ReplaysGroup } from "../replays/ReplaysApi.ts"
import { PeopleGroup } from "../people/PeopleApi.ts"
import { Boundary, QueryBoundary } from "../requests/Boundaries.ts"
import { strictness } from "../requests/Strictness.ts"
import { SalesGroup } from "../sales/SalesApi.ts"
import { WebhooksGroup } from "../webhooks/WebhooksApi.ts"

export class AdminApi extends HttpApi.make("turnout-admin")
  .add(OrganizationsGroup, MembersGroup, PeopleGroup, KeysGroup, IssuersGroup)
  .add(AuditGroup, OutboxGroup, ReplaysGroup, WebhooksGroup, SalesGroup, DeadLettersGroup)
  .middleware(Boundary)
  .middleware(QueryBoundary)
  .middleware(Credential)
  .annotateMerge(strictness)
  .annotateMerge(
    OpenApi.annotations({
      ...info,
      title: "Turnout for operators",
      description:
        "Organizations, their members, people, API keys and token issuers; the audit trail; looking at the delivery of the journal to sinks, and repairing it. Every request needs a credential: an API key, a session or a bearer token with a role that may, or the admin token."
    })
  ) {}
