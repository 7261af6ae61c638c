/**
 * A simulation of a journal whose server forgets: writers, processes that relay to a queue and listen as subscribers do, and a
 * server that crashes, or is replaced by a standby that lacks some commits.
 *
 * At the end, every entry of the journal must have come to the queue and to every subscriber, each stream in order. Entries
 * that were lost with a server may have come as well.
 */
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Effect, Exit, Logger, Stream } from "effect"
import type { Violation } from "./Checkers.ts"
import { type Entry, ForgetfulServer } from "./ForgetfulServer.ts"
import { Network } from "./Network.ts"
import { outcomeOf, type PartOutcome } from "./Part.ts"
import { SimulatedQueue } from "./Servers.ts"
import { type Node, World } from "./World.ts"

const MAX_STEPS = 1_000_000
const WORK_MILLIS = 3_000
const REST_MILLIS = 6_000
const LOOK_MILLIS = 500
const LEASE_MILLIS = 1_200
const WRITERS = 3

/** The streams, two of which are in one slot. */
const STREAMS = ["07", "47", "08"].map((slot) => `01890000-0000-7000-8000-0000000000${slot}` as EventId)

const silent = Logger.layer([])

interface Given {
  readonly id: string
}

class DeliverySimulation {
  readonly world: World
  readonly #network: Network
  readonly #server: ForgetfulServer
  readonly #queue: SimulatedQueue
  readonly #queueServer: Node
  readonly #defects: Array<Violation> = []
  /** The entries that each subscriber was given. */
  readonly #subscribed: Array<Array<Given>> = []
  #processes: Array<Node> = []
  #started = 0

