/**
 * What the parts of the contract of an outbox share: sinks, leases and streams of their own, and how they are read.
 */
import { assert, type Vitest } from "@effect/vitest"
import type * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Block } from "@turnout/core/delivery/domain/Block"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { SLOTS, slotOf } from "@turnout/core/journal/domain/Slot"
import { type Claim, Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Tracer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../../support/Given.ts"

export type It = Vitest.MethodsNonLive<
  Turnout.Turnout | AdmissionStore | AdmissionReads | AuditLog | Outbox | OutboxOperations
>

/** A time that is longer than any test. */
export const LONG = 120_000
/** A time that is shorter than any pause in a test. */
export const SHORT = 1_000

export const use = <A, E, R>(f: (outbox: Outbox["Service"]) => Effect.Effect<A, E, R>) => Outbox.use(f)

/** A sink that no other test has. */
export const newSink = (from: "beginning" | "now" = "now") =>
  Effect.gen(function* () {
    const sink = `sink ${randomUUID()}`
    yield* use((outbox) => outbox.register(sink, from))
    return sink
  })

export const claim = (sink: string, owner = "worker", ttlMillis = LONG, limit = SLOTS) =>
  use((outbox) => outbox.claim(sink, { owner, ttlMillis, limit }))

/** The span in which the registrations of a stream are made. */
export const SPAN = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", sampled: true }

/** An event with this number of registrations: a stream of two entries and one for each registration. */
export const stream = Effect.fnUntraced(function* (people: number) {
  const event = yield* Given.publishedEvent({ capacity: 1_000 })
  const inSpan = Effect.withParentSpan(Tracer.externalSpan(SPAN))
  for (let person = 1; person <= people; person++) yield* inSpan(Given.register(event.id, person))
  return event.id
})

export const another = (eventId: EventId, person: number) => Given.register(eventId, person)

/** Reads from the positions of some slots to the end of the journal, and gives all entries. */
export const readAll = Effect.fnUntraced(function* (sink: string, claims: ReadonlyArray<Claim>, limit = 100) {
  const positions = new Map(claims.map(({ position, slot }) => [slot, position]))
  const deliveries: Array<StoredEntry> = []
  while (true) {
    const asked = Array.from(positions, ([slot, position]) => ({ slot, position }))
    const slices = yield* use((outbox) => outbox.read(sink, asked, limit))
    for (const slice of slices) {
      positions.set(slice.slot, slice.position)
      assert.isAtMost(slice.deliveries.length, limit)
      assert.isTrue(slice.deliveries.every(({ eventId }) => slotOf(eventId) === slice.slot))
      deliveries.push(...slice.deliveries)
    }
    if (slices.every(({ deliveries }) => deliveries.length === 0)) break
  }
  return { deliveries, positionOf: (slot: number): Position => positions.get(slot)! }
})

export const versions = (deliveries: ReadonlyArray<StoredEntry>, eventId: EventId) =>
  deliveries.filter((delivery) => delivery.eventId === eventId).map(({ version }) => version)

export const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

export const leaseOf = (claims: ReadonlyArray<Claim>, eventId: EventId): Claim =>
  claims.find(({ slot }) => slot === slotOf(eventId)) ?? assert.fail("the slot was not claimed")

export const blockOf = (eventId: EventId, version: number, rest: Partial<Block> = {}): Block => ({
  stream: eventId,
  version,
  attempts: 1,
  error: "it rained",
  retryAfterMillis: 0,
  ...rest
})

/** A sink that has read a stream of five entries and is blocked from the third one on. */
export const blockedStream = Effect.fnUntraced(function* (rest: Partial<Block> = {}) {
  const sink = yield* newSink()
  const claims = yield* claim(sink)
  const eventId = yield* stream(3)
  const lease = leaseOf(claims, eventId)
  const { slot } = lease
  const { positionOf } = yield* readAll(sink, claims)
  const position = positionOf(slot)
  const blocked = [blockOf(eventId, 3, rest)]
  assert.deepStrictEqual(yield* use((outbox) => outbox.acknowledge(sink, [{ ...lease, position, blocked }])), [slot])
  return { ...lease, sink, eventId, position, before: lease.acknowledged, acknowledged: position, blocked, claims }
})

export const due = (sink: string, at: { readonly slot: number; readonly position: Position }, depth = 100) =>
  use((outbox) => outbox.due(sink, [at], { limit: 10, depth }))
