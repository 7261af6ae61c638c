/**
 * The time to claim slots and read 500 messages of a backlog: a few from each slot, or all from one.
 *
 * Every sample acknowledges the messages that it has read, and gives its slots back. After some samples the positions go
 * back to the beginning, so that a backlog of any length is read at the same places. Only the claim and the read are timed.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { median } from "../support/Contest.ts"
import * as Script from "../support/Script.ts"

/** The number of messages in a sample, which may have a few more. */
export const MESSAGES = 500

export interface Reading {
  readonly url: string
  readonly schema: string
  readonly samples: number
  /** The number of samples until the positions go back to the beginning. */
  readonly depth: number
}

/** Median times, in milliseconds. */
export interface Read {
  readonly allSlots: number
  readonly oneSlot: number
}

const TTL_MILLIS = 60_000
/**
 * The most samples that are not measured. By their end, row versions that a held transaction keeps from clean-up have piled
 * up.
 */
const LONGEST_WARM_UP = 50

const measure = Effect.fnUntraced(function* ({ depth, samples }: Reading) {
  const warmUp = Math.min(LONGEST_WARM_UP, samples)
  const outbox = yield* Outbox
  const sink = randomUUID()
  const beginning = new Map<number, Position>()
  const claim = (limit: number) => outbox.claim(sink, { owner: "bench", ttlMillis: TTL_MILLIS, limit })
  yield* outbox.register(sink, "beginning")
  const all = yield* claim(SLOTS)
  for (const { position, slot } of all) beginning.set(slot, position)
  yield* outbox.release(sink, all)

  const sample = Effect.fnUntraced(function* (slots: number, isLast: boolean) {
    const beganAt = performance.now()
    const claims = yield* claim(slots)
    const slices = yield* outbox.read(sink, claims, Math.ceil(MESSAGES / slots))
    const millis = performance.now() - beganAt
    const positions = new Map(slices.map(({ position, slot }) => [slot, position]))
    const acknowledgements = claims.map((claim) => ({
      ...claim,
      position: isLast ? beginning.get(claim.slot)! : (positions.get(claim.slot) ?? claim.position),
      blocked: []
    }))
    yield* outbox.acknowledge(sink, acknowledgements)
    yield* outbox.release(sink, claims)
    return millis
  })
  const medianOf = Effect.fnUntraced(function* (slots: number) {
    const millis: Array<number> = []
    for (let index = 0; index < warmUp + samples; index++) {
      const taken = yield* sample(slots, index % depth === depth - 1)
      if (index >= warmUp) millis.push(taken)
    }
    return median(millis)
  })
  const read: Read = { allSlots: yield* medianOf(SLOTS), oneSlot: yield* medianOf(1) }
  return read
})

const asked = Script.settings<Reading>()
const outbox = PostgresOutbox.layerFromClient({ schema: asked.schema }).pipe(
  Layer.provide(Layer.orDie(PostgresStore.layerClient({ url: asked.url })))
)
Script.result(await Effect.runPromise(measure(asked).pipe(Effect.provide(outbox))))
