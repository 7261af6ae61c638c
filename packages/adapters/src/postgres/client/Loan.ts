/**
 * A loan: an open transaction in the hands of code of others, such as a handler, until that code has ended.
 *
 * The loan is in the context of that code, and so of every fiber and promise that it begins. The connection asks the loan about
 * each of its statements:
 *
 * - The loan remembers the statement that has put an end to the transaction: code in between may turn the failure into another
 *   one, or swallow it. It forgets the statement when a later one succeeds, since the transaction has gone on at a savepoint.
 * - A statement that would end the transaction is refused: the record of a message commits with its effect, or not at all.
 * - Once the loan is over, every statement is refused. A statement that is under way then is part of the transaction if that
 *   commits, and is ended if it does not.
 *
 * Only connections of `PostgresClient` ask.
 */
import type { Failed } from "@turnout/core/kernel/ports/FailedStatement"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Connection } from "effect/sql/SqlConnection"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import { sqlStateOf } from "./SqlFailure.ts"
import { endsTransaction, toLine } from "../statements/StatementText.ts"

const refused = (words: string): SqlError =>
  new SqlError({ reason: new UnknownError({ cause: new Error(words), message: words, operation: "query" }) })

/** A statement that failed. */
export interface FailedOn {
  readonly text: string
  readonly error: SqlError
}

/** How long a statement that is under way may take to end by itself, and how long asking the server to end it may take. */
const GRACE_MILLIS = 10
const INTERRUPT_MILLIS = 1_000

/** The code of a statement after one that has put an end to the transaction. */
const ALREADY_FAILED = "25P02"

export class Loan {
  readonly #connection: Connection | undefined
  #isOver = false
  #failed: FailedOn | undefined
  #attempt: FailedOn | undefined
  #cut: string | undefined
  /** The statements under way, with what ends each. */
  readonly #underway = new Map<object, Effect.Effect<void>>()

  /** The loan of the transaction that is open on a connection. */
  constructor(connection: Connection | undefined) {
    this.#connection = connection
  }

  /** The statement that has put an end to the transaction, if one has. */
  get failed(): FailedOn | undefined {
    return this.#failed
  }

  /** The refusal of a statement that would have ended the transaction, if there was one: such an effect never commits. */
  get attempt(): FailedOn | undefined {
    return this.#attempt
  }

  /** The statement that a failure of the code comes from, for logs: one that failed, or one that was interrupted. */
  get told(): Failed | undefined {
    if (this.#failed !== undefined) return describe(this.#failed)
    return this.#cut === undefined ? undefined : { statement: toLine(this.#cut), sqlState: null }
  }

  /** Runs a statement on a connection. `interrupt` ends what is under way on the connection. */
  run<A>(
    connection: Connection,
    text: string,
    statement: Effect.Effect<A, SqlError>,
    interrupt: Effect.Effect<void>
  ): Effect.Effect<A, SqlError> {
    if (connection !== this.#connection) return statement
    const refusal = this.#refusalOf(text)
    if (refusal !== undefined) return Effect.fail(refusal)
    const one = {}
    this.#underway.set(one, interrupt)
    return Effect.onExit(statement, (exit) =>
      Effect.sync(() => {
        this.#underway.delete(one)
        this.#note(text, exit)
      })
    )
  }

  /** Ends the loan, and the statements under way if the transaction does not commit. */
  end(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isOver = true
      if (Exit.isSuccess(exit) || this.#underway.size === 0) return Effect.void
      return Effect.andThen(Effect.sleep(GRACE_MILLIS), Effect.timeoutOption(this.#interrupt, INTERRUPT_MILLIS))
    })
  }

  readonly #interrupt = Effect.suspend(() => {
    const [interrupt] = this.#underway.values()
    return interrupt ?? Effect.void
  })

  #refusalOf(text: string): SqlError | undefined {
    if (this.#isOver) return refused("the statement came too late: its handler has ended, and its transaction is over")
    if (!endsTransaction(text)) return undefined
    const error = refused(`a handler may not end its transaction, which commits when it has ended: ${toLine(text)}`)
    this.#attempt = { text, error }
    return error
  }

  #note(text: string, exit: Exit.Exit<unknown, SqlError>): void {
    if (Exit.isSuccess(exit)) {
      this.#failed = undefined
      this.#cut = undefined
      return
    }
    const error = Option.getOrUndefined(Exit.findErrorOption(exit))
    if (error === undefined) this.#cut ??= text
    else if (sqlStateOf(error) === ALREADY_FAILED && this.#cut !== undefined)
      this.#failed ??= { text: this.#cut, error }
    else this.#failed ??= { text, error }
  }
}

/** The form of a failed statement for logs. */
export const describe = ({ error, text }: FailedOn): Failed => ({
  statement: toLine(text),
  sqlState: sqlStateOf(error) ?? null
})

/** The loan that the code at hand belongs to. */
export const CurrentLoan: Context.Reference<Loan | undefined> = Context.Reference<Loan | undefined>(
  "@turnout/CurrentLoan",
  { defaultValue: () => undefined }
)
