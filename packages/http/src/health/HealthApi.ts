/**
 * The group `health` of the HTTP API: says whether the process is alive, and whether it can do its work.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { TellsClockOffset } from "../document/ResponseHeaders.ts"
import * as StoreProblems from "../problems/StoreProblems.ts"

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
      success: HttpApiSchema.NoContent,
      error: StoreProblems.storeUnavailable
    })
      .annotateMerge(
        about({
          id: "getReadiness",
          summary: "Can it do its work?",
          description:
            "The server is not ready while it shuts down, and while its store is not ready. Store-Clock-Offset has the milliseconds by which the clock of the store, which decides, is ahead of that of the process.",
          answer: "It can do its work"
        })
      )
      .annotate(TellsClockOffset, true)
  )
  .annotate(
    OpenApi.Description,
    "`live`: the process answers. `ready`: it can do its work, the store included; `Store-Clock-Offset` has the milliseconds by which the store's clock, which decides, is ahead of that of the process."
  ) {}
