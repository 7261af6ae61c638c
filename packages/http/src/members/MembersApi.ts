/**
 * The group `members` of the API for operators: who belongs to an organization, and in which role.
 */
import { Member, MemberChanges, MemberId, MemberInput } from "@turnout/core/access/domain/Member"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { ofOrganization } from "../organizations/OrganizationsApi.ts"
import * as AccessProblems from "../problems/AccessProblems.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

const MEMBERS = "/admin/organizations/:organization/members"

const ofMember = { ...ofOrganization, memberId: described("The id of the member", MemberId) }

export class MembersGroup extends HttpApiGroup.make("members")
  .add(
    HttpApiEndpoint.get("list", MEMBERS, {
      params: ofOrganization,
      query: { after: described("next of the page before", Schema.optionalKey(MemberId)), limit },
      success: keyPage(Member, MemberId, "MemberPage"),
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "listMembers",
        summary: "List the members of an organization, the oldest first",
        description: "Everybody who belongs to the organization, with their roles, whether they have signed in or not.",
        answer: "A page of members"
      })
    ),
    HttpApiEndpoint.post("add", MEMBERS, {
      params: ofOrganization,
      payload: MemberInput,
      success: Member.pipe(HttpApiSchema.status(201)),
      error: [RejectionProblems.organizationNotFound, OperatorProblems.memberExists, AccessProblems.mayNotGive]
    })
      .annotateMerge(
        about({
          id: "addMember",
          summary: "Add a member to an organization",
          description:
            "Somebody can be added before they have signed in for the first time. Nobody gives a role with permissions that they lack.",
          answer: "The member",
          body: { subject: { address: "ada@example.com" }, role: "organizer" }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("get", `${MEMBERS}/:memberId`, {
      params: ofMember,
      success: Member,
      error: [RejectionProblems.organizationNotFound, OperatorProblems.memberNotFound]
    }).annotateMerge(
      about({
        id: "getMember",
        summary: "Get a member of an organization",
        description: "The member as it is now.",
        answer: "The member"
      })
    ),
    HttpApiEndpoint.patch("change", `${MEMBERS}/:memberId`, {
      params: ofMember,
      payload: MemberChanges,
      success: Member,
      error: [
        RejectionProblems.organizationNotFound,
        OperatorProblems.memberNotFound,
        OperatorProblems.lastOwner,
        AccessProblems.mayNotGive
      ]
    })
      .annotateMerge(
        about({
          id: "changeMember",
          summary: "Give a member another role",
          description:
            "The role counts within ten seconds. An organization that has an owner always keeps one, and nobody gives or takes away a role with permissions that they lack.",
          answer: "The member as it is now",
          body: { role: "viewer" }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.delete("remove", `${MEMBERS}/:memberId`, {
      params: ofMember,
      success: Member,
      error: [
        RejectionProblems.organizationNotFound,
        OperatorProblems.memberNotFound,
        OperatorProblems.lastOwner,
        AccessProblems.mayNotGive
      ]
    })
      .annotateMerge(
        about({
          id: "removeMember",
          summary: "Remove a member from an organization",
          description:
            "The person may do nothing more in the organization, within ten seconds. The last owner cannot be removed.",
          answer: "The member as it was"
        })
      )
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Who belongs to an organization, and what they may do there.") {}
