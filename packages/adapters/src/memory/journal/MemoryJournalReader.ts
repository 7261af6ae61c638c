/**
 * Reading the journal in memory.
 */
import { slots } from "@turnout/core/journal/domain/Slot"
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Log } from "./MemoryLog.ts"
import * as MemoryPositions from "./MemoryPositions.ts"

const make = Effect.gen(function* () {
  const log = yield* Log
  const { isPosition, read, toPosition } = MemoryPositions.make(log)
  return JournalReader.of({
    onCommit: log.onAppend,
    arePositions: (texts) => Effect.succeed(texts.every(isPosition)),
    positions: (from) =>
      Effect.sync(() =>
        slots.map((slot) => ({ slot, position: toPosition(from === "beginning" ? 0 : log.slot(slot).length) }))
      ),
    read: (positions, limit) => Effect.sync(() => read(positions, limit, () => false))
  })
})

export const layer: Layer.Layer<JournalReader, never, Log> = Layer.effect(JournalReader, make)
