/**
 * The servers of a simulated world: a database, a queue, and the tables that consumers write. Each carries out one request
 * at a time.
 */
import * as MemoryStore from "@turnout/adapters/memory"
import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { type Message, toJson } from "@turnout/core/delivery/domain/Message"
import * as HandlerLimit from "@turnout/core/consumer/application/HandlerLimit"
import { DEFAULT_HANDLER_TIMEOUT_MILLIS, Inbox } from "@turnout/core/consumer/ports/Inbox"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { type Queue, QueueUnavailable, type ReceivedMessage } from "@turnout/core/consumer/ports/Queue"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { type Sink, SinkUnavailable } from "@turnout/core/delivery/ports/Sink"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Context, Effect, Layer } from "effect"
import type { Network } from "./Network.ts"
import type { Node, World } from "./World.ts"

export type Database = Context.Context<AdmissionStore | AdmissionReads | Outbox>

/** Makes a database: the store in memory, with the clock and the chance of the world. */
export const makeDatabase = (world: World, node: Node): Database =>
  Effect.runSync(world.provide(node, Effect.scoped(Layer.build(MemoryStore.layerWithoutRandom))))

/** Checks L1 on the answers of the database about leases. */
export class LeaseWitness {
  /** The latest epoch of each slot. */
  readonly #epochs = new Map<number, number>()
  readonly violations: Array<`${string}: ${string}`> = []

