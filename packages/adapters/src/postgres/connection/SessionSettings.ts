/**
 * The settings of every session: the time-outs that keep a transaction from holding locks for ever, and those of the planner.
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
