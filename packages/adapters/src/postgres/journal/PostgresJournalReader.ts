/**
 * Reading the journal on Postgres 15 and newer, and on PGlite. `LogWindow` explains why no committed entry is left out, and no
 * open transaction holds up a reader. The cost of reading depends on the entries that are read, and not on the length of the
 * journal; to open a window costs one row.
 */
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { commitSignal } from "../client/ClientDatabase.ts"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { checkOrigin } from "./JournalOrigin.ts"
import * as LogReader from "./LogReader.ts"
import * as PostgresLogServer from "./PostgresLogServer.ts"

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const { schema = DEFAULT_SCHEMA } = options
  const client = yield* SqlClient.SqlClient
  const query = Query.make(client.withoutTransforms())
  const reader = LogReader.toJournalReader(
    LogReader.make(PostgresLogServer.make(quote(schema), query)),
    commitSignal(client, schema).listen
  )
  // A journal that was restored into another cluster has no positions until it is repaired.
  const origin = checkOrigin(query, schema)
  return JournalReader.of({
    ...reader,
    arePositions: (texts) => Effect.andThen(origin, reader.arePositions(texts)),
    positions: (from) => Effect.andThen(origin, reader.positions(from))
  })
})

/** The reader on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<JournalReader, never, SqlClient.SqlClient> =>
  Layer.effect(JournalReader, make(options))
