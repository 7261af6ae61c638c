/**
 * The group `deadLetters` of the API for operators: messages that a queue has given up on.
 */
import { Message } from "@turnout/core/delivery/domain/Message"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import { line } from "@turnout/core/kernel/domain/Text"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { headers } from "../admin/Actor.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary, Boundary } from "../requests/Boundaries.ts"
import { describeLimit, limit } from "../requests/Paging.ts"

/** The most dead letters that one request moves. */
export const MOVED_AT_ONCE = 100

const DeadLetterQueue = Schema.Struct({
  name: Schema.String,
  /** The queue that its messages are moved to. */
  to: Schema.String
}).annotate({ identifier: "DeadLetterQueue" })
const DeadLetter = Schema.Struct({
  id: Schema.String,
  group: Schema.NullOr(Schema.String),
  sentAt: Instant,
  receiveCount: Schema.Int,
  body: Schema.String,
  /** The message in the body, if it is one of Turnout. */
  message: Schema.NullOr(Message)
}).annotate({ identifier: "DeadLetter" })
const ofQueue = { queue: line({ minLength: 1, maxLength: 200 }) }

export class DeadLettersGroup extends HttpApiGroup.make("deadLetters")
  .add(
    HttpApiEndpoint.get("queues", "/admin/dead-letters", {
      success: Schema.Struct({ items: Schema.Array(DeadLetterQueue) }).annotate({ identifier: "DeadLetterQueues" })
    }).annotate(OpenApi.Summary, "List the dead-letter queues of this server"),
    HttpApiEndpoint.get("list", "/admin/dead-letters/:queue", {
      params: ofQueue,
      query: { limit },
      success: Schema.Struct({
        ...DeadLetterQueue.fields,
        /** The number of dead letters, about. */
        count: Schema.Int,
        items: Schema.Array(DeadLetter)
      }).annotate({ identifier: "DeadLetters" }),
      error: [OperatorProblems.deadLettersNotFound, OperatorProblems.queueUnavailable]
    })
      .annotate(OpenApi.Summary, "Look at dead letters; they are hidden from other readers meanwhile")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.post("redrive", "/admin/dead-letters/:queue/redrive", {
      params: ofQueue,
      headers,
      payload: Schema.Struct({
        /** The ids of messages, either of Turnout or of the queue. Default: all. */
        messages: Schema.optionalKey(
          Schema.Array(line({ minLength: 1, maxLength: 200 })).check(
            Schema.isMinLength(1),
            Schema.isMaxLength(MOVED_AT_ONCE)
          )
        )
      }).annotate({ identifier: "RedriveInput" }),
      success: Schema.Struct({ moved: Schema.Int, isMore: Schema.Boolean }).annotate({ identifier: "Redriven" }),
      error: [
        OperatorProblems.deadLettersNotFound,
        OperatorProblems.deadLettersOutOfReach,
        OperatorProblems.queueUnavailable
      ]
    })
      .annotate(OpenApi.Summary, `Move up to ${MOVED_AT_ONCE} dead letters back; again while isMore`)
      .middleware(Boundary)
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Messages that a queue has given up on.") {}
