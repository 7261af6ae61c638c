/**
 * `turnout migrate`: brings the schema of the database up to date.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import * as Database from "../../Database.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Table from "../../output/Table.ts"
import { timeIfAny } from "../../output/Words.ts"

const run = <A, E>(options: Database.GlobalOptions, effect: Effect.Effect<A, E, SqlClient.SqlClient>): Promise<A> =>
  Logs.runPromise(options, Effect.provide(effect, Database.client(options)))

export const up = async (options: Database.GlobalOptions & { readonly dryRun?: boolean }): Promise<boolean> => {
  const { schema } = options
  if (options.dryRun) {
    const sql = await run(options, Migrations.pendingSql({ schema }))
    Output.result(options, { pending: sql }, () =>
      sql.length === 0 ? ["-- nothing to do"] : sql.flatMap((text) => text.split("\n"))
    )
    return true
  }
  const applied = await run(options, Migrations.up({ schema }))
  Output.changed(options, { applied }, () =>
    applied.length === 0
      ? ["Nothing to do: the database is up to date."]
      : applied.map(({ id, name }) => `applied ${id} ${name}`)
  )
  return true
}

export const status = async (options: Database.GlobalOptions): Promise<boolean> => {
  const migrations = await run(options, Migrations.status({ schema: options.schema }))
  Output.result(options, { migrations }, () =>
    Table.lines(
      ["id", "name", "applied"],
      migrations.map(({ appliedAt, id, name }) => [id, name, timeIfAny(appliedAt, "pending")])
    )
  )
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const migrate = program.command("migrate").description("bring the database up to date")
  migrate
    .command("up")
    .description("apply the pending migrations")
    .option("--dry-run", "show the SQL and change nothing")
    .action(action(up))
  migrate.command("status").description("show what is applied and what is pending").action(action(status))
}