  constructor(seed: number) {
    this.world = new World(seed, MAX_STEPS)
    const { world } = this
    const some = (most: number) => (world.happens(500) ? 0 : world.choose(most) + 1)
    this.#network = new Network(world, {
      lostRequests: some(40),
      lostAnswers: some(40),
      stragglers: 0,
      duplicates: 0,
      contention: 0,
      longestLatencyMillis: 1 + world.choose(30)
    })
    world.preemption = world.happens(500) ? 0 : 20 + world.choose(200)
    this.#server = new ForgetfulServer(world)
    this.#server.longestLagMillis = some(600)
    this.#queueServer = world.node("queue")
    this.#queue = new SimulatedQueue(world)
    this.#queue.refused = some(40)
  }

  /** Writes entries of some streams, in transactions that stay open for a while; some of them roll back. */
  #writer(node: Node) {
    const { world } = this
    const server = this.#server
    const ask = <A>(work: () => A) =>
      Effect.option(this.#network.call(node, server.node, Effect.sync(work), () => "lost" as const))
    return Effect.gen(function* () {
      while (world.elapsed < WORK_MILLIS) {
        yield* Effect.sleep(world.choose(120))
        const transaction = server.begin()
        const count = 1 + world.choose(3)
        for (let n = 0; n < count; n++) {
          yield* ask(() => server.append(transaction, world.pick(STREAMS)))
          if (world.happens(300)) yield* Effect.sleep(world.choose(200))
        }
        yield* ask(() => server.end(transaction, world.happens(800) ? "commit" : "rollback"))
        // If the request was lost, the transaction ends with its connection.
        server.end(transaction, "rollback")
      }
    })
  }

  #startProcess(): void {
    const node = this.world.node(`process ${++this.#started}`)
    const outbox = this.#server.outbox(this.#network, node)
    const given: Array<Given> = []
    const isListening = this.#subscribed.length === 0
    if (isListening) this.#subscribed.push(given)
    const relaying = Relay.run(this.#queue.sink(this.#network, node, this.#queueServer), {
      owner: node.name,
      ttlMillis: LEASE_MILLIS,
      pollMillis: 150,
      batchSize: 2,
      retryPolicy: { firstPauseMillis: 100, longestPauseMillis: 300, maxAttempts: Infinity }
    })
    const listening = Effect.gen(function* () {
      let from: Subscription.SubscribeOptions["from"] = "beginning"
      while (true) {
        const subscription = Subscription.subscribe({ from, pollMillis: 150 })
        yield* Effect.ignore(
          Stream.runForEach(subscription, ({ cursor, id }) =>
            Effect.sync(() => {
              given.push({ id })
              from = { cursor }
            })
          )
        )
        yield* Effect.sleep(100)
      }
    })
    const life = Effect.all([relaying, isListening ? listening : Effect.never], { concurrency: "unbounded" }).pipe(
      Effect.provideService(Outbox, outbox),
      Effect.provideService(JournalReader, this.#server.journalReader(this.#network, node)),
      Effect.provide(silent)
    )
    this.world.start(node, life as Effect.Effect<unknown>, (exit) => {
      this.#defects.push(`G2: ${node.name} came to its end: ${Exit.isFailure(exit) ? String(exit.cause) : "done"}`)
    })
    this.#processes.push(node)
  }

  #accident(): void {
    const { world } = this
    const server = this.#server
    const process = world.pick(this.#processes)
    switch (world.choose(6)) {
      case 0:
        return world.pause(process, 200 + world.choose(2 * LEASE_MILLIS))
      case 1:
        return this.#network.cut(process, 200 + world.choose(2 * LEASE_MILLIS))
      case 2:
      case 3:
        server.crash()
        return world.pause(server.node, world.choose(300))
      default:
        server.failOver()
        return world.pause(server.node, world.choose(300))
    }
  }

  #isAtRest(): boolean {
    const has = (given: ReadonlyArray<Given>) => {
      const ids = new Set(given.map(({ id }) => id))
      return this.#server.journal.every(({ delivery }) => ids.has(delivery.id))
    }
    return has(this.#queue.arrivals) && this.#subscribed.every(has)
  }

  run(): ReadonlyArray<Violation> {
    const { world } = this
    for (let n = 1 + world.choose(3); n > 0; n--) this.#startProcess()
    for (let n = 1; n <= WRITERS; n++) {
      const node = world.node(`writer ${n}`)
      world.start(node, this.#writer(node))
    }
    for (let n = 1 + world.choose(4); n > 0; n--) world.after(world.choose(WORK_MILLIS), () => this.#accident())
    world.run(WORK_MILLIS)
    this.#network.faults = { ...this.#network.faults, lostRequests: 0, lostAnswers: 0 }
    this.#queue.refused = 0
    world.run(2 * LEASE_MILLIS)
    const end = world.elapsed + REST_MILLIS
    while (world.elapsed < end && !this.#isAtRest()) world.run(LOOK_MILLIS)
    for (const node of this.#processes) world.kill(node)
    return this.#verdict()
  }

  #verdict(): ReadonlyArray<Violation> {
    const journal = this.#server.journal
    const check = (who: string, given: ReadonlyArray<Given>): ReadonlyArray<Violation> => {
      const first = new Map<string, number>()
      for (const [index, { id }] of given.entries()) if (!first.has(id)) first.set(id, index)
      const placeOf = ({ delivery }: Entry) => first.get(delivery.id) ?? Infinity
      const missing = journal
        .filter((entry) => placeOf(entry) === Infinity)
        .map(({ delivery }): Violation => `O2: version ${delivery.version} of ${delivery.eventId} never came to ${who}`)
      const misplaced = STREAMS.flatMap((stream) => {
        const places = journal
          .filter(({ delivery }) => delivery.eventId === stream)
          .toSorted((a, b) => a.delivery.version - b.delivery.version)
          .map(placeOf)
        const index = places.findIndex((place, at) => place < (places[at - 1] ?? -1))
        return index === -1 ? [] : [`O3: version ${index + 1} of ${stream} came too early to ${who}` as const]
      })
      return [...missing, ...misplaced]
    }
    return [
      ...this.#defects,
      ...check("the queue", this.#queue.arrivals),
      ...this.#subscribed.flatMap((given) => check("a subscriber", given))
    ]
  }
}

/** Simulates a seed. */
export const simulateDelivery = (seed: number): PartOutcome => outcomeOf(new DeliverySimulation(seed))
