/**
 * What the parts of the contract of an inbox about transactions share: statements, effects and what becomes of them.
 */
import { assert, type Vitest } from "@effect/vitest"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as FailedStatement from "@turnout/core/kernel/ports/FailedStatement"
import { Cause, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"

export type It = Vitest.MethodsNonLive<Inbox | SqlClient.SqlClient>

/** The differences between inboxes, as data. */
export interface Capabilities {
  /** Whether the client knows the statements of an effect: that of a host may not. */
  readonly knowsStatements: boolean
  /** Whether a statement that runs can be ended: an embedded database runs it in this thread. */
  readonly endsStatements: boolean
}

export type Work = Effect.Effect<unknown, unknown, SqlClient.SqlClient>

export const sql = <Row = Record<string, unknown>>(text: string, parameters?: ReadonlyArray<unknown>) =>
  SqlClient.SqlClient.use(
    (client) => client.unsafe(text, parameters) as unknown as Effect.Effect<ReadonlyArray<Row>, never>
  )

export const once = (key: string, effect: Work, timeoutMillis?: number) =>
  Inbox.use((inbox) => inbox.once("test", key, effect, timeoutMillis))

/** Several statements, one after the other. */
export const statements = (...texts: ReadonlyArray<string>): Work => Effect.forEach(texts, (text) => sql(text))

export const failureOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : assert.fail("it succeeded")

export const statementOf = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? FailedStatement.find(exit.cause) : undefined

/** A function that raises an error of a code, and what a trigger calls at the end of a transaction. */
export const raising = (name: string, code: string) => [
  `CREATE TABLE ${name} (id text)`,
  `CREATE FUNCTION ${name}_raise() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'not like that' USING ERRCODE = '${code}'; END $$`,
  `CREATE CONSTRAINT TRIGGER ${name}_check AFTER INSERT ON ${name} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ${name}_raise()`
]

let names = 0
export const fresh = (what: string) => `${what}_${++names}`

export const rows = (table: string) => Effect.map(sql(`SELECT * FROM ${table}`), ({ length }) => length)

export const isRecorded = (key: string) => Effect.map(once(key, Effect.void), (ran) => !ran)

/** What handlers make of a failure of their statements. */
export const MAKES: Readonly<Record<string, (work: Work) => Work>> = {
  "lets it pass": (work) => work,
  "makes another of it": Effect.mapError(() => new Error("no mail")),
  "makes a defect of it": (work) => Effect.catch(work, () => Effect.die(new Error("no mail"))),
  "says nothing of it": (work) => Effect.ignore(work)
}

/** What a COMMIT is answered with that is the fault of the message, and not to be tried again. */
export const AT_FAULT = [
  "23505",
  "23503",
  "23514",
  "22012",
  "22P02",
  "42P01",
  "42883",
  "42601",
  "25P02",
  "55P03",
  "57014",
  "P0001",
  "XX000"
]
