/**
 * Statements through a pooler, which gives each transaction another session of the server: nothing that a session was told before
 * holds any more. So each transaction begins by setting the time-outs for itself, and a statement alone becomes a transaction.
 *
 * ```text
 * BEGIN, a, b, COMMIT  ──▶  BEGIN, settings, a, b, COMMIT
 * a                    ──▶  BEGIN, settings, a, COMMIT
 * CALL                 ──▶  CALL, which is cancelled from here when its time is up
 * ```
 */
import type { PgConnection, PgPool } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { SqlError, StatementTimeoutError } from "effect/sql/SqlError"
import { SET_LOCAL, STATEMENT_TIMEOUT_MILLIS } from "../connection/SessionSettings.ts"
import { endsTransaction } from "../statements/StatementText.ts"

interface Statement {
  readonly text: string
  readonly parameters: ReadonlyArray<string | null>
}

const BEGIN: Statement = { text: "BEGIN", parameters: [] }
const SETTINGS: Statement = { text: SET_LOCAL, parameters: [] }
const COMMIT: Statement = { text: "COMMIT", parameters: [] }

const begins = (text: string): boolean => /^(?:BEGIN|START\s+TRANSACTION)\b/i.test(text)

/** The statements of one session, with those that set its time-outs. */
export class Framing {
  #isOpen = false

  /** Whether a transaction is open. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The statements to send instead of these, and how to get the results of these from the results of all. */
  frame(statements: ReadonlyArray<Statement>): {
    readonly sent: ReadonlyArray<Statement>
    readonly own: <A>(results: ReadonlyArray<A>) => ReadonlyArray<A>
  } {
    const [first, ...rest] = statements
    if (first === undefined) return { sent: [], own: (results) => results }
    const begun = begins(first.text)
    if (!begun && !this.#isOpen && !endsTransaction(first.text))
      return { sent: [BEGIN, SETTINGS, ...statements, COMMIT], own: (results) => results.slice(2, -1) }
    this.#isOpen = (begun || this.#isOpen) && !endsTransaction(statements.at(-1)!.text)
    if (!begun) return { sent: statements, own: (results) => results }
    return { sent: [first, SETTINGS, ...rest], own: ([one, , ...others]) => [one!, ...others] }
  }
}

/** A procedure that commits in between, which is carried out on one session, but cannot be in a transaction. */
const isCall = (text: string): boolean => /^CALL\b/i.test(text)

const tooLong = () => {
  const cause = Object.assign(new Error("canceling statement due to statement timeout"), { code: "57014" })
  return new SqlError({ reason: new StatementTimeoutError({ cause, operation: "query" }) })
}

/** Cancels a statement that the server runs without a time-out of its own. */
const inTime = <A>(
  connection: PgConnection.PgConnection,
  use: (owned: PgConnection.PgConnection) => Effect.Effect<A, SqlError>
): Effect.Effect<A, SqlError> =>
  Effect.flatMap(connection.pin, use).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({ duration: STATEMENT_TIMEOUT_MILLIS, orElse: () => Effect.fail(tooLong()) })
  )

/** The result of a statement among the results of those around it; the first failure, if one of them has failed. */
const resultOf = <A>(
  results: ReadonlyArray<Result.Result<unknown, SqlError>>,
  index: number
): Result.Result<A, SqlError> =>
  (results.find((result) => Result.isFailure(result)) ?? results[index]!) as Result.Result<A, SqlError>

/** What statements are carried out by: a connection, or one through a pooler. */
export type Statements = Pick<PgConnection.PgConnection, "query" | "queryValues" | "stream">

/** A connection whose statements have the time-outs. A statement that is interrupted on its way ends the connection. */
export const framed = (pool: PgPool.PgPool, connection: PgConnection.PgConnection): Statements => {
  const framing = new Framing()
  const run = <A>(text: string, use: (owned: PgConnection.PgConnection) => Effect.Effect<A, SqlError>) =>
    Effect.suspend((): Effect.Effect<A, SqlError> => {
      if (!framing.isOpen && isCall(text)) return inTime(connection, use)
      const given: Statement = { text, parameters: [] }
      const { sent } = framing.frame([given])
      if (sent.length === 1) return use(connection)
      const send = (statement: Statement): Effect.Effect<unknown, SqlError> =>
        statement === given ? use(connection) : connection.query(statement.text, [], false)
      // All of them are carried out, so that the transaction ends even if the statement fails.
      return Effect.forEach(sent, (statement) => Effect.result(send(statement)), { concurrency: "unbounded" }).pipe(
        Effect.flatMap((results) => Effect.fromResult(resultOf<A>(results, sent.indexOf(given)))),
        Effect.onInterrupt(() => pool.invalidate(connection))
      )
    })
  const query: Statements["query"] = (text, parameters) => run(text, (owned) => owned.query(text, parameters, false))
  return {
    query,
    // All rows at once: the statements around this one are sent along with it.
    stream: (text, parameters) => Stream.fromIterableEffect(Effect.map(query(text, parameters), ({ rows }) => rows)),
    queryValues: (text, parameters) => run(text, (owned) => owned.queryValues(text, parameters, false))
  }
}
