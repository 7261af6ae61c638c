/**
 * The position at which a newly registered sink begins, and the marks that it rests on (`LogWindow`).
 */
import type { StartFrom } from "@turnout/core/journal/ports/JournalReader"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import type { Query } from "../client/Query.ts"
import { checkOrigin } from "../journal/JournalOrigin.ts"
import * as LogReader from "../journal/LogReader.ts"
import * as LogWindow from "../journal/LogWindow.ts"
import * as PostgresLogServer from "../journal/PostgresLogServer.ts"
import { quote } from "../schema/SchemaName.ts"
import { markParameters } from "./OutboxParameters.ts"

export interface SinkStart {
  readonly position: string
  readonly marks: readonly [ids: string, nonces: string]
}

/** Fails with `LogRestored` if the journal comes from another cluster. */
export const of = Effect.fnUntraced(function* (
  query: Query,
  schema: string,
  from: StartFrom
): Effect.fn.Return<SinkStart, StoreError> {
  yield* checkOrigin(query, schema)
  const at = yield* LogReader.startOf(PostgresLogServer.make(quote(schema), query), from)
  return { position: LogReader.toText(at), marks: markParameters(LogWindow.witnesses(at)) }
})
