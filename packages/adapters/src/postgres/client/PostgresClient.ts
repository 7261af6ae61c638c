/**
 * The `SqlClient` of the stores: that of `@effect/sql-pg`, except that it finds out by itself how to connect (see `Opening`),
 * works through a pooler (see `PooledStatements`), gives up a connection on which the server takes no writes, and that its
 * transactions can be lent to code of others.
 *
 * After a failover, connections may stay with a server that only reads from then on, and a session that was made read-only
 * stays so for its whole life: each statement on it fails, while a new connection would work. So a connection on which the
 * server has refused a statement, as `SqlFailure` tells, is closed when it is given back, and the pool opens another.
 *
 * Code of others may end a transaction, go on after its end, or leave settings, locks and tables on the session for whoever
 * uses it next. A loan (`Loan`) keeps it from the first two, and the session is cleaned of the rest.
 */
import { PgClient, type PgConnection, type PgPool } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SqlClient from "effect/sql/SqlClient"
import type { Borrower, Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as OpenedPool from "../connection/OpenedPool.ts"
import * as Opening from "../connection/Opening.ts"
import { SET_LOCAL } from "../connection/SessionSettings.ts"
import { CurrentLoan } from "./Loan.ts"
import { framed, type Statements } from "./PooledStatements.ts"
import { RaisedMillis, SILENCE_TIMEOUT_MILLIS, within } from "./Silence.ts"
import { isAway, isSqlError, kindOf } from "./SqlFailure.ts"
import { outlivesTransaction } from "../statements/StatementText.ts"

type Transform = (<A extends object>(rows: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined

/** What is done around each statement of a connection. */
type Around = <A>(text: string, statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError>

const COMMIT = "COMMIT"
const ROLLBACK = "ROLLBACK"

const toConnection = (session: Statements, around: Around): Connection => {
  const run = (text: string, parameters: ReadonlyArray<unknown>, transform: Transform, prepare?: boolean) =>
    Effect.map(around(text, session.query(text, parameters, prepare)), ({ rows }) =>
      transform === undefined ? rows : transform(rows)
    )
  return {
    execute: (text, parameters, transform) => run(text, parameters, transform),
    executeUnprepared: (text, parameters, transform) => run(text, parameters, transform, false),
    // The client sends a prepared statement again that the server refuses with certain codes, and a trigger may raise these
    // while committing. The second COMMIT would be answered as if something had been committed.
    executeRaw: (text, parameters) => around(text, session.query(text, parameters, text !== COMMIT)),
    executeValues: (text, parameters) => around(text, session.queryValues(text, parameters)),
    executeValuesUnprepared: (text, parameters) => around(text, session.queryValues(text, parameters, false)),
    executeStream: (text, parameters, transform) => {
      const rows = session.stream(text, parameters)
      return transform === undefined ? rows : Stream.mapArray(rows, (some) => transform(some) as typeof some)
    }
  }
}

/** Calls `giveUp` if the server takes no writes on the session. */
const leavingRefused =
  (giveUp: Effect.Effect<void>): Around =>
  (_text, statement) =>
    Effect.tapError(statement, (error) => (isAway(kindOf(error)) ? giveUp : Effect.void))

/** A connection as the client uses it, for as long as it is taken from the pool. */
const toPlain = (pool: PgPool.PgPool, session: PgConnection.PgConnection, isPooled: boolean): Connection =>
  toConnection(isPooled ? framed(pool, session) : session, leavingRefused(pool.invalidate(session)))

/**
 * Takes back what a transaction may have left on its session. `DISCARD ALL` would forget the prepared statements of the client
 * as well.
 */
const CLEAN = `DO $$
DECLARE one text;
BEGIN
  EXECUTE 'RESET SESSION AUTHORIZATION';
  EXECUTE 'RESET ALL';
  EXECUTE 'UNLISTEN *';
  EXECUTE 'CLOSE ALL';
  EXECUTE 'DISCARD TEMP';
  EXECUTE 'DISCARD SEQUENCES';
  PERFORM pg_advisory_unlock_all();
  FOR one IN SELECT name FROM pg_prepared_statements WHERE from_sql LOOP
    EXECUTE format('DEALLOCATE %I', one);
  END LOOP;
END $$`

/**
 * The same through a pooler, within the transaction: after it, the session is that of another. Constraints are checked before, with
 * the settings that they would have had while committing. What cannot be taken back stays: it is no failure of the transaction.
 */
const CLEAN_WITHIN = [
  "SET CONSTRAINTS ALL IMMEDIATE",
  `DO $clean$
BEGIN
  EXECUTE $text$${CLEAN}$text$;
EXCEPTION WHEN OTHERS THEN
  RAISE LOG 'a session could not be cleaned: %', SQLERRM;
END $clean$`,
  SET_LOCAL
]

/** What a connection answers that is closed instead of rolling back. */
const CLOSED: PgConnection.Result = { command: ROLLBACK, rowCount: 0, oid: null, rows: [], fields: [] }

/**
 * Statements of a transaction through a pooler. If it `isChanged`, its session is cleaned before COMMIT. Instead of rolling back, and
 * if cleaning fails, the connection is given up: a pooler closes a session that is left in the middle of a transaction.
 */
const cleaned = (statements: Statements, isChanged: () => boolean, giveUp: Effect.Effect<void>): Statements => ({
  ...statements,
  query: (text, parameters, prepare) =>
    Effect.suspend(() => {
      const query = statements.query(text, parameters, prepare)
      if (!isChanged() || (text !== COMMIT && text !== ROLLBACK)) return query
      if (text === ROLLBACK) return Effect.as(giveUp, CLOSED)
      const cleaning = Effect.forEach(CLEAN_WITHIN, (one) => statements.query(one, [], false), { discard: true })
      return Effect.andThen(
        Effect.onError(cleaning, () => giveUp),
        query
      )
    })
})

/** Gives up a statement of ours, and the session with it, if nothing is heard from the server for too long. */
const heardWithin = <A>(statement: Effect.Effect<A, SqlError>, millis: number): Effect.Effect<A, SqlError> =>
  Effect.catchTag(within(statement, millis), "Silence", () => {
    const cause = new Error(`nothing was heard from the server for ${millis} ms`)
    return Effect.fail(new SqlError({ reason: new ConnectionError({ cause, operation: "query" }) }))
  })

/**
 * A connection for a transaction. The loan of the code that runs in it is asked about each statement; that code has a limit of
 * time, and our own statements have one for a server that falls silent. A session on which that code may have left something
 * is cleaned when the transaction is over; one on which the server takes no writes, or that was not rolled back, is closed
 * then. Before, the pool would open another, and an embedded database has but one.
 */
const takeTransaction = (
  pool: PgPool.PgPool,
  isPooled: boolean,
  silenceMillis: number
): Effect.Effect<Connection, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const session = yield* pool.reserve
    let isChanged = false
    let isGivenUp = false
    const giveUp = Effect.sync(() => void (isGivenUp = true))
    const clean = Effect.suspend(() =>
      isChanged && !isGivenUp && !isPooled
        ? Effect.catchCause(heardWithin(session.query(CLEAN, [], false), silenceMillis), () => giveUp)
        : Effect.void
    )
    // The session goes back to the pool after this.
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        clean,
        Effect.suspend(() => (isGivenUp ? pool.invalidate(session) : Effect.void))
      )
    )
    const leaving = leavingRefused(giveUp)
    const watched: Around = (text, statement) =>
      Effect.withFiber((fiber) => {
        const loan = fiber.getRef(CurrentLoan)
        if (loan === undefined) {
          const millis = silenceMillis + fiber.getRef(RaisedMillis)
          const heard = leaving(text, heardWithin(statement, millis))
          return text === ROLLBACK ? Effect.onError(heard, () => giveUp) : heard
        }
        const watching = leaving(text, statement)
        if (outlivesTransaction(text)) isChanged = true
        return loan.run(connection, text, watching, session.interrupt)
      })
    const statements = isPooled ? cleaned(framed(pool, session), () => isChanged, giveUp) : session
    const plain = toConnection(statements, watched)
    const connection: Connection = {
      ...plain,
      executeStream: (text, parameters, transform) =>
        Stream.unwrap(Effect.as(watched(text, Effect.void), plain.executeStream(text, parameters, transform))).pipe(
          Stream.tapError((error) => Effect.ignore(watched(text, Effect.fail(error))))
        )
    }
    return connection
  })

