/**
 * The suites of the inbox through a PgBouncer in transaction mode, which gives each transaction another session of the server.
 */
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import { Layer } from "effect"
import * as PgBouncer from "../../support/PgBouncer.ts"
import { suite as keys } from "./InboxKeysSuite.ts"
import { suite } from "./InboxSuite.ts"
import { suite as transactions } from "./InboxTransactionsSuite.ts"

const onPgBouncer = PostgresInbox.layerFromClient().pipe(Layer.provideMerge(PgBouncer.layerStore({ poolSize: 30 })))

suite("PgBouncer", onPgBouncer)
transactions("PgBouncer", onPgBouncer, { knowsStatements: true, endsStatements: true })
keys("PgBouncer", onPgBouncer)
