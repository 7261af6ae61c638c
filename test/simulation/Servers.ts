/**
 * The servers of a simulated world: a database, a queue, and what consumers write. Each does one thing at a time.
 */
import * as MemoryStore from "@turnout/adapters/memory"
import { delivered } from "@turnout/core/domain/Delivery"
import { toJson } from "@turnout/core/domain/Message"
import { Inbox } from "@turnout/core/ports/Inbox"
import { Outbox } from "@turnout/core/ports/Outbox"
import { type Queue, QueueUnavailable, type ReceivedMessage } from "@turnout/core/ports/Queue"
import type { RegistrationStore } from "@turnout/core/ports/RegistrationStore"
import { type Sink, SinkUnavailable } from "@turnout/core/ports/Sink"
import * as StoreError from "@turnout/core/ports/StoreError"
import { Context, Effect, Layer } from "effect"
import type { Network } from "./Network.ts"
import type { Node, World } from "./World.ts"

export type Database = Context.Context<RegistrationStore | Outbox>

/** A database: the store in memory, with the world's clock and chance. */
export const makeDatabase = (world: World, node: Node): Database =>
  Effect.runSync(world.provide(node, Effect.scoped(Layer.build(MemoryStore.layerWithoutRandom))))

/** Watches the leases of slots, from what the database answers. */
export class LeaseWitness {
  /** The latest epoch of each slot. */
  readonly #epochs = new Map<number, number>()
  readonly violations: Array<`${string}: ${string}`> = []

  /** The outbox, watched. */
  watch(outbox: Outbox["Service"]): Outbox["Service"] {
    type Asked = ReadonlyArray<{ readonly slot: number; readonly epoch: number }>
    const note = (what: string, asked: Asked) => (slots: ReadonlyArray<number>) => {
      for (const { epoch, slot } of asked) {
        const latest = this.#epochs.get(slot) ?? 0
        if (slots.includes(slot) && epoch < latest)
          this.violations.push(`L1: ${what} of slot ${slot} under epoch ${epoch} counted, though it was at ${latest}`)
      }
      return slots
    }
    return Outbox.of({
      ...outbox,
      claim: (sink, options) =>
        Effect.map(outbox.claim(sink, options), (claims) => {
          for (const { epoch, slot } of claims) {
            const latest = this.#epochs.get(slot) ?? 0
            if (epoch <= latest)
              this.violations.push(`L1: slot ${slot} was claimed under epoch ${epoch} after ${latest}`)
            this.#epochs.set(slot, epoch)
          }
          return claims
        }),
      renew: (sink, leases, ttl) => Effect.map(outbox.renew(sink, leases, ttl), note("a renewal", leases)),
      release: (sink, leases) => Effect.map(outbox.release(sink, leases), note("giving back", leases)),
      acknowledge: (sink, all) => Effect.map(outbox.acknowledge(sink, all), note("an acknowledgement", all)),
      settle: (sink, all) => Effect.map(outbox.settle(sink, all), note("a settlement", all))
    })
  }
}

// --- the queue ---

interface Stored {
  readonly id: string
  readonly body: string
  readonly group: string
  hiddenUntil: number
  receipt: number
  receiveCount: number
}

/** Something that was given to the queue, whether the queue had it already or not. */
export interface Arrival {
  readonly id: string
  readonly stream: string
  readonly version: number
  readonly epoch: number
}

const VISIBILITY_MILLIS = 1_500
const NAME = "queue"

/** A FIFO queue, which drops what it has been given before, and blocks a group while one of it is out. */
export class SimulatedQueue {
  readonly #world: World
  readonly #known = new Set<string>()
  readonly #messages: Array<Stored> = []
  #receipts = 0
  readonly arrivals: Array<Arrival> = []
  /** In a thousand: entries that are refused. */
  refused = 0