/** After a failure in the transaction, the server answers COMMIT with ROLLBACK. */
export const commit = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(connection.executeRaw(COMMIT, []), (result) => {
    if ((result as Pick<PgConnection.Result, "command">).command !== ROLLBACK) return Effect.void
    const cause = new Error("the transaction had failed before it was to be committed")
    return Effect.fail(new SqlError({ reason: new UnknownError({ cause, operation: "commit" }) }))
  })

const toJson = Statement.custom<PgClient.PgCustom>("PgJson")

/** The places that connections are taken from. */
interface Source {
  readonly get: Effect.Effect<Connection, SqlError, Scope.Scope>
  readonly use: Borrower
  readonly transaction: Effect.Effect<Connection, SqlError, Scope.Scope>
  readonly listen: (channel: string) => ReturnType<PgClient.PgClient["listen"]>
}

const sourceOf = ({ explained, isPooled, pool }: OpenedPool.OpenedPool, silenceMillis: number): Source => {
  const noListening = new Error("there is no LISTEN through a pooler")
  return {
    get: Effect.mapError(
      Effect.map(pool.get, (session) => toPlain(pool, session, isPooled)),
      explained
    ),
    use: (use) =>
      Effect.mapError(
        pool.use((session) => use(toPlain(pool, session, isPooled))),
        (error) => (isSqlError(error) ? (explained(error) as typeof error) : error)
      ),
    transaction: Effect.mapError(takeTransaction(pool, isPooled, silenceMillis), explained),
    listen: (channel) =>
      isPooled
        ? Effect.fail(new SqlError({ reason: new UnknownError({ cause: noListening, operation: "listen" }) }))
        : Effect.flatMap(Effect.mapError(pool.reserve, explained), (session) => session.listen(channel))
  }
}