  /** The outbox, with its answers checked. */
  watch(outbox: Outbox["Service"]): Outbox["Service"] {
    type Asked = ReadonlyArray<{ readonly slot: number; readonly epoch: number }>
    const note = (what: string, asked: Asked) => (slots: ReadonlyArray<number>) => {
      for (const { epoch, slot } of asked) {
        const latest = this.#epochs.get(slot) ?? 0
        if (slots.includes(slot) && epoch < latest)
          this.violations.push(
            `L1: ${what} of slot ${slot} under epoch ${epoch} was accepted, though the slot was at ${latest}`
          )
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

/** A message that was given to the queue, whether the queue had it already or not. */
export interface Arrival {
  readonly id: string
  readonly stream: string
  readonly version: number
  readonly epoch: number
}

const VISIBILITY_MILLIS = 1_500
const NAME = "queue"
/** The number of entries that a sink sends in one request. */
const SENT_AT_ONCE = 2

/** A FIFO queue, which drops messages that it has been given before, and blocks a group while a message of it is received. */
export class SimulatedQueue {
  readonly #world: World
  readonly #known = new Set<string>()
  readonly #messages: Array<Stored> = []
  #receipts = 0
  readonly arrivals: Array<Arrival> = []
  readonly violations: Array<`${string}: ${string}`> = []
  /** Queues that get every message that this one takes. */
  readonly followers: Array<SimulatedQueue> = []
  /** Of a thousand, the entries that are refused. */
  refused = 0
  /** The number of receptions of each message since `countReceptions` was called. */
  #receptions = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  /** Begins to count the receptions of messages anew. */
  countReceptions(): void {
    this.#receptions = new Map()
  }

  /** The most receptions of one message since then. */
  get mostReceptions(): number {
    return Math.max(0, ...this.#receptions.values())
  }

  /**
   * The sink of a node, which sends a consignment in several requests, each of which can be lost. It checks that an entry
   * which it has reported as delivered is not given to it again under the same lease.
   */
  sink(network: Network, from: Node, server: Node): Sink {
    const told = new Set<string>()
    const take = (deliveries: ReadonlyArray<StoredEntry>, epoch: number, blocked: Set<string>) =>
      network.call(
        from,
        server,
        Effect.sync(() =>
          deliveries.map((delivery): DeliveryOutcome => {
            const { eventId, id, version } = delivery
            if (blocked.has(eventId) || this.#world.happens(this.refused)) {
              blocked.add(eventId)
              return { _tag: "Failed", error: "refused", isFinal: false }
            }
            this.arrivals.push({ id, stream: eventId, version, epoch })
            if (!this.#known.has(id)) {
              this.#known.add(id)
              const body = toJson(delivery)
              for (const queue of [this, ...this.followers])
                queue.#messages.push({ id, body, group: eventId, hiddenUntil: 0, receipt: 0, receiveCount: 0 })
            }
            return delivered
          })
        ),
        () => new SinkUnavailable({ cause: new Error("no answer") })
      )
    const deliver: Sink["deliver"] = Effect.fnUntraced({ self: this }, function* ({ deliveries, epoch, settled }) {
      for (const { id } of deliveries)
        if (told.has(`${epoch} ${id}`))
          this.violations.push(`O2: ${id} was given to the sink again, which had reported it as delivered`)
      const outcomes: Array<DeliveryOutcome> = []
      const sendStream = Effect.fnUntraced({ self: this }, function* (own: ReadonlyArray<number>) {
        const blocked = new Set<string>()
        for (let from = 0; from < own.length; from += SENT_AT_ONCE) {
          const part = own.slice(from, from + SENT_AT_ONCE)
          const answers = yield* take(
            part.map((index) => deliveries[index]!),
            epoch!,
            blocked
          )
          for (const [place, index] of part.entries()) {
            const outcome = answers[place]!
            if (outcome._tag === "Delivered") told.add(`${epoch} ${deliveries[index]!.id}`)
            settled?.(index, outcome)
            outcomes[index] = outcome
          }
        }
      })
      const streams = Map.groupBy(deliveries.keys(), (index) => deliveries[index]!.eventId).values()
      const ends = yield* Effect.forEach(streams, (own) => Effect.exit(sendStream(own)), { concurrency: "unbounded" })
      for (const end of ends) yield* end
      return outcomes
    })
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
      this.#receptions.set(message.id, (this.#receptions.get(message.id) ?? 0) + 1)
      const { body, group, receipt, receiveCount } = message
      taken.push({ receipt: String(receipt), body, group, receiveCount })
    }
    return taken
  }

  /** The queue of a node, which calls this server over the network. */
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

// --- the effects of consumers ---

/** An effect of a message. */
export interface Recorded {
  readonly consumer: string
  readonly message: string
  readonly stream: string
  readonly version: number
  /** The message as the consumer got it. */
  readonly content: Message
}

/** The effects that a handler has written in the open transaction. */
export class Written extends Context.Service<Written, Array<Recorded>>()("test/simulation/Written") {}

/**
 * A table of effects and the inbox in memory, which are written together or not at all. A handler runs in its process, and
 * the server records its effects in one step.
 */
export class Effects {
  readonly #world: World
  readonly #inbox: Inbox["Service"]
  readonly recorded: Array<Recorded> = []

  constructor(world: World, server: Node) {
    this.#world = world
    const built = Effect.runSync(world.provide(server, Effect.scoped(Layer.build(MemoryInbox.layer))))
    this.#inbox = Context.get(built, Inbox)
  }

  /** Whether the inbox has a record of the message: an effect that fails leaves none. */
  #isDealtWith(consumer: string, key: string): Effect.Effect<boolean> {
    return this.#inbox
      .once(consumer, key, Effect.fail("no record"))
      .pipe(Effect.match({ onSuccess: () => true, onFailure: () => false }))
  }

  inbox(network: Network, from: Node, server: Node): Inbox["Service"] {
    const call = <A>(work: Effect.Effect<A>) =>
      network.call(
        from,
        server,
        network.writing(work),
        () => new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("no answer") }) })
      )
    return Inbox.of({
      once: <E, R>(
        consumer: string,
        key: string,
        effect: Effect.Effect<unknown, E, R>,
        timeoutMillis = DEFAULT_HANDLER_TIMEOUT_MILLIS
      ) =>
        Effect.gen({ self: this }, function* () {
          if (yield* call(this.#isDealtWith(consumer, key))) return false
          const written: Array<Recorded> = []
          const writing = Effect.provideService(effect, Written, written) as Effect.Effect<unknown, E, R>
          yield* HandlerLimit.within(writing, timeoutMillis)
          if (this.#world.happens(network.faults.contention)) {
            const cause = new Error("deadlock victim")
            return yield* new StoreError.StoreError({ reason: new StoreError.Contention({ cause }) })
          }
          const record = Effect.sync(() => void this.recorded.push(...written))
          return yield* call(Effect.orDie(this.#inbox.once(consumer, key, record)))
        }),
      ready: call(Effect.void),
      forget: (consumer, ageMillis) => call(Effect.orDie(this.#inbox.forget(consumer, ageMillis)))
    })
  }
}
