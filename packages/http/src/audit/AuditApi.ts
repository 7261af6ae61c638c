/**
 * The group `audit` of the API for operators: who did what.
 */
import { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import { GivenOrganization } from "@turnout/core/access/domain/Organization"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { csv, jsonLines } from "../requests/Download.ts"
import { describedEach, keyPage, limit } from "../requests/Paging.ts"

const { organizationId: _, ...fields } = AuditQuery.fields

/** What is looked for; all conditions must hold. */
const query = {
  ...describedEach(fields, {
    principal: ["The principal, in full, such as `key:` and its id", "operator"],
    action: ["The action, in full", "keys.create"],
    resource: [
      "What it was done to, in full: a kind such as event, registration, member, key or webhook, a colon, and the id",
      "event:01a1fc98-aa31-70bb-aea8-a708368a1d5e"
    ],
    from: ["At this moment or later", "2026-01-01T00:00:00Z"],
    until: ["Before this moment, which is after from", "2035-01-01T00:00:00Z"]
  }),
  organization: described(
    "The id or the short name of the organization that it concerns; without it, all for operators, and their own for others",
    Schema.optionalKey(GivenOrganization),
    { examples: ["default"] }
  )
}

const WHAT =
  "Changes of events and registrations come from the journal; everything else, such as sign-ins, keys, members and settings, what staff were refused, and which personal data they have read, from the audit log. Addresses and user agents are kept for 90 days, and only those of staff and of sign-ins."

export class AuditGroup extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/admin/audit", {
      query: { ...query, after: described("next of the page before", Schema.optionalKey(Schema.String)), limit },
      success: keyPage(AuditEntry, Schema.String, "AuditPage"),
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "listAuditEntries",
        summary: "List who did what, the latest first",
        description: `${WHAT} A page looks at some thousand entries at most: it may have fewer entries than asked for, or none, and go on at next.`,
        answer: "A page of the audit trail"
      })
    ),
    HttpApiEndpoint.get("exportCsv", "/admin/audit.csv", {
      query,
      success: csv,
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "exportAuditEntries",
        summary: "Download who did what as CSV, the latest first",
        description: `${WHAT} The rows are read page by page while they are sent. A failure of the store cuts the answer off.`,
        answer: "The audit trail as CSV in UTF-8, with a header"
      })
    ),
    HttpApiEndpoint.get("exportLines", "/admin/audit.jsonl", {
      query,
      success: jsonLines,
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "exportAuditLines",
        summary: "Download who did what as JSON lines, the latest first",
        description: `${WHAT} Each line is an entry of the list. They are read page by page while they are sent. A failure of the store cuts the answer off.`,
        answer: "The audit trail as JSON lines"
      })
    )
  )
  .annotate(OpenApi.Description, "Who did what, when, to which resource, from where, and by what credential.") {}
