/**
 * The handlers of the group `audit`: each turns a request into one call of the audit trail behind the policy.
 */
import { GuardedAudit } from "@turnout/core/guard/application/access/GuardedAudit"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { toPageRequest } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Download from "../server/Download.ts"

export const layer = Handlers.group(
  AdminApi,
  "audit",
  Effect.gen(function* () {
    const audit = yield* GuardedAudit
    return {
      list: ({ query: { after, limit, ...query } }) =>
        toProblems(audit.list(query, toPageRequest({ after, limit })), "query"),
      exportCsv: ({ query }) =>
        Effect.map(toProblems(audit.exportCsv(query), "query"), (text) => Download.answer("audit.csv", text)),
      exportLines: ({ query }) =>
        Effect.map(toProblems(audit.exportLines(query), "query"), (text) => Download.answer("audit.jsonl", text))
    }
  })
)
