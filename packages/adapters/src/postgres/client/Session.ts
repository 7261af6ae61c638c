/**
 * A session: a connection that belongs to one user until the scope closes, and that takes several statements at once.
 *
 * The cost of a batch on the way to the server is counted in round trips. On connections of our own, statements are sent one
 * after the other without waiting for answers in between; on a client of the host, each statement waits for the answer to the
 * one before.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { OpenedPool } from "../connection/OpenedPool.ts"
import { Framing } from "./PooledStatements.ts"
import { isAway, kindOf } from "./SqlFailure.ts"

export interface Statement {
  readonly text: string
  /** The parameters, in the text form of their types. */
  readonly parameters: ReadonlyArray<string | null>
  /**
   * The index of the parameter that says when the statement was decided, if it is to be carried out at about that time; `null` in
   * its place stands for any time.
   */
  readonly decidedAt?: number
}

/** The statement for a trial, which may come at any time. */
export const atAnyTime = (statement: Statement): Statement =>
  statement.decidedAt === undefined
    ? statement
    : { ...statement, parameters: statement.parameters.with(statement.decidedAt, null) }

export type Rows = ReadonlyArray<unknown>

export interface Session {
  /**
   * Carries out statements in order, and returns the rows of each. Fails with the first failure; later statements may have been
   * sent, which matters only after the end of a transaction.
   */
  readonly send: (statements: ReadonlyArray<Statement>) => Effect.Effect<ReadonlyArray<Rows>, SqlError>
}

/**
 * The source of sessions. A session that is given back in the middle of a statement is closed, and so is one on which the
 * server took no writes: another server may take them by now, and only a new connection finds it.
 */
export class Sessions extends Context.Service<
  Sessions,
  { readonly take: Effect.Effect<Session, SqlError, Scope.Scope> }
>()("@turnout/Sessions") {}

/**
 * Whether a statement may be prepared. The client sends a prepared statement again that the server refuses with certain codes,
 * and a trigger may raise these while committing. The second COMMIT would be answered as if something had been committed.
 */
const isPrepared = ({ text }: Statement): boolean => text !== "COMMIT"

/** One statement at a time, on a connection of any client. */
export const ofConnection = (connection: Connection): Session => ({
  send: (statements) =>
    Effect.forEach(
      statements,
      (statement) =>
        (isPrepared(statement)
          ? connection.execute(statement.text, statement.parameters, undefined)
          : connection.executeUnprepared(statement.text, statement.parameters, undefined)) as Effect.Effect<
          Rows,
          SqlError
        >
    )
})

/** Sessions from the `SqlClient`. */
export const layerFromClient: Layer.Layer<Sessions, never, SqlClient.SqlClient> = Layer.effect(
  Sessions,
  Effect.map(SqlClient.SqlClient, (sql) => Sessions.of({ take: Effect.map(sql.reserve, ofConnection) }))
)

/** Sessions from a pool that is used for nothing else, and whose connections are multiplexed, one user at a time. */
export const fromPool = (opened: Effect.Effect<OpenedPool, SqlError>): Sessions["Service"] => ({
  take: Effect.gen(function* () {
    const { explained, isPooled, pool } = yield* opened
    const connection = yield* Effect.mapError(pool.get, explained)
    let underway = 0
    yield* Effect.addFinalizer(() => (underway > 0 ? pool.invalidate(connection) : Effect.void))
    const query = (statement: Statement) =>
      Effect.map(
        connection.query(statement.text, statement.parameters, isPrepared(statement)),
        ({ rows }) => rows as Rows
      ).pipe(Effect.tapError((error) => (isAway(kindOf(error)) ? pool.invalidate(connection) : Effect.void)))
    const send: Session["send"] = (statements) =>
      Effect.suspend(() => {
        underway += 1
        return Effect.forEach(statements, query, { concurrency: "unbounded" })
      }).pipe(Effect.ensuring(Effect.sync(() => (underway -= 1))))
    if (!isPooled) return { send }
    const framing = new Framing()
    return {
      send: (statements) =>
        Effect.suspend(() => {
          const { own, sent } = framing.frame(statements)
          return Effect.map(send(sent), own)
        })
    }
  })
})
