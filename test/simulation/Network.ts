/**
 * The network between nodes and servers, which is slow, loses messages, and can be cut; and the errors that callers get then.
 *
 * A request takes a while to arrive, is carried out in one step, and its answer takes a while to come back. Both can be
 * lost. Then the caller gets an error after a time-out; if the answer was lost, the error says that the outcome is unknown.
 */
import { Effect, type Semaphore } from "effect"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import type { Node, World } from "./World.ts"

export interface Faults {
  /** Of a thousand, the requests and the answers that are lost. */
  readonly lostRequests: number
  readonly lostAnswers: number
  /** Of a thousand, the statements that a store carries out long after the caller has given up, as one that was paused does. */
  readonly stragglers: number
  /** Of a thousand, the requests of clients that arrive twice, at one process or at two. */
  readonly duplicates: number
  /** Of a thousand, the transactions that fail since others hold the same rows. */
  readonly contention: number
  readonly longestLatencyMillis: number
}

const TIMEOUT_MILLIS = 1_000
/** The longest time that a straggler takes beyond that: longer than a lease. */
const LATE_MILLIS = 3_000
/** The time for which a call waits for a connection of its process. */
const POOL_MILLIS = 500

/** The methods of stores that only read. */
const READS = new Set(
  [
    "event events registration registrations attendeeRegistrations people waitlist waitlistPlace journal eventsWithStepsDue",
    "positions arePositions read due parkedMillis"
  ].flatMap((names) => names.split(" "))
)

interface StoreOptions {
  /** The operations that may have been carried out if no answer is heard. */
  readonly writes?: ReadonlyArray<string>
  /** Whether each operation is one statement, which needs nothing of its caller to be carried out. */
  readonly sendsStatements?: boolean
}

export type Outcome = "unavailable" | "unknown"

export class Network {
  readonly #world: World
  readonly #cut = new Set<Node>()
  faults: Faults
  /** Whether the store is up and takes no writes. */
  isReadOnly = false

  constructor(world: World, faults: Faults) {
    this.#world = world
    this.faults = faults
  }

  /** Cuts a node off from every server for some milliseconds. */
  cut(node: Node, millis: number): void {
    this.#cut.add(node)
    this.#world.after(millis, () => this.#cut.delete(node))
  }

  latency(): number {
    return 1 + this.#world.choose(this.faults.longestLatencyMillis)
  }

  /**
   * Carries out an operation on a server. `lost` makes the error that the caller gets if it hears nothing. `stragglers` says how
   * many of a thousand operations are carried out long after that.
   */
  call<A, E, F>(
    from: Node,
    server: Node,
    operation: Effect.Effect<A, E>,
    lost: (outcome: Outcome) => F,
    stragglers = 0
  ): Effect.Effect<A, E | F> {
    const world = this.#world
    return Effect.callback<A, E | F>((resume) => {
      const fail = (outcome: Outcome) => world.timer(from, TIMEOUT_MILLIS, () => resume(Effect.fail(lost(outcome))))
      if (this.#cut.has(from) || world.happens(this.faults.lostRequests)) {
        fail("unavailable")
        return
      }
      if (world.happens(stragglers)) {
        const late = TIMEOUT_MILLIS + world.choose(LATE_MILLIS)
        world.timer(server, late, () => void Effect.runSyncExit(world.provide(server, operation)))
        fail("unknown")
        return
      }
      world.timer(server, this.latency(), () => {
        const exit = Effect.runSyncExit(world.provide(server, operation))
        if (this.#cut.has(from) || world.happens(this.faults.lostAnswers)) fail("unknown")
        else world.timer(from, this.latency(), () => resume(exit))
      })
    })
  }

  /** An operation of a store in a transaction that writes, which fails while the store takes no writes. */
  writing<A, E>(operation: Effect.Effect<A, E>): Effect.Effect<A, E | StoreError.StoreError> {
    return Effect.suspend((): Effect.Effect<A, E | StoreError.StoreError> => {
      if (!this.isReadOnly) return operation
      const cause = new Error("cannot write in a read-only transaction")
      return Effect.fail(new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause }) }))
    })
  }

  /** A call that needs a connection. If it waits for that too long, it fails without having been sent. */
  #withConnection<A, E, F>(
    pool: Semaphore.Semaphore | undefined,
    call: Effect.Effect<A, E>,
    exhausted: () => F
  ): Effect.Effect<A, E | F> {
    if (pool === undefined) return call
    return Effect.suspend(() => {
      const end = this.#world.elapsed + POOL_MILLIS
      const inTime = Effect.suspend((): Effect.Effect<A, E | F> =>
        this.#world.elapsed > end ? Effect.fail(exhausted()) : call
      )
      return pool.withPermit(inTime)
    })
  }

  /**
   * The service of a store for a node, which calls it over the network, with a pool of connections if their number is
   * limited.
   */
  store<Service extends object>(
    from: Node,
    server: Node,
    service: Service,
    pool: Semaphore.Semaphore | undefined,
    { sendsStatements = false, writes = [] }: StoreOptions = {}
  ): Service {
    const remote = (name: string, operation: Effect.Effect<unknown, unknown>): Effect.Effect<unknown, unknown> => {
      const lost = (outcome: Outcome) => {
        const cause = new Error(`${name}: no answer`)
        const isUnknown = outcome === "unknown" && writes.includes(name)
        return new StoreError.StoreError({
          reason: isUnknown ? new StoreError.OutcomeUnknown({ cause }) : new StoreError.Unavailable({ cause })
        })
      }
      const stragglers = sendsStatements ? this.faults.stragglers : 0
      const carriedOut = READS.has(name) ? operation : this.writing(operation)
      const call = this.#withConnection(pool, this.call(from, server, carriedOut, lost, stragglers), () =>
        lost("unavailable")
      )
      if (!writes.includes(name)) return call
      return Effect.suspend(() =>
        this.#world.happens(this.faults.contention)
          ? Effect.fail(
              new StoreError.StoreError({ reason: new StoreError.Contention({ cause: new Error("deadlock victim") }) })
            )
          : call
      )
    }
    return Object.fromEntries(
      Object.entries(service).map(([name, member]) => {
        // What a process knows of the store's clock is in the process: see `StoreTime`.
        if (name === "isInTransaction" || name === "clock") return [name, member]
        // The network carries no signals of commits.
        if (name === "onCommit") return [name, () => () => {}]
        if (Effect.isEffect(member)) return [name, remote(name, member as Effect.Effect<unknown, unknown>)]
        const method = member as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>
        return [
          name,
          (...args: ReadonlyArray<unknown>) =>
            remote(
              name,
              Effect.suspend(() => method(...args))
            )
        ]
      })
    ) as Service
  }
}
