/**
 * The HTTP API for operators, under `/admin`: the outbox, replays, webhooks, sales and dead letters.
 *
 * Every request needs the admin token; a server without a token refuses all of them. `X-Actor` names the principal for the
 * audit log.
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { info } from "../document/Info.ts"
import { DeadLettersGroup } from "../deadLetters/DeadLettersApi.ts"
import { KeysGroup } from "../keys/KeysApi.ts"
import { OrganizationsGroup } from "../organizations/OrganizationsApi.ts"
import { OutboxGroup } from "../outbox/OutboxApi.ts"
import { ReplaysGroup } from "../replays/ReplaysApi.ts"
import { Boundary, QueryBoundary } from "../requests/Boundaries.ts"
import { strictness } from "../requests/Strictness.ts"
import { SalesGroup } from "../sales/SalesApi.ts"
import { WebhooksGroup } from "../webhooks/WebhooksApi.ts"
import { OperatorCredential } from "./OperatorCredential.ts"

export class AdminApi extends HttpApi.make("turnout-admin")
  .add(OrganizationsGroup, KeysGroup, OutboxGroup, ReplaysGroup, WebhooksGroup, SalesGroup, DeadLettersGroup)
  .middleware(Boundary)
  .middleware(QueryBoundary)
  .middleware(OperatorCredential)
  .annotateMerge(strictness)
  .annotateMerge(
    OpenApi.annotations({
      ...info,
      title: "Turnout for operators",
      description:
        "Organizations and API keys; looking at the delivery of the journal to sinks, and repairing it. Every request needs the admin token, or the API key of an operator."
    })
  ) {}
