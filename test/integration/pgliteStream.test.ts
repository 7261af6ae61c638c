import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { PGlite } from "@electric-sql/pglite"
import * as Pglite from "@turnout/adapters/pglite"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
// oxlint-disable-next-line eslint/no-restricted-imports -- the stream is not exported
import { pgliteStream } from "../../packages/adapters/src/pglite/PgliteStream.ts"

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

  it.live("goes on with its transaction when it is asked to end a statement, which goes by a stream of its own", () =>
    Effect.gen(function* () {
      const database = yield* Effect.acquireRelease(
        Effect.promise(() => PGlite.create()),
        (opened) => Effect.promise(() => opened.close())
      )
      const connection = yield* PgConnection.make({ stream: () => pgliteStream(database), username: "postgres" })
      for (const statement of ["BEGIN", "SET application_name = 'the same'", "CREATE TABLE kept (x int)"])
        yield* connection.query(statement)
      yield* connection.interrupt
      yield* connection.query("INSERT INTO kept VALUES (1)")
      yield* connection.query("COMMIT")
      const { rows } = yield* connection.query("SELECT x, current_setting('application_name') AS name FROM kept")
      assert.deepStrictEqual(
        rows.map((row) => ({ ...row })),
        [{ x: 1, name: "the same" }]
      )
    }).pipe(Effect.scoped)
  )
})
