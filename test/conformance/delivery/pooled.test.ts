/**
 * The suites of the outbox through a PgBouncer in transaction mode, which gives each transaction another session of the server.
 */
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import { Layer } from "effect"
import * as PgBouncer from "../../support/PgBouncer.ts"
import { suite as keys } from "./OutboxKeysSuite.ts"
import { suite } from "./OutboxSuite.ts"

const onPgBouncer = Layer.mergeAll(
  PostgresAuditLog.layerFromClient(),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient()
).pipe(Layer.provideMerge(PgBouncer.layerStore({ poolSize: 20 })))

suite("PgBouncer", onPgBouncer)
keys("PgBouncer", onPgBouncer)
