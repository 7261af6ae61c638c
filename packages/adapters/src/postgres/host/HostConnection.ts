/**
 * A connection of a host as one of the SQL client. Statements have no names there, since a pooler may be in between.
 */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import { type Answer, type HostClient, sendOn } from "./HostClient.ts"
import { toSqlError } from "./HostFailure.ts"
import * as HostValues from "./HostValues.ts"

type Row = Readonly<Record<string, unknown>>

const valuesOf = ({ columns, rows }: Answer): ReadonlyArray<ReadonlyArray<unknown>> =>
  rows.map(HostValues.decoder(columns))

const rowsOf = (answer: Answer): ReadonlyArray<Row> => {
  const { columns } = answer
  return valuesOf(answer).map((values) =>
    Object.fromEntries(values.map((value, index) => [columns[index]!.name, value]))
  )
}

/** The connection. `around` is put around each statement. */
export const make = (
  client: HostClient,
  around: <A>(statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError> = (statement) => statement
): Connection => {
  const sendText = sendOn(client)
  const send = (text: string, parameters: ReadonlyArray<unknown>) =>
    around(
      Effect.tryPromise({
        try: () => sendText(text, parameters.map(HostValues.encode)),
        catch: (error) => toSqlError(error, "query")
      })
    )
  const execute: Connection["execute"] = (text, parameters, transform) =>
    Effect.map(send(text, parameters), (answer) =>
      transform === undefined ? rowsOf(answer) : transform(rowsOf(answer))
    )
  const executeValues: Connection["executeValues"] = (text, parameters) => Effect.map(send(text, parameters), valuesOf)
  return {
    execute,
    executeUnprepared: execute,
    executeRaw: (text, parameters) =>
      Effect.map(send(text, parameters), (answer) => ({ command: answer.command, rows: rowsOf(answer) })),
    executeValues,
    executeValuesUnprepared: executeValues,
    executeStream: (text, parameters, transform) =>
      Stream.unwrap(Effect.map(execute(text, parameters, transform), (rows) => Stream.fromIterable(rows)))
  }
}
