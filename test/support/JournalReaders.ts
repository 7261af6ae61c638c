/**
 * Everybody who reads the journal of a database, and what each has been given: a relay to a queue, replays to it, a projection,
 * and a subscription that goes on at its cursor whenever the store was away.
 */
import type * as Database from "turnout/database"
import * as ProjectionSink from "@turnout/core/projections/application/ProjectionSink"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Sales from "@turnout/core/projections/application/Sales"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import { Effect, Layer, Logger, Stream } from "effect"
import * as TestDatabase from "./TestDatabase.ts"

export interface Given {
  readonly id: string
  readonly stream: string
  readonly version: number
}

export interface JournalReaders {
  /** What the queue was given, and what the subscription was, in this order. */
  readonly relayed: ReadonlyArray<Given>
  readonly subscribed: ReadonlyArray<Given>
  /** What each replay has sent. */
  readonly replayed: ReadonlyMap<string, ReadonlySet<string>>
  /** Is called when the queue is given something, before it takes it. */
  whileDelivering: (given: Given) => void
  readonly layer: Layer.Layer<never, never, Database.Stores>
}

/** Leases that run out soon, so that nobody waits for long for what is only taken over. */
const TTL_MILLIS = 1_500

export const QUEUE = "queue"

export const make = (): JournalReaders => {
  const relayed: Array<Given> = []
  const subscribed: Array<Given> = []
  const replayed = new Map<string, Set<string>>()
  const queue: Sink = {
    name: QUEUE,
    deliver: ({ deliveries, replay }) =>
      Effect.sync(() => {
        for (const { eventId, id, version } of deliveries) {
          const given = { id, stream: eventId, version }
          if (replay === undefined) {
            readers.whileDelivering(given)
            relayed.push(given)
            continue
          }
          const sent = replayed.get(replay) ?? new Set<string>()
          replayed.set(replay, sent.add(id))
        }
        return deliveries.map(() => delivered)
      })
  }
  const subscribing = Effect.gen(function* () {
    let from: Subscription.SubscribeOptions["from"] = "beginning"
    while (true) {
      const listening = Stream.runForEach(
        Subscription.subscribe({ from, pollMillis: 50 }),
        ({ cursor, eventId, id, version }) =>
          Effect.sync(() => {
            subscribed.push({ id, stream: eventId, version })
            from = { cursor }
          })
      )
      yield* Effect.ignore(listening)
      yield* Effect.sleep(20)
    }
  })
  const relay = (sink: Sink) => Layer.orDie(Relay.layer(sink, { ttlMillis: TTL_MILLIS, pollMillis: 50 }))
  const projection: Layer.Layer<never, never, Database.Stores> = Layer.unwrap(
    Effect.map(ProjectionSink.make(Sales.projection), relay)
  )
  const readers: JournalReaders = {
    relayed,
    subscribed,
    replayed,
    whileDelivering: () => {},
    layer: Layer.mergeAll(
      relay(queue) as Layer.Layer<never, never, Outbox | Replays>,
      projection,
      Layer.effectDiscard(Effect.forkScoped(subscribing))
    ).pipe(Layer.provide(Logger.layer([])))
  }
  return readers
}

interface Entry extends Given {
  readonly seq: number
  /** In milliseconds since 1970. */
  readonly occurredAt: number
}

/** The journal of a database as it is, past everybody who serves it. */
export const journalOf = (url: string): Promise<ReadonlyArray<Entry>> =>
  Effect.flatMap(TestDatabase.client(url), (sql) =>
    sql.unsafe<Entry>(
      `SELECT id::text AS id, event_id::text AS stream, version::int AS version, seq::int AS seq,
        extract(epoch FROM occurred_at)::float8 * 1000 AS "occurredAt"
      FROM turnout.journal ORDER BY seq`
    )
  ).pipe(Effect.scoped, Effect.runPromise)

const projectedOf = (url: string): Promise<ReadonlyMap<string, number>> =>
  Effect.flatMap(TestDatabase.client(url), (sql) =>
    sql.unsafe<{ stream: string; version: number }>(
      "SELECT stream::text AS stream, version::int AS version FROM turnout.projections"
    )
  ).pipe(
    Effect.map((rows) => new Map(rows.map(({ stream, version }) => [stream, version]))),
    Effect.scoped,
    Effect.runPromise
  )

/** What is still to come of a journal, in words; nothing, if everybody has been given all of it. */
export const missing = async ({ relayed, subscribed }: JournalReaders, url: string): Promise<ReadonlyArray<string>> => {
  const journal = await journalOf(url)
  const notIn = (who: string, given: ReadonlyArray<Given>) => {
    const ids = new Set(given.map(({ id }) => id))
    return journal
      .filter(({ id }) => !ids.has(id))
      .map(({ stream, version }) => `O2: version ${version} of ${stream} never came to ${who}`)
  }
  const last = new Map<string, number>()
  for (const { stream, version } of journal) last.set(stream, Math.max(version, last.get(stream) ?? 0))
  const projected = await projectedOf(url)
  const notProjected = [...last].filter(([stream, version]) => projected.get(stream) !== version)
  return [
    ...notIn("the relay", relayed),
    ...notIn("the subscription", subscribed),
    ...notProjected.map(([stream, version]) => `O2: version ${version} of ${stream} never came to the projection`)
  ]
}

/** O3: of what is in a journal, the first deliveries of each stream are in order. */
export const misplaced = async (
  { relayed, subscribed }: JournalReaders,
  url: string
): Promise<ReadonlyArray<string>> => {
  const journal = await journalOf(url)
  const outOfOrder = (who: string, given: ReadonlyArray<Given>) => {
    const first = new Map<string, number>()
    for (const [index, { id }] of given.entries()) if (!first.has(id)) first.set(id, index)
    return Array.from(
      Map.groupBy(journal, ({ stream }) => stream),
      ([stream, entries]) => {
        const places = entries.toSorted((a, b) => a.version - b.version).map(({ id }) => first.get(id) ?? Infinity)
        const index = places.findIndex((place, at) => place < (places[at - 1] ?? -1))
        return index === -1 ? [] : [`O3: version ${entries[index]!.version} of ${stream} came too early to ${who}`]
      }
    ).flat()
  }
  return [...outOfOrder("the relay", relayed), ...outOfOrder("the subscription", subscribed)]
}

/** Waits until nothing is missing, for so long; gives what is then. */
export const untilComplete = async (readers: JournalReaders, url: string, millis: number) => {
  const end = performance.now() + millis
  while (true) {
    const left = await missing(readers, url)
    if (left.length === 0 || performance.now() > end) return left
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
