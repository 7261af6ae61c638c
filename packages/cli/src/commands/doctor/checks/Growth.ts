/**
 * What grows: the tables, and records that nobody has deleted in time.
 */
import * as Storage from "@turnout/adapters/postgres/storage-diagnosis"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { GlobalOptions } from "../../../Database.ts"
import { count, size } from "../../../output/Words.ts"
import { type Check, type Finding, notice, ok, warning } from "../Check.ts"

/** Numbers of rows beyond which a table is worth a look. */
const MANY = { journal: 10_000_000, inbox: 10_000_000 } as const

/** Processes delete records that expired two hours ago. Of those that expired an hour before that, few should be left. */
const OVERDUE_MILLIS = 3 * 60 * 60_000
const FEW_EXPIRED = 10_000

/** The number of tables that are named. */
const NAMED = 5

const rowsOf = ({ rows }: Storage.Table): string => (rows === null ? "" : `, about ${count(rows)} rows`)

const ofTables = (tables: ReadonlyArray<Storage.Table>): ReadonlyArray<Finding> => {
  const bytes = tables.reduce((all, one) => all + one.bytes, 0)
  const largest = tables.slice(0, NAMED).map((one) => `${one.name} ${size(one.bytes)}${rowsOf(one)}`)
  const rows = (name: string): number => tables.find((one) => one.name === name)?.rows ?? 0
  return [
    ok(`${size(bytes)} in all: ${largest.join("; ")}`, { bytes, tables }),
    ...(rows("journal") < MANY.journal
      ? []
      : [
          notice(
            `the journal has about ${count(rows("journal"))} entries`,
            { rows: rows("journal") },
            "turnout outbox prune --before TIME"
          )
        ]),
    ...(rows("inbox") < MANY.inbox
      ? []
      : [
          notice(
            `the inbox remembers about ${count(rows("inbox"))} messages`,
            { rows: rows("inbox") },
            "turnout sweep --inbox-ttl MILLIS"
          )
        ])
  ]
}

const ofExpired = (expired: Storage.Expired): ReadonlyArray<Finding> =>
  expired.records < FEW_EXPIRED
    ? []
    : [
        warning(
          `about ${count(expired.records)} idempotency records expired three hours ago and are still there: no process deletes them`,
          { ...expired },
          "turnout sweep",
          "turnout serve and turnout relay delete them while they run"
        )
      ]

export const check = ({ schema }: GlobalOptions): Check<SqlClient> => ({
  name: "growth",
  look: Effect.gen(function* () {
    const tables = yield* Storage.tables({ schema })
    return [...ofTables(tables), ...ofExpired(yield* Storage.expiredIdempotency(OVERDUE_MILLIS, { schema }))]
  })
})
