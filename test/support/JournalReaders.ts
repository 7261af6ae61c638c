/**
 * All kinds of readers of the journal of a database, and the entries that each has been given: a relay to a queue, replays
 * to that queue, a projection, and a subscription that goes on at its cursor after each outage of the store.
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
  /** The entries that the queue was given, and those that the subscription was given, each in the order of their arrival. */
  readonly relayed: ReadonlyArray<Given>
  readonly subscribed: ReadonlyArray<Given>
  /** The ids of the messages that each replay has sent. */
  readonly replayed: ReadonlyMap<string, ReadonlySet<string>>
  /** Called for each message that the queue is given, before it takes the message. */
  whileDelivering: (given: Given) => void
  readonly layer: Layer.Layer<never, never, Database.Stores>
}

/** A short lease, so that a takeover does not take long. */
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
  /** The time of the entry, in milliseconds since 1970. */
  readonly occurredAt: number
}

/** Reads the journal of a database from its table. */
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

/** The entries that a reader has not been given yet, in words; an empty list if all readers have been given all entries. */
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

/** The entries of the journal that break O3, in words: the first deliveries of each stream must be in order. */
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

/** Waits until nothing is missing, for at most `millis`; gives the entries that are missing then, in words. */
export const untilComplete = async (readers: JournalReaders, url: string, millis: number) => {
  const end = performance.now() + millis
  while (true) {
    const left = await missing(readers, url)
    if (left.length === 0 || performance.now() > end) return left
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