  constructor(world: World) {
    this.#world = world
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  /** The sink of a node. */
  sink(network: Network, from: Node, server: Node): Sink {
    const deliver: Sink["deliver"] = ({ deliveries, epoch }) =>
      network.call(
        from,
        server,
        Effect.sync(() => {
          const blocked = new Set<string>()
          return deliveries.map((delivery) => {
            const { eventId, id, version } = delivery
            if (blocked.has(eventId) || this.#world.happens(this.refused)) {
              blocked.add(eventId)
              return { _tag: "Failed", error: "refused", isFinal: false } as const
            }
            this.arrivals.push({ id, stream: eventId, version, epoch })
            if (!this.#known.has(id)) {
              this.#known.add(id)
              const stored = { id, body: toJson(delivery), group: eventId, hiddenUntil: 0, receipt: 0, receiveCount: 0 }
              this.#messages.push(stored)
            }
            return delivered
          })
        }),
        () => new SinkUnavailable({ cause: new Error("no answer") })
      )
    return { name: NAME, deliver }
  }

  #receive(max: number): ReadonlyArray<ReceivedMessage> {
    const out = new Set<string>()
    const taken: Array<ReceivedMessage> = []
    for (const message of this.#messages) {
      if (taken.length === max) break
      if (out.has(message.group)) continue
      if (message.hiddenUntil > this.#world.now) {
        out.add(message.group)
        continue
      }
      message.hiddenUntil = this.#world.now + VISIBILITY_MILLIS
      message.receipt = ++this.#receipts
      message.receiveCount += 1
      const { body, group, receipt, receiveCount } = message
      taken.push({ receipt: String(receipt), body, group, receiveCount })
    }
    return taken
  }

  /** The queue as a node sees it. */
  queue(network: Network, from: Node, server: Node): Queue {
    const call = <A>(work: () => A) =>
      network.call(from, server, Effect.sync(work), () => new QueueUnavailable({ cause: new Error("no answer") }))
    const each = (receipts: ReadonlyArray<string>, work: (message: Stored) => void) =>
      call(() =>
        receipts.filter((receipt) => {
          const message = this.#messages.find((one) => String(one.receipt) === receipt)
          if (message === undefined) return true
          work(message)
          return false
        })
      )
    return {
      name: NAME,
      visibilityMillis: VISIBILITY_MILLIS,
      receive: (max) =>
        Effect.flatMap(
          call(() => this.#receive(max)),
          (received) => (received.length === 0 ? Effect.as(Effect.sleep(300), received) : Effect.succeed(received))
        ),
      hide: (receipts, millis) =>
        each(receipts, (message) => {
          message.hiddenUntil = this.#world.now + millis
        }),
      remove: (receipts) =>
        each(receipts, (message) => {
          this.#messages.splice(this.#messages.indexOf(message), 1)
        })
    }
  }
}

// --- what consumers write ---

/** An effect of a message. */
export interface Recorded {
  readonly message: string
  readonly stream: string
  readonly version: number
}

/** What a handler has written in the transaction that is open. */
export class Written extends Context.Service<Written, Array<Recorded>>()("test/simulation/Written") {}

/** A table of effects, and the inbox beside it: written together, or not at all. */
export class Effects {
  readonly #dealtWith = new Set<string>()
  readonly recorded: Array<Recorded> = []

  inbox(network: Network, from: Node, server: Node): Inbox["Service"] {
    const call = <A>(work: () => A) =>
      network.call(
        from,
        server,
        Effect.sync(work),
        () => new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("no answer") }) })
      )
    return Inbox.of({
      once: <E, R>(consumer: string, key: string, effect: Effect.Effect<unknown, E, R>) =>
        Effect.gen({ self: this }, function* () {
          const id = `${consumer} ${key}`
          if (yield* call(() => this.#dealtWith.has(id))) return false
          const written: Array<Recorded> = []
          yield* Effect.provideService(effect, Written, written) as Effect.Effect<unknown, E, R>
          return yield* call(() => {
            if (this.#dealtWith.has(id)) return false
            this.#dealtWith.add(id)
            this.recorded.push(...written)
            return true
          })
        }),
      forget: () => Effect.succeed(0)
    })
  }
}
