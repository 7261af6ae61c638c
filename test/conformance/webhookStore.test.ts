import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresWebhooks from "@turnout/adapters/postgres/webhooks"
import { Layer } from "effect"
import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./WebhookStoreSuite.ts"

const onClient = Layer.merge(PostgresWebhooks.layerFromClient(), PostgresOutboxOperations.layerFromClient())

suite("memory", Memory.layer)
suite("PGlite", onClient.pipe(Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))))
suite("Postgres", onClient.pipe(Layer.provide(TestDatabase.layer())))
