/**
 * Whether the schema is the one that this version of Turnout works with, and whether the user may write its tables.
 */
import * as Diagnosis from "@turnout/adapters/postgres/server-diagnosis"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as Storage from "@turnout/adapters/postgres/storage-diagnosis"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { GlobalOptions } from "../../../Database.ts"
import { type Check, failure, type Finding, ok, warning } from "../Check.ts"

/** The name of this check: others need the tables that it looks for. */
export const NAME = "schema"

const ofMigrations = Effect.fnUntraced(function* (schema: string) {
  const all = yield* Migrations.status({ schema })
  const pending = all.filter(({ appliedAt }) => appliedAt === null).map(({ id, name }) => `${id} ${name}`)
  const known = all.at(-1)!.id
  if (pending.length === all.length)
    return failure(
      `the schema ${schema} has none of the tables`,
      { schema, known, newest: null, pending },
      "turnout migrate up"
    )
  const newest = yield* Storage.newestMigration({ schema })
  const facts = { schema, known, newest, pending }
  if (pending.length > 0)
    return failure(
      `the schema ${schema} is older than this version of Turnout; pending: ${pending.join(", ")}`,
      facts,
      "turnout migrate up --dry-run",
      "turnout migrate up"
    )
  if (newest !== null && newest > known)
    return warning(
      `the schema ${schema} is at migration ${newest}, of a later version of Turnout than this one, which knows ${known}`,
      facts,
      "Upgrade this program: npm install @turnout/cli@latest"
    )
  return ok(`the schema ${schema} is at migration ${known}, the newest`, facts)
})

const ofRights = ({ notWritable }: Diagnosis.Rights, schema: string): ReadonlyArray<Finding> =>
  notWritable.length === 0
    ? []
    : [
        failure(
          `the user of the connection may not write ${notWritable.join(", ")}`,
          { notWritable },
          `As the owner of the tables: GRANT ALL ON ALL TABLES IN SCHEMA "${schema}" TO the user; and ALL SEQUENCES as well.`
        )
      ]

export const check = ({ schema }: GlobalOptions): Check<SqlClient> => ({
  name: NAME,
  look: Effect.gen(function* () {
    const found = yield* ofMigrations(schema)
    return [found, ...ofRights(yield* Diagnosis.rights({ schema }), schema)]
  })
})
