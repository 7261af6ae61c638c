/**
 * The group `health` of the HTTP API: says whether the process is alive, and whether it can do its work.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as StoreProblems from "../problems/StoreProblems.ts"

export class HealthGroup extends HttpApiGroup.make("health", { topLevel: true })
  .add(
    HttpApiEndpoint.get("live", "/health/live", { success: HttpApiSchema.NoContent }).annotate(
      OpenApi.Summary,
      "Is the process alive?"
    ),
    HttpApiEndpoint.get("ready", "/health/ready", {
      success: HttpApiSchema.NoContent,
      error: StoreProblems.storeUnavailable
    }).annotate(OpenApi.Summary, "Can it do its work?")
  )
  .annotate(
    OpenApi.Description,
    "`live`: the process answers. `ready`: it can do its work, the store included; `Store-Clock-Offset` has the milliseconds by which the store's clock, which decides, is ahead of that of the process."
  ) {}
