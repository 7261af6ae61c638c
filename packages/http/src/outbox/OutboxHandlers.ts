/**
 * The handlers of the group `outbox`, for operators: each turns a request into one call of the outbox or the journal behind the
 * policy.
 */
import { GuardedOutbox } from "@turnout/core/guard/application/GuardedOutbox"
import { DEFAULT_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { toPageRequest } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "outbox",
  Effect.gen(function* () {
    const outbox = yield* GuardedOutbox
    return {
      status: () => toProblems(outbox.status, "path"),
      blocked: ({ params, query: { state, ...query } }) =>
        toProblems(
          outbox.blocked(params.sink, state === undefined ? null : state === "parked", toPageRequest(query)),
          "query"
        ),
      blockedStream: ({ params: { sink, stream } }) => toProblems(outbox.blockedStream(sink, stream), "path"),
      retry: ({ params: { sink, stream } }) => toProblems(outbox.retry(sink, stream), "path"),
      retryAll: ({ params: { sink } }) =>
        toProblems(
          Effect.map(outbox.retryAll(sink), (retried) => ({ retried })),
          "path"
        ),
      discard: ({ params: { sink, stream } }) => toProblems(outbox.discard(sink, stream), "path"),
      forget: ({ params: { sink } }) => toProblems(outbox.forget(sink), "path"),
      repair: () =>
        toProblems(
          Effect.map(outbox.repair, (repaired) => ({ repaired })),
          "body"
        ),
      journal: ({ query: { cursor, from = "beginning", limit = DEFAULT_LIMIT, type } }) =>
        toProblems(
          outbox.journal({
            limit,
            from: cursor === undefined ? from : { cursor },
            ...(type === undefined ? {} : { types: [type] })
          }),
          "query"
        ),
      skip: ({ params: { sink, stream }, payload: { version } }) =>
        toProblems(outbox.skip(sink, stream, version), "path"),
      prune: ({ payload: { before } }) => toProblems(outbox.prune(before), "body")
    }
  })
)
