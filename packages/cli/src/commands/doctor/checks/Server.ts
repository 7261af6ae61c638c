/**
 * Which database answers, and whether it takes writes.
 */
import * as Diagnosis from "@turnout/adapters/postgres/server-diagnosis"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { describe, type GlobalOptions } from "../../../Database.ts"
import { type Check, failure, type Finding, ok } from "../Check.ts"

const isEmbedded = ({ database }: GlobalOptions): boolean => database === undefined

/** What keeps the server from taking writes. */
const refusals = ({ database, isReadOnly, isStandby, user }: Diagnosis.Server): ReadonlyArray<Finding> => {
  if (isStandby)
    return [
      failure(
        "the server is a standby, which takes no writes",
        { isStandby },
        "Name the address that leads to the server which takes writes: turnout doctor --database URL"
      )
    ]
  if (!isReadOnly) return []
  return [
    failure(
      `transactions of ${user} only read (default_transaction_read_only is on)`,
      { isReadOnly },
      `psql -c 'ALTER DATABASE "${database}" RESET default_transaction_read_only'`,
      `psql -c 'ALTER ROLE "${user}" RESET default_transaction_read_only'`
    )
  ]
}

export const check = (options: GlobalOptions): Check<SqlClient> => ({
  name: "database",
  look: Effect.map(Diagnosis.server, (server) => {
    const { isEncrypted, isPooled, version, versionNumber } = server
    const address = describe(options)
    const kind = isEmbedded(options) ? "embedded" : isPooled ? "pooled" : "direct"
    const facts = { address, kind, ...server }
    const how = isEmbedded(options)
      ? ""
      : `, ${isPooled ? "through a pooler" : "without a pooler"}, ${isEncrypted ? "encrypted" : "not encrypted"}`
    const what = `Postgres ${version} at ${address}${how}`
    if (versionNumber < Diagnosis.OLDEST_VERSION)
      return [failure(`${what}: Turnout needs Postgres 15 or newer`, facts, "Upgrade the server.")]
    return [ok(what, facts), ...refusals(server)]
  })
})
