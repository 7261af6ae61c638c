/**
 * The settings of every session: the time-outs that keep a transaction from holding locks for ever, and those of the planner.
 *
 * A direct connection has them from its beginning. Through a pooler, which gives each transaction another session, each transaction
 * sets them for itself.
 */

/** How long a statement waits for a row lock, how long it runs, and how long a transaction may sit idle. */
export const LOCK_TIMEOUT_MILLIS = 5_000
export const STATEMENT_TIMEOUT_MILLIS = 30_000
export const IDLE_TRANSACTION_TIMEOUT_MILLIS = 10_000

/** The settings by name, in the form in which `pg_settings` has them. */
export const SETTINGS = {
  // Without these, a plan that is made while the tables are empty would scan them for as long as the connection lives.
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  jit: "off",
  lock_timeout: String(LOCK_TIMEOUT_MILLIS),
  statement_timeout: String(STATEMENT_TIMEOUT_MILLIS),
  idle_in_transaction_session_timeout: String(IDLE_TRANSACTION_TIMEOUT_MILLIS)
} as const

const names = Object.keys(SETTINGS).map((name) => `'${name}'`)

/** Sets all of them until the end of the transaction. */
export const SET_LOCAL: string = `SELECT ${Object.entries(SETTINGS)
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(", ")}`

/** The process of the server that carries this statement out, and the settings that it has. */
export const LOOK: string = `SELECT pg_backend_pid() AS pid, name, setting FROM pg_settings WHERE name IN (${names.join(", ")})`

export interface Looked {
  readonly pid: number
  readonly name: string
  readonly setting: string
}

/**
 * Whether a session is that of the connection: its process is the one that the server has named at the beginning, and it has the
 * settings. Otherwise a pooler is in between, which hands out sessions of its own.
 */
export const isOwn = (processId: number, looked: ReadonlyArray<Looked>): boolean =>
  looked.length === names.length &&
  looked.every(({ name, pid, setting }) => pid === processId && SETTINGS[name as keyof typeof SETTINGS] === setting)
