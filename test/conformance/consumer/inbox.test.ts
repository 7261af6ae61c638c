import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as keys } from "./InboxKeysSuite.ts"
import { suite } from "./InboxSuite.ts"
import { suite as transactions } from "./InboxTransactionsSuite.ts"

const onPglite = PostgresInbox.layerFromClient().pipe(
  Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))
)
const onPostgres = PostgresInbox.layerFromClient().pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 30 })))

/** A host's own client, whose connections give up earlier than most effects end. */
const onClientOfHost = PostgresInbox.layerFromClient().pipe(
  Layer.provideMerge(
    Layer.unwrap(
      Effect.map(TestDatabase.make, (url) =>
        Layer.orDie(
          TestDatabase.migrated(
            PgClient.layer({
              url: Redacted.make(url),
              maxConnections: 30,
              startupParameters: { idle_in_transaction_session_timeout: "600", statement_timeout: "2000" }
            })
          )
        )
      )
    )
  )
)

suite("memory", MemoryInbox.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)
suite("Postgres, on the client of a host", onClientOfHost)

transactions("PGlite", onPglite, { knowsStatements: true, endsStatements: false })
transactions("Postgres", onPostgres, { knowsStatements: true, endsStatements: true })
transactions("Postgres, on the client of a host", onClientOfHost, { knowsStatements: false, endsStatements: true })

keys("memory", MemoryInbox.layer)
keys("PGlite", onPglite, { dealsAtOnce: false })
keys("Postgres", onPostgres)
