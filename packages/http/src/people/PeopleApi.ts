/**
 * The group `people` of the API for operators: those who have registered for the events of an organization, and those who sign in.
 */
import { Person, PersonId } from "@turnout/core/access/domain/Person"
import { ByAddress } from "@turnout/core/access/domain/Subject"
import { PeopleQuery } from "@turnout/core/admission/application/RegisteredPeople"
import { AttendeeId, GivenAttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import { RegisteredPerson } from "@turnout/core/admission/domain/model/RegisteredPerson"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { ofOrganization } from "../organizations/OrganizationsApi.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { describedEach, keyPage, limit } from "../requests/Paging.ts"

const FoundPeople = Schema.Struct({
  items: described("The person with this address, or nobody", Schema.Array(Person))
}).annotate({ identifier: "FoundPeople" })

const ofPerson = { personId: described("The id of the person", PersonId) }

export class PeopleGroup extends HttpApiGroup.make("people")
  .add(
    HttpApiEndpoint.get("list", "/admin/organizations/:organization/people", {
      params: ofOrganization,
      query: {
        ...describedEach(PeopleQuery.fields, {
          search: [
            "What the e-mail address, or a word of the name, begins with, without regard to case and accents; each word must be found",
            "ada"
          ]
        }),
        after: described("next of the page before", Schema.optionalKey(GivenAttendeeId)),
        limit
      },
      success: keyPage(RegisteredPerson, AttendeeId, "RegisteredPersonPage"),
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "listPeople",
        summary: "List the people who have registered for events of an organization",
        description:
          "The people in the order of their ids. What is said of them is of the events of this organization only: their name and address as they registered last, and how often they have registered.",
        answer: "A page of people"
      })
    ),
    HttpApiEndpoint.get("find", "/admin/people", {
      query: ByAddress.fields,
      success: FoundPeople
    }).annotateMerge(
      about({
        id: "findPeople",
        summary: "Find a person who signs in, by e-mail address",
        description:
          "The person who has proved that the address is theirs, by a link that was mailed or by a token of an issuer. It is nobody's if somebody has only registered with it.",
        answer: "The person, or no items"
      })
    ),
    HttpApiEndpoint.get("get", "/admin/people/:personId", {
      params: ofPerson,
      success: Person,
      error: OperatorProblems.personNotFound
    }).annotateMerge(
      about({
        id: "getPerson",
        summary: "Get a person who signs in",
        description: "All that the person is known by, and whether they can sign in.",
        answer: "The person"
      })
    ),
    HttpApiEndpoint.post("deactivate", "/admin/people/:personId/deactivate", {
      params: ofPerson,
      success: Person,
      error: OperatorProblems.personNotFound
    })
      .annotateMerge(
        about({
          id: "deactivatePerson",
          summary: "Let a person sign in no more",
          description:
            "The sessions and sign-in links of the person and the links of their registrations end, in every process within ten seconds. Registrations and memberships stay as they are.",
          answer: "The person as they are now"
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("reactivate", "/admin/people/:personId/reactivate", {
      params: ofPerson,
      success: Person,
      error: OperatorProblems.personNotFound
    })
      .annotateMerge(
        about({
          id: "reactivatePerson",
          summary: "Let a person sign in again",
          description: "A person who can sign in stays as they are.",
          answer: "The person as they are now"
        })
      )
      .middleware(BodyBoundary)
  )
  .annotate(
    OpenApi.Description,
    "Those who have registered, for the staff of an organization, and those who sign in, for operators."
  ) {}
