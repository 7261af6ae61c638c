/**
 * The handlers of the group `replays`, for operators: each turns a request into one call of the replays behind the policy.
 */
import { everything, type Selection } from "@turnout/core/delivery/domain/Replay"
import { GuardedReplays } from "@turnout/core/guard/application/GuardedReplays"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

interface Selected extends Partial<{ readonly [Field in keyof Selection]: NonNullable<Selection[Field]> }> {}

const toSelection = ({ from, message, stream, to, types }: Selected): Selection => ({
  ...everything,
  ...(from === undefined ? {} : { from }),
  ...(message === undefined ? {} : { message }),
  ...(stream === undefined ? {} : { stream }),
  ...(to === undefined ? {} : { to }),
  ...(types === undefined ? {} : { types })
})

export const layer = HttpApiBuilder.group(
  AdminApi,
  "replays",
  Effect.fnUntraced(function* (handlers) {
    const replays = yield* GuardedReplays
    return handlers
      .handleAll({
        list: ({ query }) =>
          toProblems(
            paged(query, ({ id }) => id, replays.list),
            "query"
          ),
        get: ({ params }) => toProblems(replays.get(params.replayId), "path"),
        resume: ({ params }) => toProblems(replays.resume(params.replayId), "path"),
        cancel: ({ params }) => toProblems(replays.cancel(params.replayId), "path")
      })
      .handleRaw(
        "start",
        Body.withPayload(({ payload: { all: _all, perSecond = null, sink, ...selected } }) =>
          toProblems(replays.start({ sink, selection: toSelection(selected), perSecond }), "body")
        )
      )
      .handleRaw(
        "count",
        Body.withPayload(({ payload }) =>
          toProblems(
            Effect.map(replays.count(toSelection(payload)), (entries) => ({ entries })),
            "body"
          )
        )
      )
  })
)
