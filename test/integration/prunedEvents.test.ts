/**
 * Whose an event was that is deleted, once pruning has left nothing of its journal but the last entry: everything that asks says the same.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresAuditStore from "@turnout/adapters/postgres/audit-store"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as Audit from "@turnout/core/access/application/audit/Audit"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { organization } from "../conformance/access/GuardGiven.ts"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = Layer.mergeAll(
  Turnout.layer().pipe(Layer.provideMerge(PostgresStore.layerFromClient())),
  PostgresAuditLog.layerFromClient(),
  PostgresAuditStore.layerFromClient(),
  PostgresOrganizations.layerFromClient(),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient()
).pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer()))))

describe("an event that was deleted, and whose journal was pruned", () => {
  it.live("belongs to its organization in lists, in the audit trail and in the decisions of operators", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const turnout = yield* Turnout.Turnout
      const operations = yield* OutboxOperations
      const organizationId = yield* organization()
      const { id } = yield* turnout.createEvent({ ...Given.eventInput(), organizationId })
      yield* turnout.deleteEvent(id)
      yield* sql.unsafe("UPDATE turnout.journal SET occurred_at = now() - interval '2 hours'")
      assert.strictEqual(yield* operations.prune(new Date(), 1_000, "ada"), 1)

      const owners = yield* AdmissionReads.use((reads) => reads.organizationsOf([id]))
      assert.deepStrictEqual([...owners], [[id, organizationId]])

      const outbox = yield* Outbox
      yield* outbox.register("mail", "beginning")
      const [lease] = yield* outbox.claim("mail", { owner: "worker", ttlMillis: 60_000, limit: 1 })
      const block = { stream: id, version: 2, attempts: 1, error: "no", retryAfterMillis: null }
      yield* outbox.acknowledge("mail", [{ ...lease!, blocked: [block] }])
      yield* operations.retry("mail", id, "ada")

      const actionsOf = Effect.fnUntraced(function* (query: Parameters<typeof Audit.list>[0]) {
        const { items } = yield* Audit.list({ ...query, resource: `event:${id}` }, { after: null, limit: 10 })
        return items.map(({ action }) => action).toSorted()
      })
      assert.deepStrictEqual(yield* actionsOf({ organizationId }), ["EventDeleted", "outbox.retry"])
      assert.deepStrictEqual(yield* actionsOf({ organizationId: DEFAULT_ORGANIZATION }), [])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )
})
