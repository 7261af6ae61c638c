/**
 * The handlers of the API for operators.
 */
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import * as Layer from "effect/Layer"
import * as AuditHandlers from "../audit/AuditHandlers.ts"
import * as DeadLettersHandlers from "../deadLetters/DeadLettersHandlers.ts"
import * as IssuersHandlers from "../issuers/IssuersHandlers.ts"
import * as KeysHandlers from "../keys/KeysHandlers.ts"
import * as MembersHandlers from "../members/MembersHandlers.ts"
import * as OrganizationsHandlers from "../organizations/OrganizationsHandlers.ts"
import * as OutboxHandlers from "../outbox/OutboxHandlers.ts"
import * as PeopleHandlers from "../people/PeopleHandlers.ts"
import * as ReplaysHandlers from "../replays/ReplaysHandlers.ts"
import * as SalesHandlers from "../sales/SalesHandlers.ts"
import * as WebhooksHandlers from "../webhooks/WebhooksHandlers.ts"

/** A name that two or more of the queues have, if there is one. */
export const ambiguousName = (queues: ReadonlyArray<DeadLetters>): string | undefined =>
  queues.find(({ name }, index) => queues.findIndex((other) => other.name === name) < index)?.name

/** The handlers of all groups. */
export const layer = Layer.mergeAll(
  OrganizationsHandlers.layer,
  MembersHandlers.layer,
  PeopleHandlers.layer,
  KeysHandlers.layer,
  IssuersHandlers.layer,
  AuditHandlers.layer,
  OutboxHandlers.layer,
  ReplaysHandlers.layer,
  WebhooksHandlers.layer,
  SalesHandlers.layer,
  DeadLettersHandlers.layer
)
