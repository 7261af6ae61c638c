/**
 * What the parts of the contract of an outbox about keys share: streams in chosen slots, held sinks and blocked streams.
 */
import { assert, type Vitest } from "@effect/vitest"
import type * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Block } from "@turnout/core/delivery/domain/Block"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { type Claim, Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../../support/Given.ts"

export type It = Vitest.MethodsNonLive<
  Turnout.Turnout | AdmissionStore | AdmissionReads | Outbox | OutboxOperations | Replays
>

/** A lease that is longer than any test. */
export const LONG = 120_000

export const use = <A, E, R>(f: (outbox: Outbox["Service"]) => Effect.Effect<A, E, R>) => Outbox.use(f)
export const operate = <A, E, R>(f: (operations: OutboxOperations["Service"]) => Effect.Effect<A, E, R>) =>
  OutboxOperations.use(f)

/** The id of an event whose stream is in a slot. */
export const idInSlot = (slot: number) => `${randomUUID().slice(0, -2)}${slot.toString(16).padStart(2, "0")}` as EventId

/** A stream of five entries in a slot. */
export const streamIn = Effect.fnUntraced(function* (slot: number) {
  const { id } = yield* Given.publishedEvent({ id: idInSlot(slot), capacity: 1_000 })
  yield* Given.registerAll(id, 3)
  return id
})

/** A sink that begins now, with a relay that holds all of its slots. */
export const newSink = Effect.gen(function* () {
  const sink = `sink ${randomUUID()}`
  yield* use((outbox) => outbox.register(sink, "now"))
  const claims = yield* use((outbox) => outbox.claim(sink, { owner: "worker", ttlMillis: LONG, limit: SLOTS }))
  return { sink, claims: [...claims] }
})

export interface Held {
  readonly sink: string
  readonly claims: Array<Claim>
}

export const leaseOf = ({ claims }: Held, slot: number): Claim =>
  claims.find((claim) => claim.slot === slot) ?? assert.fail("the slot was not claimed")

/** Reads to the end of a slot, and gives the position there. */
export const endOf = Effect.fnUntraced(function* (
  { claims, sink }: Held,
  slot: number
): Effect.fn.Return<Position, unknown, Outbox> {
  let { position } = leaseOf({ claims, sink }, slot)
  while (true) {
    const [slice] = yield* use((outbox) => outbox.read(sink, [{ slot, position }], 100))
    if (slice === undefined) return position
    position = slice.position
    if (!slice.isFull) return position
  }
})

export const blockOf = (stream: EventId, version: number, rest: Partial<Block> = {}): Block => ({
  stream,
  version,
  attempts: 1,
  error: "it rained",
  retryAfterMillis: 0,
  ...rest
})

/** Blocks streams of a slot after reading all entries of the slot, and gives the position. */
export const block = Effect.fnUntraced(function* (held: Held, slot: number, blocked: ReadonlyArray<Block>) {
  const lease = leaseOf(held, slot)
  const position = yield* endOf(held, slot)
  const acknowledged = yield* use((outbox) => outbox.acknowledge(held.sink, [{ ...lease, position, blocked }]))
  assert.deepStrictEqual(acknowledged, [slot])
  held.claims[held.claims.indexOf(lease)] = { ...lease, acknowledged: position }
  return position
})

export const due = (
  sink: string,
  positions: ReadonlyArray<{ readonly slot: number; readonly position: Position }>,
  limit = 10
) =>
  Effect.map(
    use((outbox) => outbox.due(sink, positions, { limit, depth: 100 })),
    (retries) =>
      retries
        .map(({ attempts, deliveries, slot, stream, version }) => ({
          attempts,
          slot,
          stream,
          version,
          waiting: deliveries.map((delivery) => delivery.version)
        }))
        .toSorted((a, b) => (a.stream < b.stream ? -1 : 1))
  )

/** The blocked streams of a sink, as operators see them. */
export const blockedOf = (sink: string) =>
  Effect.map(
    operate((operations) => operations.blocked(sink, null, { limit: 100, after: null })),
    (blocks) => blocks.map(({ attempts, retryAt, stream, version }) => [stream, version, attempts, retryAt === null])
  )

export const statusOf = (sink: string) =>
  Effect.map(
    operate(({ status }) => status),
    ({ sinks }) => sinks.find(({ name }) => name === sink) ?? assert.fail("the sink is not there")
  )

export const sorted = (streams: ReadonlyArray<EventId>) => streams.toSorted()
