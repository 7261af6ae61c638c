/**
 * Turnout's relays. The sink checks that each stream arrives in its order.
 *
 * When the clock starts, the relays have shared the slots already, as they have when a sink is back after an outage.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as SqsSink from "@turnout/adapters/sqs"
import * as Relay from "@turnout/core/delivery/application/Relay"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { EMPTY_OUTBOX, insertJournal } from "./Backlog.ts"
import * as Drain from "./Drain.ts"

const SINK = "nowhere"
const ACCESS = { region: "us-east-1", credentials: { accessKeyId: "bench", secretAccessKey: "bench" } }

/** A sink that only checks the order. */
const sink = (count: Drain.Count): Sink => {
  const versions = new Map<string, number>()
  const check = ({ eventId, version }: StoredEntry) => {
    const before = versions.get(eventId)
    if (before !== undefined && version !== before + 1) {
      throw new Error(`version ${version} of ${eventId} came after version ${before}`)
    }
    versions.set(eventId, version)
    return delivered
  }
  return {
    name: SINK,
    deliver: ({ deliveries }) =>
      Effect.sync(() => {
        const outcomes = deliveries.map(check)
        count.delivered(outcomes.length)
        return outcomes
      })
  }
}

/** A sink that sends to a queue, and counts the messages that the queue took. */
const toQueue = (queue: Drain.Queue, count: Drain.Count): Effect.Effect<Sink, never, Scope.Scope> =>
  Effect.map(Effect.orDie(SqsSink.make({ ...queue, ...ACCESS, concurrency: 16 })), (queueSink) => ({
    name: SINK,
    deliver: (consignment) =>
      Effect.tap(queueSink.deliver(consignment), (outcomes) =>
        Effect.sync(() => count.delivered(outcomes.filter(({ _tag }) => _tag === "Delivered").length))
      )
  }))

/** An outbox that gives no entries until the gate is open. The opening counts as a commit. */
const gated = (gate: Gate) =>
  Layer.effect(
    Outbox,
    Effect.map(Outbox, (outbox) => ({
      ...outbox,
      onCommit: (listener: () => void) => {
        gate.listeners.add(listener)
        return () => gate.listeners.delete(listener)
      },
      read: (...asked: Parameters<typeof outbox.read>) => (gate.isOpen ? outbox.read(...asked) : Effect.succeed([]))
    }))
  )

interface Gate {
  isOpen: boolean
  readonly listeners: Set<() => void>
}

const open: Drain.Contestant["open"] = ({ queue, url, workers }, count) => {
  const gate: Gate = { isOpen: false, listeners: new Set() }
  const { promise, resolve } = Promise.withResolvers<() => void>()
  const program = Effect.gen(function* () {
    resolve(() => {
      count.began()
      gate.isOpen = true
      gate.listeners.forEach((listener) => listener())
    })
    const to = queue === undefined ? sink(count) : yield* toQueue(queue, count)
    const relays = Array.from({ length: workers }, () => Relay.run(to))
    return yield* Effect.all(relays, { concurrency: "unbounded", discard: true })
  }).pipe(Effect.scoped)
  const outbox = gated(gate).pipe(
    Layer.provide(PostgresOutbox.layerFromClient()),
    Layer.provide(Layer.orDie(PostgresStore.layerClient({ url })))
  )
  Effect.runPromise(program.pipe(Effect.provide(outbox))).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
  return promise
}

await Drain.run({
  prepare: async (sql, drain) => {
    await sql(EMPTY_OUTBOX)
    await sql(insertJournal("turnout", drain))
  },
  isReady: ({ processes, workers }) => {
    const all = processes * workers
    return `SELECT 1 FROM (SELECT count(*) AS slots FROM turnout.outbox_slots WHERE owner IS NOT NULL GROUP BY owner) AS held
      HAVING count(*) = ${all} AND sum(slots) = ${SLOTS} AND max(slots) <= ${Math.ceil(SLOTS / all)}`
  },
  // Counts the slots that have a row after their position.
  left: `SELECT count(*) AS left FROM turnout.outbox_positions AS o CROSS JOIN LATERAL (
      SELECT 1 FROM turnout.journal AS j WHERE j.slot = o.slot
        AND j.seq > coalesce((o.position::json->>'position')::bigint, (o.position::json->>'floor')::bigint) LIMIT 1
    ) AS next`,
  open
})
