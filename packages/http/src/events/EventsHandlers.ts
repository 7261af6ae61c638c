/**
 * The handlers of the group `events`: each turns a request into one command or one read of the `Turnout` service behind the policy.
 */
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { EventOutcome } from "@turnout/core/admission/domain/model/Event"
import { GuardedTurnout } from "@turnout/core/guard/application/GuardedTurnout"
import * as Effect from "effect/Effect"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { Api } from "../Api.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"
import { BasePath } from "../requests/BasePath.ts"
import { expecting, tagOf } from "../requests/headers/EntityTags.ts"
import type { WriteHeaders } from "../requests/headers/WriteHeaders.ts"
import * as Exchange from "../pipeline/Exchange.ts"
import { Write } from "../server/Write.ts"
import { pathOf } from "./EventsApi.ts"

export const layer = Handlers.group(
  Api,
  "events",
  Effect.gen(function* () {
    const turnout = yield* GuardedTurnout
    const { execute: write } = yield* Write
    const base = yield* BasePath
    const change = <Tag extends "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent" | "ReopenEvent">(
      command: Extract<Command, { readonly _tag: Tag }>,
      headers: WriteHeaders & { readonly "if-match"?: string }
    ) => Effect.map(write({ ...command, ...expecting(headers) }, headers), (outcome) => (outcome as EventOutcome).event)

    return {
      list: ({ query }) => toProblems(turnout.listEvents(query), "query"),
      get: ({ params }) =>
        Effect.tap(toProblems(turnout.getEvent(params.eventId), "path"), (event) =>
          Exchange.setHeader("etag", tagOf(event))
        ),
      delete: ({ headers, params }) =>
        Effect.asVoid(write({ _tag: "DeleteEvent", ...params, ...expecting(headers) }, headers)),
      publish: ({ headers, params }) => change<"PublishEvent">({ _tag: "PublishEvent", ...params }, headers),
      unpublish: ({ headers, params }) => change<"UnpublishEvent">({ _tag: "UnpublishEvent", ...params }, headers),
      cancel: ({ headers, params }) => change<"CancelEvent">({ _tag: "CancelEvent", ...params }, headers),
      complete: ({ headers, params }) => change<"CompleteEvent">({ _tag: "CompleteEvent", ...params }, headers),
      reopen: ({ headers, params }) => change<"ReopenEvent">({ _tag: "ReopenEvent", ...params }, headers),
      create: ({ headers, payload }) =>
        Effect.map(write({ _tag: "CreateEvent", event: payload }, headers), ({ event }) =>
          HttpApiSchema.withHeaders({
            body: event,
            headers: { location: base + pathOf(event.id) }
          })
        ),
      update: ({ headers, params, payload }) =>
        Effect.map(
          write({ _tag: "UpdateEvent", ...params, changes: payload, ...expecting(headers) }, headers),
          ({ event }) => event
        ),
      changeCapacity: ({ headers, params, payload: { capacity, demote = null, keepOverhang = false } }) =>
        Effect.map(
          write({ _tag: "ChangeCapacity", ...params, capacity, keepOverhang, demote, ...expecting(headers) }, headers),
          ({ event }) => event
        )
    }
  })
)
