/**
 * The handlers of the group `replays`, for operators: each turns a request into one call of the replays behind the policy.
 */
import { everything, type Selection } from "@turnout/core/delivery/domain/Replay"
import { GuardedReplays } from "@turnout/core/guard/application/GuardedReplays"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

interface Selected extends Partial<{ readonly [Field in keyof Selection]: NonNullable<Selection[Field]> }> {}

const toSelection = ({ from, message, stream, to, types }: Selected): Selection => ({
  ...everything,
  ...(from === undefined ? {} : { from }),
  ...(message === undefined ? {} : { message }),
  ...(stream === undefined ? {} : { stream }),
  ...(to === undefined ? {} : { to }),
  ...(types === undefined ? {} : { types })
})

export const layer = Handlers.group(
  AdminApi,
  "replays",
  Effect.gen(function* () {
    const replays = yield* GuardedReplays
    return {
      list: ({ query }) =>
        toProblems(
          paged(query, ({ id }) => id, replays.list),
          "query"
        ),
      get: ({ params }) => toProblems(replays.get(params.replayId), "path"),
      resume: ({ params }) => toProblems(replays.resume(params.replayId), "path"),
      cancel: ({ params }) => toProblems(replays.cancel(params.replayId), "path"),
      start: ({ payload: { all: _all, perSecond = null, sink, ...selected } }) =>
        toProblems(replays.start({ sink, selection: toSelection(selected), perSecond }), "body"),
      count: ({ payload }) =>
        toProblems(
          Effect.map(replays.count(toSelection(payload)), (entries) => ({ entries })),
          "body"
        )
    }
  })
)
