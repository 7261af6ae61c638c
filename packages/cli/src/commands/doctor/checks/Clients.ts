/**
 * Which programs are connected to the database, and which of their transactions stay open.
 */
import * as Diagnosis from "@turnout/adapters/postgres/server-diagnosis"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { duration } from "../../../output/Words.ts"
import { type Check, type Finding, notice, ok, warning } from "../Check.ts"

/** The name under which the command itself is connected, unless the URL says another. */
export const OWN_NAME = "turnout doctor"

/** How long a transaction may do nothing, and how long one may take, before it is worth a look. */
const IDLE_MILLIS = 60_000
const LONG_MILLIS = 600_000

const nameOf = ({ address, name, user }: Diagnosis.Client): string =>
  `${name === "" ? "a program without a name" : name} of ${user}${address === null ? "" : ` from ${address}`}`

const ofTransaction = (transaction: Diagnosis.OpenTransaction): ReadonlyArray<Finding> => {
  const { millis, name, pid, state } = transaction
  const end = `psql -c 'SELECT pg_terminate_backend(${pid})'`
  const who = `process ${pid} of the server (${name === "" ? "without a name" : name})`
  if (state?.startsWith("idle in transaction") === true)
    return [
      warning(
        `a transaction of ${who} has been open for ${duration(millis)} and does nothing; its locks hold up others`,
        { ...transaction },
        end
      )
    ]
  if (millis < LONG_MILLIS) return []
  return [
    notice(
      `a transaction of ${who} has been open for ${duration(millis)}: meanwhile, no table can be cleaned of old rows`,
      { ...transaction },
      end
    )
  ]
}

export const check: Check<SqlClient> = {
  name: "clients",
  look: Effect.gen(function* () {
    const clients = yield* Diagnosis.clients(OWN_NAME)
    const open = yield* Diagnosis.openTransactions(OWN_NAME, IDLE_MILLIS)
    const sessions = clients.reduce((all, one) => all + one.sessions, 0)
    const waiting = clients.reduce((all, one) => all + one.waiting, 0)
    const words =
      sessions === 0
        ? "nobody else is connected"
        : `${sessions} other sessions: ${clients.map((one) => `${one.sessions} of ${nameOf(one)}`).join("; ")}`
    return [
      ok(words, { clients }),
      ...(waiting === 0 ? [] : [notice(`${waiting} sessions wait for locks that others hold`, { waiting })]),
      ...open.flatMap(ofTransaction)
    ]
  })
}
