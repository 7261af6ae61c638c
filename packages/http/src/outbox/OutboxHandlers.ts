/**
 * The handlers of the group `outbox`, for operators: each turns a request into one call of the outbox, the journal or the audit log.
 */
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import * as Audit from "@turnout/core/access/application/Audit"
import * as OutboxAdministration from "@turnout/core/delivery/application/OutboxAdministration"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import type { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import { DEFAULT_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { whoOf } from "../admin/Actor.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import { toPageRequest } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "outbox",
  Effect.fnUntraced(function* (handlers) {
    const operations = yield* OutboxOperations
    const context = yield* Effect.context<AuditLog | JournalReader | Outbox | OutboxOperations>()
    return handlers
      .handleAll({
        status: () => toProblems(operations.status, "path"),
        blocked: ({ params, query: { state, ...query } }) =>
          toProblems(
            OutboxAdministration.blocked(
              params.sink,
              state === undefined ? null : state === "parked",
              toPageRequest(query)
            ).pipe(Effect.provide(context)),
            "query"
          ),
        blockedStream: ({ params: { sink, stream } }) =>
          toProblems(Effect.provide(OutboxAdministration.blockedStream(sink, stream), context), "path"),
        retry: ({ headers, params: { sink, stream } }) =>
          toProblems(operations.retry(sink, stream, whoOf(headers)), "path"),
        retryAll: ({ headers, params: { sink } }) =>
          toProblems(
            Effect.map(operations.retryAll(sink, whoOf(headers)), (retried) => ({ retried })),
            "path"
          ),
        discard: ({ headers, params: { sink, stream } }) =>
          toProblems(operations.discard(sink, stream, whoOf(headers)), "path"),
        forget: ({ headers, params: { sink } }) => toProblems(operations.forget(sink, whoOf(headers)), "path"),
        repair: ({ headers }) =>
          toProblems(
            Effect.map(operations.repair(whoOf(headers)), (repaired) => ({ repaired })),
            "body"
          ),
        journal: ({ query: { cursor, from = "beginning", limit = DEFAULT_LIMIT, type } }) =>
          toProblems(
            Subscription.page({
              limit,
              from: cursor === undefined ? from : { cursor },
              ...(type === undefined ? {} : { types: [type] })
            }).pipe(Effect.provide(context)),
            "query"
          ),
        audit: ({ query }) => toProblems(Effect.provide(Audit.list(toPageRequest(query)), context), "query")
      })
      .handleRaw(
        "skip",
        Body.withPayload(({ headers, params: { sink, stream }, payload: { version } }) =>
          toProblems(operations.skip(sink, stream, version, whoOf(headers)), "path")
        )
      )
      .handleRaw(
        "prune",
        Body.withPayload(({ headers, payload: { before } }) =>
          toProblems(Effect.provide(OutboxAdministration.pruneAndLook(before, whoOf(headers)), context), "body")
        )
      )
  })
)
