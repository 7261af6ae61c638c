/**
 * The group `deadLetters` of the API for operators: messages that a queue has given up on.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { Message } from "@turnout/core/delivery/domain/Message"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import { line } from "@turnout/core/kernel/domain/Text"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { limit } from "../requests/Paging.ts"

/** The most dead letters that one request moves. */
export const MOVED_AT_ONCE = 100

const DeadLetterQueue = Schema.Struct({
  name: described("The name of the queue", Schema.String),
  /** The queue that its messages are moved to. */
  to: described("The queue that its messages are moved to", Schema.String)
}).annotate({ identifier: "DeadLetterQueue" })
const DeadLetter = Schema.Struct({
  id: described("The id that the queue has given it", Schema.String),
  group: described("Its group; null if it has none", Schema.NullOr(Schema.String)),
  sentAt: described("When it was sent to the queue", Instant),
  receiveCount: described("How often it was received", Schema.Natural),
  body: described("Its body", Schema.String),
  /** The message in the body, if it is one of Turnout. */
  message: described("The message in the body; null if it is none of Turnout", Schema.NullOr(Message))
}).annotate({ identifier: "DeadLetter" })
const ofQueue = {
  queue: described("The name of the dead-letter queue", line({ minLength: 1, maxLength: 200 }), { examples: ["dead"] })
}

export class DeadLettersGroup extends HttpApiGroup.make("deadLetters")
  .add(
    HttpApiEndpoint.get("queues", "/admin/dead-letters", {
      success: Schema.Struct({
        items: described("The queues", Schema.Array(DeadLetterQueue))
      }).annotate({ identifier: "DeadLetterQueues" })
    }).annotateMerge(
      about({
        id: "listDeadLetterQueues",
        summary: "List the dead-letter queues of this server",
        description: "Those that the server was started with.",
        answer: "The queues"
      })
    ),
    HttpApiEndpoint.get("list", "/admin/dead-letters/:queue", {
      params: ofQueue,
      query: { limit },
      success: Schema.Struct({
        ...DeadLetterQueue.fields,
        /** The number of dead letters, about. */
        count: described("The number of dead letters, about", Schema.Natural),
        items: described("The dead letters", Schema.Array(DeadLetter))
      }).annotate({ identifier: "DeadLetters" }),
      error: [OperatorProblems.deadLettersNotFound, OperatorProblems.queueUnavailable]
    }).annotateMerge(
      about({
        id: "listDeadLetters",
        summary: "Look at dead letters",
        description: "They stay where they are, and are hidden from other readers meanwhile.",
        answer: "Dead letters"
      })
    ),
    HttpApiEndpoint.post("redrive", "/admin/dead-letters/:queue/redrive", {
      params: ofQueue,
      payload: Schema.Struct({
        /** The ids of messages, either of Turnout or of the queue. Default: all. */
        messages: described(
          "The ids of messages, either of Turnout or of the queue. Default: all",
          Schema.optionalKey(
            Schema.Array(line({ minLength: 1, maxLength: 200 })).check(
              Schema.isMinLength(1),
              Schema.isMaxLength(MOVED_AT_ONCE)
            )
          )
        )
      }).annotate({ identifier: "RedriveInput" }),
      success: Schema.Struct({
        moved: described("The number of dead letters that were moved", Schema.Natural),
        isMore: described("Whether there may be more to move: ask again", Schema.Boolean)
      }).annotate({ identifier: "Redriven" }),
      error: [
        OperatorProblems.deadLettersNotFound,
        OperatorProblems.deadLettersOutOfReach,
        OperatorProblems.queueUnavailable
      ]
    })
      .annotateMerge(
        about({
          id: "redriveDeadLetters",
          summary: "Move dead letters back",
          description: "Moves up to 100 dead letters at once to the queue that they came from: ask again while isMore.",
          answer: "What was moved",
          body: {}
        })
      )
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Messages that a queue has given up on.") {}
