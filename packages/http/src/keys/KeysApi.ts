/**
 * The group `keys` of the API for operators: API keys, the credentials of programs.
 */
import { Replacement } from "@turnout/core/access/application/ApiKeys"
import { ApiKey, ApiKeyId, ApiKeyInput } from "@turnout/core/access/domain/credentials/ApiKey"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import * as AccessProblems from "../problems/AccessProblems.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

const ofKey = { keyId: described("The id of the key", ApiKeyId) }

const WithText = Schema.Struct({
  key: described("The key", ApiKey),
  text: described(
    "The text that requests send as their bearer token: tk_, the id and the secret. It is shown this once only",
    Schema.String
  )
}).annotate({ identifier: "ApiKeyWithText" })

export class KeysGroup extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.post("create", "/admin/keys", {
      payload: ApiKeyInput,
      success: WithText.pipe(HttpApiSchema.status(201)),
      error: [RejectionProblems.organizationNotFound, AccessProblems.mayNotGive]
    })
      .annotateMerge(
        about({
          id: "createApiKey",
          summary: "Make an API key",
          description:
            "The key has a role in an organization, or is that of an operator. Its text is shown this once only: a digest is all that is stored.",
          answer: "The key and its text",
          body: { name: "Operations", role: "operator" }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("list", "/admin/keys", {
      query: {
        organizationId: described("Only the keys for this organization", Schema.optionalKey(OrganizationId)),
        after: described("next of the page before", Schema.optionalKey(ApiKeyId)),
        limit
      },
      success: keyPage(ApiKey, ApiKeyId, "ApiKeyPage"),
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "listApiKeys",
        summary: "List API keys, the oldest first",
        description:
          "The keys for one organization, without their secrets; also those that have ended. Without an organization, all keys for operators, and those for their own organization for others.",
        answer: "A page of keys"
      })
    ),
    HttpApiEndpoint.post("replace", "/admin/keys/:keyId/replace", {
      params: ofKey,
      payload: Replacement.annotate({ identifier: "ApiKeyReplacement" }),
      success: WithText.pipe(HttpApiSchema.status(201)),
      error: [OperatorProblems.apiKeyNotFound, OperatorProblems.apiKeyNotReplaceable, AccessProblems.mayNotGive]
    })
      .annotateMerge(
        about({
          id: "replaceApiKey",
          summary: "Make a key that replaces another one",
          description:
            "The new key has the same role and the same end. The one before is valid for a while as well, so that the programs that have it can be given the new one.",
          answer: "The new key and its text",
          body: { overlapMillis: 3_600_000 }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("revoke", "/admin/keys/:keyId/revoke", {
      params: ofKey,
      success: ApiKey,
      error: OperatorProblems.apiKeyNotFound
    })
      .annotateMerge(
        about({
          id: "revokeApiKey",
          summary: "End a key at once",
          description: "Every process refuses it within ten seconds. A key that was revoked before stays as it is.",
          answer: "The key as it is now"
        })
      )
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "The credentials of programs. Those of operators open this API.") {}
