/**
 * Settings of the server that change what Turnout can rely on, and room for its connections.
 */
import * as Diagnosis from "@turnout/adapters/postgres/server-diagnosis"
import { connectionsOf } from "@turnout/adapters/postgres"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { GlobalOptions } from "../../../Database.ts"
import { duration } from "../../../output/Words.ts"
import { type Check, failure, type Finding, notice, ok, warning } from "../Check.ts"

/** The longest time that a transaction of Turnout may take: a statement, and the wait for its locks. */
const LONGEST_TRANSACTION_MILLIS = 65_000

const DURABLE = "psql -c 'ALTER SYSTEM SET"

const ofEmbedded = ({ fsync }: Diagnosis.Settings): ReadonlyArray<Finding> =>
  fsync === "off"
    ? [
        notice(
          "an embedded Postgres runs with fsync off: its data survives a restart of the process, and not a power cut",
          { fsync },
          "Use a Postgres server for data that must not be lost."
        )
      ]
    : []

const ofDurability = (settings: Diagnosis.Settings): ReadonlyArray<Finding> => {
  const { autovacuum, fsync, full_page_writes, synchronous_commit } = settings
  return [
    ...(fsync === "off"
      ? [
          failure(
            "fsync is off: a crash of the machine loses data, or damages all of it",
            { fsync },
            `${DURABLE} fsync = on'`
          )
        ]
      : []),
    ...(full_page_writes === "off"
      ? [
          failure(
            "full_page_writes is off: a crash of the machine may damage data",
            { full_page_writes },
            `${DURABLE} full_page_writes = on'`
          )
        ]
      : []),
    ...(synchronous_commit === "off"
      ? [
          warning(
            "synchronous_commit is off: a crash of the server takes back registrations that were confirmed",
            { synchronous_commit },
            `${DURABLE} synchronous_commit = on'`
          )
        ]
      : []),
    ...(autovacuum === "off"
      ? [
          warning(
            "autovacuum is off: tables grow, and everything becomes slower",
            { autovacuum },
            `${DURABLE} autovacuum = on'`
          )
        ]
      : [])
  ]
}

const ofTimeouts = (settings: Diagnosis.Settings): ReadonlyArray<Finding> => {
  const idle = Number(settings.idle_session_timeout ?? 0)
  const transaction = Number(settings.transaction_timeout ?? 0)
  const found: Array<Finding> = []
  if (idle > 0)
    found.push(
      notice(
        `idle_session_timeout ends idle connections after ${duration(idle)}: Turnout opens others, and the first request waits for it`,
        { idle_session_timeout: idle }
      )
    )
  if (transaction > 0 && transaction < LONGEST_TRANSACTION_MILLIS)
    found.push(
      warning(
        `transaction_timeout ends transactions after ${duration(transaction)}, before Turnout has given them up`,
        { transaction_timeout: transaction },
        "psql -c 'ALTER ROLE the_user SET transaction_timeout = 0'"
      )
    )
  else if (transaction > 0)
    found.push(
      notice(`transaction_timeout ends transactions after ${duration(transaction)}: a long migration fails`, {
        transaction_timeout: transaction
      })
    )
  return found
}

/** Whether another process of Turnout has room. */
const ofConnections = (settings: Diagnosis.Settings, used: number): Finding => {
  const max = Number(settings.max_connections ?? 0)
  const reserved = Number(settings.superuser_reserved_connections ?? 0) + Number(settings.reserved_connections ?? 0)
  const { reading, transactions } = connectionsOf({})
  const [forProcess, left] = [reading + transactions, max - reserved - used]
  const facts = { maxConnections: max, reserved, used, left, takenByProcess: forProcess }
  const words = `${used} of ${max - reserved} connections are taken; a process of Turnout takes ${forProcess}`
  return left < forProcess
    ? warning(
        `${words}, and there is no room for another`,
        facts,
        "Raise max_connections, or put a pooler in transaction mode in between."
      )
    : ok(words, facts)
}

export const check = (options: GlobalOptions): Check<SqlClient> => ({
  name: "settings",
  look: Effect.gen(function* () {
    const settings = yield* Diagnosis.settings
    if (options.database === undefined) return ofEmbedded(settings)
    const used = yield* Diagnosis.sessions
    return [ofConnections(settings, used), ...ofDurability(settings), ...ofTimeouts(settings)]
  })
})
