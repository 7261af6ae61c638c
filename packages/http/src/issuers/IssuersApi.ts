/**
 * The group `issuers` of the API for operators: those whose bearer tokens the server takes.
 */
import { IssuerState } from "@turnout/core/access/ports/TokenVerifier"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"

const IssuerStates = Schema.Struct({
  items: described("The issuers, in the order of the settings", Schema.Array(IssuerState))
}).annotate({ identifier: "IssuerStates" })

export class IssuersGroup extends HttpApiGroup.make("issuers")
  .add(
    HttpApiEndpoint.post("reload", "/admin/auth/reload", { success: IssuerStates })
      .annotateMerge(
        about({
          id: "reloadIssuers",
          summary: "Fetch the keys of all token issuers anew",
          description:
            "A key that an issuer has revoked counts no more in this process once the answer is there. The keys of an issuer that could not be asked stay in use. Other processes fetch within five minutes.",
          answer: "What is known of each issuer then; no items, if the server takes no tokens"
        })
      )
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "The issuers whose bearer tokens the server takes, and their keys.") {}
