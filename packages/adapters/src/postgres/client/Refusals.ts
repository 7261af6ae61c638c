/**
 * That the server takes no writes, as far as transactions have met with it: since when, and what it refused last.
 *
 * It is over as soon as something has been committed. What was refused is kept until then, so that it can be tried again
 * (see `Transaction.tryRefused`): whether a disk is full is known by nothing but a write.
 */
import type { Statement } from "./Session.ts"

export class Refusals {
  #since: number | undefined
  #statements: ReadonlyArray<Statement> | undefined

  /** The time of the first refusal since something was committed, in milliseconds; `Infinity` if there was none. */
  get since(): number {
    return this.#since ?? Infinity
  }

  /** What was refused last: nothing but a connection, if it is empty; `undefined` if nothing was. */
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
