/**
 * The group `organizations` of the API for operators: who events belong to.
 */
import {
  GivenOrganization,
  Organization,
  OrganizationChanges,
  OrganizationInput,
  Slug
} from "@turnout/core/access/domain/Organization"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

/** The organization in the path of a request. */
export const ofOrganization = {
  organization: described("The id or the short name of the organization", GivenOrganization, {
    examples: ["music-society"]
  })
}

export class OrganizationsGroup extends HttpApiGroup.make("organizations")
  .add(
    HttpApiEndpoint.post("create", "/admin/organizations", {
      payload: OrganizationInput,
      success: Organization.pipe(HttpApiSchema.status(201)),
      error: OperatorProblems.slugTaken
    })
      .annotateMerge(
        about({
          id: "createOrganization",
          summary: "Add an organization",
          description: "Events are created for it by its id from now on. An organization is never deleted.",
          answer: "The organization",
          body: { slug: "music-society", name: "Music society" }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("list", "/admin/organizations", {
      query: { after: described("next of the page before", Schema.optionalKey(Slug)), limit },
      success: keyPage(Organization, Schema.String, "OrganizationPage")
    }).annotateMerge(
      about({
        id: "listOrganizations",
        summary: "List organizations by their short names",
        description: "All organizations: the default one owns the events that were created for no other.",
        answer: "A page of organizations"
      })
    ),
    HttpApiEndpoint.get("get", "/admin/organizations/:organization", {
      params: ofOrganization,
      success: Organization,
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "getOrganization",
        summary: "Get an organization",
        description: "The organization as it is now, by its id or its short name. Its members see it, and operators.",
        answer: "The organization"
      })
    ),
    HttpApiEndpoint.patch("update", "/admin/organizations/:organization", {
      params: ofOrganization,
      payload: OrganizationChanges,
      success: Organization,
      error: [RejectionProblems.organizationNotFound, OperatorProblems.slugTaken]
    })
      .annotateMerge(
        about({
          id: "updateOrganization",
          summary: "Rename an organization",
          description: "A field that is absent stays as it is. The short name before can be given to another one.",
          answer: "The organization as it is now",
          body: { name: "Society for music" }
        })
      )
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Who events belong to. Every event belongs to one organization, for ever.") {}
