/**
 * The clock of the server in statements: as a column, and as a condition of a write.
 *
 * `clock_timestamp()` goes on within a transaction and within a statement, unlike `now()`.
 */
import { MOST_OFF_MILLIS } from "@turnout/core/admission/ports/AdmissionStore"
import type { HeardClock } from "@turnout/core/kernel/application/time/HeardClock"

/** The present moment by the server's clock in milliseconds, as the column `clock`. */
export const CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS clock"

/** Asks for the present moment, and for nothing else. */
export const ASK = { text: `SELECT ${CLOCK}`, parameters: [] }

/**
 * A column that fails the statement (2201G) unless a time is about the present moment, or NULL. The code is one that nothing else raises;
 * the condition is within `CASE`, so that the server evaluates it when the row is made and not when the plan is.
 */
export const near = (time: string): string => {
  const most = `interval '${MOST_OFF_MILLIS} milliseconds'`
  return `width_bucket(0::float8, 0, 1, CASE WHEN ${time} NOT BETWEEN clock_timestamp() - ${most} AND clock_timestamp() + ${most} THEN 0 ELSE 1 END) AS near`
}

/** Notes the time that is in answers to statements that were sent at a moment, by the steady time of the clock. */
export const hear = (clock: HeardClock, askedAt: number, answers: ReadonlyArray<ReadonlyArray<unknown>>): void => {
  for (const rows of answers) {
    // Of rows that waited for their locks one after the other, the last one looked at the clock last.
    const time = (rows.at(-1) as { readonly clock?: number } | undefined)?.clock
    if (time !== undefined) clock.hear(askedAt, Number(time))
  }
}
