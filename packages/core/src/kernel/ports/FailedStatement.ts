/**
 * The statement of a store that a failure comes from, for logs. It is an annotation of the cause, since code in between may
 * have turned the failure into another one, or swallowed it.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"

export interface Failed {
  /** The text on one line, cut to a bound, without the values of parameters. */
  readonly statement: string
  /** The store's code for the failure; `null` if the statement was ended before there was an answer. */
  readonly sqlState: string | null
}

export class FailedStatement extends Context.Service<FailedStatement, Failed>()("@turnout/FailedStatement") {}

/** The failed statement that a cause tells of. */
export const find = (cause: Cause.Cause<unknown>): Failed | undefined =>
  Context.getOrUndefined(Cause.annotations(cause), FailedStatement)

/** Adds the failed statement to a cause, unless it tells of one already. */
export const annotate = <E>(cause: Cause.Cause<E>, failed: Failed | undefined): Cause.Cause<E> =>
  failed === undefined ? cause : Cause.annotate(cause, Context.make(FailedStatement, failed))
