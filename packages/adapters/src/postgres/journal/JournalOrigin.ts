/**
 * The cluster that a journal comes from. Positions consist of its transaction ids (`LogWindow`), which mean nothing in another
 * cluster: from a journal that was restored there, nothing is delivered before it is repaired (`PostgresOutboxRepair`).
 */
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import { quote } from "../schema/SchemaName.ts"
import type { Query } from "../client/Query.ts"

/** Whether the transaction ids of the journal are those of this cluster. */
export const origin = (s: string): string => `SELECT o.system_identifier = c.system_identifier AS is_own
FROM ${s}.journal_origin o CROSS JOIN pg_control_system() c`

/** A row of `origin`. */
export interface OriginRow {
  readonly is_own: boolean
}

/** Fails with `LogRestored` if the journal comes from another cluster. */
export const checkOrigin = (query: Query, schema: string): Effect.Effect<void, StoreError.StoreError> =>
  Effect.flatMap(query<OriginRow>(origin(quote(schema))), ([row]) => {
    if (row?.is_own === true) return Effect.void
    const cause = new Error("the journal has the transaction ids of another cluster")
    return Effect.fail(new StoreError.StoreError({ reason: new StoreError.LogRestored({ cause }) }))
  })
