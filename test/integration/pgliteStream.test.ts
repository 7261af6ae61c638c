import { assert, describe, it } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

describe("an embedded Postgres whose connection ends", () => {
  it.live("forgets the session at once, so that the next connection starts afresh", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.scoped(
        Effect.gen(function* () {
          const connection = yield* sql.reserve
          const run = (statement: string) => connection.execute(statement, [], undefined)
          yield* run("SET application_name = 'the first'")
          yield* run("BEGIN")
          yield* run("CREATE TABLE unfinished (x int)")
          // Giving a connection back while it still works on something closes it.
          yield* Effect.forkDetach(run("SELECT count(*) FROM generate_series(1, 300000)"), { startImmediately: true })
        })
      )
      const [row] = yield* sql<{ unfinished: string | null; name: string }>`
        SELECT to_regclass('unfinished')::text AS unfinished, current_setting('application_name') AS name`
      assert.isNull(row?.unfinished)
      assert.notStrictEqual(row?.name, "the first")
    }).pipe(Effect.provide(Pglite.layerClient()))
  )
})
