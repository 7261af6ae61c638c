/**
 * The group `health` of the HTTP API: says whether the process is alive, whether it can do its work, and what it knows of its neighbours.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { TellsClockOffset } from "../document/ResponseHeaders.ts"
import { notReady } from "../problems/ServerProblems.ts"
import { components } from "./Component.ts"

const Health = Schema.Struct({
  status: described(
    "up if all is well; degraded if a neighbour is down, while the server does its work; down if it cannot do its work",
    Schema.Literals(["up", "degraded", "down"])
  ),
  components
}).annotate({ identifier: "Health" })
export interface Health extends Schema.Schema.Type<typeof Health> {}

const RULE =
  "The store decides; Redis, queues, mail and token issuers only degrade. What is known of a neighbour is what the last thing has shown that it was asked for."

export class HealthGroup extends HttpApiGroup.make("health", { topLevel: true })
  .add(
    HttpApiEndpoint.get("live", "/health/live", { success: HttpApiSchema.NoContent }).annotateMerge(
      about({
        id: "getLiveness",
        summary: "Is the process alive?",
        description: "Answers as long as the process answers at all, be the store there or not.",
        answer: "The process is alive"
      })
    ),
    HttpApiEndpoint.get("ready", "/health/ready", {
      success: Health,
      error: notReady
    })
      .annotateMerge(
        about({
          id: "getReadiness",
          summary: "Can it do its work?",
          description: `The server is not ready while it shuts down, and while its store is not ready. ${RULE} Store-Clock-Offset has the milliseconds by which the clock of the store, which decides, is ahead of that of the process.`,
          answer: "It can do its work"
        })
      )
      .annotate(TellsClockOffset, true),
    HttpApiEndpoint.get("health", "/health", { success: Health }).annotateMerge(
      about({
        id: "getHealth",
        summary: "What is well, and what is not?",
        description: `The same for people and tools that look at more than the status: the answer is 200 also if the server cannot do its work. ${RULE}`,
        answer: "The state of the server and of its neighbours"
      })
    )
  )
  .annotate(
    OpenApi.Description,
    "`live`: the process answers. `ready`: it can do its work, the store included; `Store-Clock-Offset` has the milliseconds by which the store's clock, which decides, is ahead of that of the process. `/health` says the same to people, always with 200."
  ) {}
