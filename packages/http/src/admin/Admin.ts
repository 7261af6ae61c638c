/**
 * The routes of the API for operators.
 */
import * as Authentication from "@turnout/core/access/application/Authentication"
import type { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { MemberStore } from "@turnout/core/access/ports/MemberStore"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import type { SessionStore } from "@turnout/core/access/ports/SessionStore"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import * as Organizations from "@turnout/core/access/application/Organizations"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as Redacted from "effect/Redacted"
import type * as Etag from "effect/http/Etag"
import type * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as DeadLettersHandlers from "../deadLetters/DeadLettersHandlers.ts"
import * as KeysHandlers from "../keys/KeysHandlers.ts"
import * as OrganizationsHandlers from "../organizations/OrganizationsHandlers.ts"
import * as OutboxHandlers from "../outbox/OutboxHandlers.ts"
import * as Problem from "../problems/Problem.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as ReplaysHandlers from "../replays/ReplaysHandlers.ts"
import type { BodyBoundary, Boundary, QueryBoundary } from "../requests/Boundaries.ts"
import * as SalesHandlers from "../sales/SalesHandlers.ts"
import * as ApiDocs from "../server/pages/ApiDocs.ts"
import * as WebhooksHandlers from "../webhooks/WebhooksHandlers.ts"
import { AdminApi } from "./AdminApi.ts"
import * as CredentialCheck from "./CredentialCheck.ts"

export const OPENAPI_PATH = "/admin/openapi.json"
export const DOCS_PATH = "/admin/docs"

/** A name that two or more of the queues have, if there is one. */
export const ambiguousName = (queues: ReadonlyArray<DeadLetters>): string | undefined =>
  queues.find(({ name }, index) => queues.findIndex((other) => other.name === name) < index)?.name

export interface AdminOptions {
  /** The admin token, of at least 16 characters. */
  readonly token: Redacted.Redacted<string>
  /** The dead-letter queues that operators may list, and whose messages they may move back. Default: none. */
  readonly deadLetters?: ReadonlyArray<DeadLetters>
}

/** The services that the API for operators calls. */
export type Services =
  | AuditLog
  | OrganizationStore
  | ApiKeyStore
  | MemberStore
  | PeopleStore
  | SessionStore
  | JournalReader
  | Outbox
  | OutboxOperations
  | ProjectionStore
  | AdmissionStore
  | AdmissionReads
  | Replays
  | WebhookStore

/** The services that the server provides to its routes. */
type Surroundings =
  | HttpRouter.HttpRouter
  | Boundary
  | BodyBoundary
  | QueryBoundary
  | Etag.Generator
  | HttpPlatform.HttpPlatform
  | FileSystem.FileSystem
  | Path.Path

/** The routes of the API for operators, which need the token or the API key of an operator, with docs at `/admin/docs`. */
export const layer = (options: AdminOptions): Layer.Layer<never, never, Services | Surroundings> => {
  const { deadLetters = [] } = options
  const twice = ambiguousName(deadLetters)
  if (twice !== undefined)
    throw new RangeError(`deadLetters: two queues have the same name, ${twice}; give each a name of its own`)
  return Layer.mergeAll(
    HttpApiBuilder.layer(AdminApi),
    ApiDocs.layer(AdminApi, { openapiPath: OPENAPI_PATH, docsPath: DOCS_PATH, messages: false })
  ).pipe(
    Layer.provide([
      OrganizationsHandlers.layer,
      KeysHandlers.layer,
      OutboxHandlers.layer,
      ReplaysHandlers.layer,
      WebhooksHandlers.layer,
      SalesHandlers.layer,
      DeadLettersHandlers.layer(deadLetters)
    ]),
    Layer.provide([Organizations.layer, ApiKeys.layer, Webhooks.layer]),
    Layer.provide(CredentialCheck.layer(options.token)),
    Layer.provide(Authentication.layer)
  )
}

/** The routes of a server without a token: every path under `/admin` is refused. */
export const disabled = HttpRouter.add("*", "/admin/*", Problem.response(ServerProblems.outside.adminDisabled))