/**
 * A client with a pool of its own, which opens at the first use. A transaction on a server that falls silent is given up after
 * `silenceMillis`.
 */
const make = Effect.fnUntraced(function* (
  opening: Opening.Opening,
  maxConnections: number,
  silenceMillis: number
): Effect.fn.Return<PgClient.PgClient, SqlError, Scope.Scope | Reactivity.Reactivity> {
  const opened = yield* OpenedPool.make(opening, { name: "reading", maxConnections, isPipelined: false })
  let made: Source | undefined
  const source = Effect.map(opened, (pool) => (made ??= sourceOf(pool, silenceMillis)))
  const client = yield* SqlClient.make({
    acquirer: Effect.flatMap(source, ({ get }) => get),
    borrower: (use) => (made === undefined ? Effect.flatMap(source, (given) => given.use(use)) : made.use(use)),
    transactionAcquirer: Effect.flatMap(source, ({ transaction }) => transaction),
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    spanAttributes: [["db.system.name", "postgresql"]],
    prepareTransactionControls: true,
    commit,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`
  })
  const whole = Object.assign(client, {
    [PgClient.TypeId]: PgClient.TypeId,
    config: opening.config,
    json: (value: unknown) => Statement.fragment([toJson(value)]),
    listen: (channel: string) => Effect.flatMap(source, ({ listen }) => listen(channel)),
    notify: (channel: string, payload: string) => Effect.asVoid(client`SELECT pg_notify(${channel}, ${payload})`)
  })
  Opening.note(whole, opening)
  return whole
})

export interface ClientOptions {
  readonly opening: Effect.Effect<Opening.Opening, SqlError, Scope.Scope>
  readonly maxConnections: number
  /** Default 40 seconds. */
  readonly silenceMillis?: number | undefined
}

/** The client, for as long as the layer is there. */
export const layer = ({
  maxConnections,
  opening,
  silenceMillis = SILENCE_TIMEOUT_MILLIS
}: ClientOptions): Layer.Layer<SqlClient.SqlClient | PgClient.PgClient, SqlError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const client = yield* make(yield* opening, maxConnections, silenceMillis)
      return Context.make(PgClient.PgClient, client).pipe(Context.add(SqlClient.SqlClient, client))
    })
  ).pipe(Layer.provide(Reactivity.layer))
