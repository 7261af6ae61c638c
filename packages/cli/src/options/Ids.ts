/**
 * Arguments and options that are ids. An id that is none is refused by the command, as one that nothing has.
 */
import { decoder } from "@turnout/core/kernel/application/InvalidInput"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { Uuid } from "@turnout/core/kernel/domain/Uuid"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CliError } from "../CliError.ts"
import * as Logs from "../output/Logs.ts"

const isEventId = Schema.is(EventId)

/** Reads the id of an event that names its stream. Throws a `CliError` if the text is none. */
export const toStream = (text: string): EventId => {
  const stream = text.toLowerCase()
  if (!isEventId(stream))
    throw new CliError(`a stream is named by the id of its event, a UUID; got ${JSON.stringify(text)}`)
  return stream
}

const decodeId = decoder(Schema.Struct({ id: Uuid }))

/** Reads a UUID. Rejects with `InvalidInput` if the text is none. */
export const toId = (text: string): Promise<string> =>
  Logs.runPromise(
    {},
    Effect.map(decodeId({ id: text }), ({ id }) => id)
  )
