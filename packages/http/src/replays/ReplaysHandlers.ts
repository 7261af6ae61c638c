/**
 * The handlers of the group `replays`, for operators: each turns a request into one call of the replays.
 */
import { everything, type Selection } from "@turnout/core/delivery/domain/Replay"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { whoOf } from "../admin/Actor.ts"
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
    const store = yield* Replays
    return handlers
      .handleAll({
        list: ({ query }) =>
          toProblems(
            paged(query, ({ id }) => id, store.list),
            "query"
          ),
        get: ({ params }) => toProblems(store.get(params.replayId), "path"),
        resume: ({ headers, params }) => toProblems(store.resume(params.replayId, whoOf(headers)), "path"),
        cancel: ({ headers, params }) => toProblems(store.cancel(params.replayId, whoOf(headers)), "path")
      })
      .handleRaw(
        "start",
        Body.withPayload(({ headers, payload: { all: _all, perSecond = null, sink, ...selected } }) =>
          toProblems(store.start({ sink, selection: toSelection(selected), perSecond, who: whoOf(headers) }), "body")
        )
      )
      .handleRaw(
        "count",
        Body.withPayload(({ payload }) =>
          toProblems(
            Effect.map(store.count(toSelection(payload)), (entries) => ({ entries })),
            "body"
          )
        )
      )
  })
)
