/**
 * The refusals of a server that takes no writes, as its transactions have met with them: since when, and which statements it
 * refused last.
 *
 * The refusals end as soon as something has been committed. The refused statements are kept until then, so that they can be
 * tried again (see `Transaction.tryRefused`): only a write shows whether a disk is full.
 */
import type { Statement } from "./Session.ts"

export class Refusals {
  #since: number | undefined
  #statements: ReadonlyArray<Statement> | undefined

  /** The time of the first refusal since something was committed, in milliseconds; `Infinity` if there was none. */
  get since(): number {
    return this.#since ?? Infinity
  }

  /** The statements that were refused last; empty if a connection was refused, `undefined` if nothing was. */
  get statements(): ReadonlyArray<Statement> | undefined {
    return this.#statements
  }

  /** Notes that the server has refused these statements. */
  note(now: number, statements: ReadonlyArray<Statement>): void {
    this.#since ??= now
    this.#statements = statements
  }

  /** Notes that the server takes writes. */
  over(): void {
    this.#since = undefined
    this.#statements = undefined
  }
}
