/**
 * A simulation: clients, three processes and three servers in one world, with faults while they work, and none in the end.
 *
 * Each process is what `turnout serve` and `turnout worker` are together: the service with its lanes, a relay to the queue and
 * a worker that takes from it. Everything in it is the code that users run; the servers, the network, clocks and chance are
 * simulated. What must hold is checked apart from all of it, by `Checkers` and `test/support/Invariants`.
 */
import * as CommitSignal from "@turnout/core/application/CommitSignal"
import { EndOfTurn } from "@turnout/core/application/Lanes"
import type { Overloaded } from "@turnout/core/application/Overloaded"
import * as Relay from "@turnout/core/application/Relay"
import * as Turnout from "@turnout/core/application/Turnout"
import * as Worker from "@turnout/core/application/Worker"
import { fromInput } from "@turnout/core/domain/Attendee"
import type { Command } from "@turnout/core/domain/Command"
import type { EventId } from "@turnout/core/domain/Event"
import type { RegistrationId } from "@turnout/core/domain/Registration"
import { Inbox } from "@turnout/core/ports/Inbox"
import { Outbox } from "@turnout/core/ports/Outbox"
import { RegistrationStore } from "@turnout/core/ports/RegistrationStore"
import type { StoreError } from "@turnout/core/ports/StoreError"
import { Context, Effect, Exit, Layer, Logger, Result, Semaphore } from "effect"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import { askedOf, check, type Operation, type Violation } from "./Checkers.ts"
import { type Faults, Network } from "./Network.ts"
import {
  type Database,
  Effects,
  LeaseWitness,
  makeDatabase,
  type Recorded,
  SimulatedQueue,
  Written
} from "./Servers.ts"
import { Livelock, type Node, World } from "./World.ts"

/** What differs from seed to seed. */
export interface Plan {
  readonly processes: number
  readonly clients: number
  readonly events: number
  readonly seats: number
  readonly operations: number
  readonly faults: Faults
  /** In a thousand: handlers that fail, entries that the queue refuses. */
  readonly handlerFailures: number
  readonly refusals: number
  /** How many times something happens to a process. */
  readonly accidents: number
  readonly longestSkewMillis: number
  readonly preemption: number
  /** Of a process to the store; 0 for as many as it likes. */
  readonly connections: number
}

export interface Outcome {
  readonly seed: number
  readonly steps: number
  readonly fingerprint: number
  readonly violations: ReadonlyArray<Violation>
  readonly plan: Plan
  /** How much has happened. */
  readonly counts: { readonly operations: number; readonly entries: number; readonly accidents: number }
}

const NONE: Faults = { lostRequests: 0, lostAnswers: 0, duplicates: 0, contention: 0, longestLatencyMillis: 5 }
const MAX_STEPS = 2_000_000
const LEASE_MILLIS = 1_500
/** While clients work and accidents happen. */
const WORK_MILLIS = 4_000
/** When whoever was paused at the last moment is back, and has learnt what became of what it had asked for. */
const BACK_MILLIS = WORK_MILLIS + 4_500
/** The most that it takes until everything has come to rest, and how often to look. */
const REST_MILLIS = 7_000
const LOOK_MILLIS = 500
/** For whoever is told to stop. */
const STOP_MILLIS = 2_500
const RPC_TIMEOUT_MILLIS = 1_500
const MAX_ATTEMPTS = 12

/** Drawn from the seed: some worlds are calm, some lose half of what is sent. */
const planOf = (world: World): Plan => {
  const some = (most: number) => (world.happens(500) ? 0 : world.choose(most) + 1)
  return {
    processes: 1 + world.choose(3),
    clients: 2 + world.choose(4),
    events: 1 + world.choose(2),
    seats: 1 + world.choose(4),
    operations: 3 + world.choose(6),
    faults: {
      lostRequests: some(60),
      lostAnswers: some(60),
      duplicates: some(200),
      contention: some(60),
      longestLatencyMillis: 1 + world.choose(40)
    },
    handlerFailures: some(60),
    refusals: some(30),
    accidents: some(5),
    longestSkewMillis: some(5_000),
    preemption: world.happens(500) ? 0 : 20 + world.choose(200),
    connections: some(3)
  }
}

interface Process {
  readonly node: Node
  turnout: Turnout.TurnoutService | undefined
  /** Ends it as a signal does. */
  stop: () => void
}

const silent = Logger.layer([])

const record = (
  _: unknown,
  { eventId, id, version }: { readonly eventId: string; readonly id: string; readonly version: number }
) =>
  Effect.flatMap(Effect.serviceOption(Written), (written) =>
    Effect.sync(() => {
      if (written._tag === "Some") written.value.push({ message: id, stream: eventId, version } satisfies Recorded)
    })
  )

const TYPES = [
  "EventCreated",
  "EventPublished",
  "CapacityChanged",
  "AttendeeRegistered",
  "AttendeeWaitlisted",
  "RegistrationPromoted",
  "RegistrationCancelled"
] as const

const publishedEvent = (capacity: number, now: Date) =>
  Turnout.Turnout.use((turnout) =>
    Effect.flatMap(turnout.createEvent(Given.eventInput({ capacity }, now)), ({ id }) => turnout.publishEvent(id))
  )

type Reply = Turnout.Reply<Command>

/** What a client makes of an answer. */
const toldOf = (answer: Reply["answer"]) => {
  if (Result.isFailure(answer)) return { isOk: false, text: answer.failure._tag }
  if (!("registration" in answer.success)) return { isOk: true, text: "ok" }
  const { id, state } = answer.success.registration
  return { isOk: true, text: `${id} ${state}`, registrationId: id }
}

class Simulation {
  readonly world: World
  readonly plan: Plan
  readonly network: Network
  readonly #store: Node
  readonly #queueServer: Node
  readonly database: Database
  readonly queue: SimulatedQueue
  readonly effects = new Effects()
  readonly leases = new LeaseWitness()
  readonly operations: Array<Operation> = []
  readonly defects: Array<Violation> = []
  readonly events: Array<EventId> = []
  #processes: Array<Process> = []
  #started = 0
  /** Whether processes are told to stop. */
  #isOver = false
  accidents = 0
  handlerFailures = 0

  constructor(seed: number, changes: Partial<Plan>) {
    this.world = new World(seed, MAX_STEPS)
    this.plan = { ...planOf(this.world), ...changes }
    this.world.preemption = this.plan.preemption
    this.network = new Network(this.world, NONE)
    this.#store = this.world.node("store")
    this.#queueServer = this.world.node("queue")
    this.database = makeDatabase(this.world, this.#store)
    this.queue = new SimulatedQueue(this.world)
  }

  /** Runs something without a network, on the stores as they are. */
  #direct<A, E>(work: Effect.Effect<A, E, Turnout.Turnout | RegistrationStore | Outbox>): A {
    const node = this.world.node("the test")
    const ended: Array<Exit.Exit<A, E>> = []
    const layer = Layer.effect(Turnout.Turnout, Turnout.make()).pipe(Layer.provide(CommitSignal.layer))
    this.world.start(
      node,
      work.pipe(
        Effect.provide(layer),
        Effect.provide(this.database),
        Effect.provideService(EndOfTurn, Effect.yieldNow),
        Effect.provide(silent)
      ) as Effect.Effect<A, E>,
      (exit) => ended.push(exit)
    )
    for (let waited = 0; ended.length === 0 && waited < 100; waited++) this.world.run(100)
    this.world.kill(node)
    const [exit] = ended
    if (exit === undefined) throw new Livelock("what was asked for never ended")
    if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
    return exit.value
  }

  startProcess(): void {
    const { longestSkewMillis, refusals } = this.plan
    const skew = longestSkewMillis === 0 ? 0 : this.world.choose(2 * longestSkewMillis) - longestSkewMillis
    const node = this.world.node(`process ${++this.#started}`, skew)
    const process: Process = { node, turnout: undefined, stop: () => {} }
    const pool = this.plan.connections === 0 ? undefined : Semaphore.makeUnsafe(this.plan.connections)
    const registrations = Context.get(this.database, RegistrationStore)
    const store = this.network.store(node, this.#store, registrations, pool, ["transact"])
    const outbox = this.network.store(node, this.#store, this.leases.watch(Context.get(this.database, Outbox)), pool)
    const inbox = this.effects.inbox(this.network, node, this.#store)
    const sink = this.queue.sink(this.network, node, this.#queueServer)
    const queue = this.queue.queue(this.network, node, this.#queueServer)
    this.queue.refused = refusals
    const handler = (event: unknown, message: Parameters<typeof record>[1]) =>
      Effect.suspend(() =>
        this.world.happens(this.handlerFailures) ? Effect.fail(new Error("the handler failed")) : record(event, message)
      )
    const handlers = Object.fromEntries(TYPES.map((type) => [type, handler])) as Worker.Handlers<Error>
    const life = Effect.gen(function* () {
      process.turnout = yield* Turnout.make({ lanes: 2, maxBatch: 4, commandTimeoutMillis: 3_000, drainMillis: 500 })
      const relay = Relay.run(sink, {
        owner: node.name,
        ttlMillis: LEASE_MILLIS,
        pollMillis: 250,
        batchSize: 4,
        retryPolicy: { firstPauseMillis: 100, longestPauseMillis: 400, maxAttempts: Infinity }
      })
      const worker = Worker.run(queue, handlers, {
        consumer: "recorder",
        concurrency: 2,
        maxInFlight: 10,
        retryPolicy: { firstPauseMillis: 50, longestPauseMillis: 400 }
      })
      return yield* Effect.all([relay, worker], { concurrency: "unbounded" })
    }).pipe(
      Effect.scoped,
      Effect.provide(CommitSignal.layer),
      Effect.provideService(RegistrationStore, store),
      Effect.provideService(Outbox, outbox),
      Effect.provideService(Inbox, inbox),
      Effect.provideService(EndOfTurn, Effect.yieldNow),
      Effect.provide(silent)
    )
    process.stop = this.world.start(node, life, (exit) => {
      if (!this.#isOver) this.defects.push(`G2: ${node.name} came to its end: ${String(exit)}`)
    })
    this.#processes.push(process)
  }

  /** Asks a process to carry out a command; fails with `undefined` if there is no answer in time. `told` hears every answer. */
  #ask(client: Node, process: Process, command: Command, key: string, told: (reply: Reply) => void) {
    const { network, world } = this
    return Effect.callback<Reply, StoreError | Overloaded | undefined>((resume) => {
      let isOver = false
      const answer = (exit: Exit.Exit<Reply, StoreError | Overloaded | undefined>) => {
        if (Exit.isSuccess(exit)) told(exit.value)
        if (isOver) return
        isOver = true
        resume(exit)
      }
      world.timer(client, RPC_TIMEOUT_MILLIS, () => answer(Exit.fail(undefined)))
      const send = (to: Process) => {
        if (world.happens(network.faults.lostRequests)) return
        world.timer(to.node, network.latency(), () => {
          if (to.turnout === undefined) return
          const work = to.turnout.execute(command, { idempotencyKey: key, actor: "client" })
          world.start(to.node, work as Effect.Effect<Reply, StoreError | Overloaded>, (exit) => {
            if (!world.happens(network.faults.lostAnswers)) world.timer(client, network.latency(), () => answer(exit))
          })
        })
      }
      send(process)
      if (world.happens(network.faults.duplicates)) send(world.pick(this.#processes))
    })
  }

  /** A client does one thing after the other, and asks again until it knows. */
  #client(name: string, node: Node) {
    const { plan, world } = this
    const own: Array<{ readonly eventId: EventId; readonly id: RegistrationId }> = []
    const choose = (n: number): { what: Operation["what"]; command: Command } => {
      const eventId = world.pick(this.events)
      const roll = world.choose(10)
      if (roll < 2 && own.length > 0) {
        const { eventId, id } = world.pick(own)
        return { what: "cancel", command: { _tag: "CancelRegistration", eventId, registrationId: id } }
      }
      if (roll === 2) {
        const capacity = 1 + world.choose(plan.seats * 2)
        return { what: "capacity", command: { _tag: "ChangeCapacity", eventId, capacity, keepOverhang: true } }
      }
      // Sometimes two clients are the same person.
      const email = world.happens(150) ? "shared@example.com" : `${name}-${n}@example.com`
      const attendee = fromInput({ email, name })
      return { what: "register", command: { _tag: "Register", eventId, attendee, notes: "", registeredAt: null } }
    }
    return Effect.gen({ self: this }, function* () {
      for (let n = 0; n < plan.operations; n++) {
        yield* Effect.sleep(world.choose(300))
        const { command, what } = choose(n)
        const key = `${name} ${n}`
        const eventId = (command as { readonly eventId: EventId }).eventId
        const operation: Operation = {
          key,
          what,
          eventId,
          ...askedOf(command),
          startedAt: world.elapsed,
          endedAt: Infinity,
          answers: []
        }
        this.operations.push(operation)
        const told = ({ answer }: Reply) => {
          if (operation.answers.length === 0) operation.endedAt = world.elapsed
          operation.answers.push(toldOf(answer))
        }
        // Asked again after an answer as well, now and then.
        let again = world.happens(200) ? 2 : 1
        for (let attempt = 0; attempt < MAX_ATTEMPTS && again > 0; attempt++) {
          const exit = yield* Effect.result(this.#ask(node, world.pick(this.#processes), command, key, told))
          if (Result.isFailure(exit)) {
            yield* Effect.sleep(50 + world.choose(300))
            continue
          }
          const { registrationId } = toldOf(exit.success.answer)
          if (what === "register" && registrationId !== undefined && !own.some(({ id }) => id === registrationId))
            own.push({ eventId, id: registrationId })
          again -= 1
        }
      }
    })
  }

  /** Something happens to a process. */
  #accident(): void {
    const { world } = this
    const process = world.pick(this.#processes)
    this.accidents += 1
    switch (world.choose(4)) {
      case 0:
        world.kill(process.node)
        this.#processes = this.#processes.filter((one) => one !== process)
        world.after(world.choose(2_000), () => this.startProcess())
        // Clients always know one to ask.
        if (this.#processes.length === 0) this.startProcess()
        return
      case 1:
        return world.pause(process.node, 200 + world.choose(2 * LEASE_MILLIS))
      case 2:
        return this.network.cut(process.node, 200 + world.choose(2 * LEASE_MILLIS))
      default:
        process.node.skewMillis += world.choose(4_000) - 2_000
    }
  }

  run(): ReadonlyArray<Violation> {
    const { plan, world } = this
    const published = publishedEvent(plan.seats, new Date(world.now))
    this.events.push(...this.#direct(Effect.replicateEffect(published, plan.events)).map(({ id }) => id))
    this.network.faults = plan.faults
    this.handlerFailures = plan.handlerFailures
    for (let n = 0; n < plan.processes; n++) this.startProcess()
    const clients = { left: plan.clients }
    for (let n = 1; n <= plan.clients; n++) {
      const node = world.node(`client ${n}`)
      world.start(node, this.#client(`client-${n}`, node), (exit) => {
        clients.left -= 1
        if (Exit.isFailure(exit)) this.defects.push(`G2: client ${n} failed: ${String(exit.cause)}`)
      })
    }
    for (let n = 0; n < plan.accidents; n++) world.after(world.choose(WORK_MILLIS), () => this.#accident())
    world.run(WORK_MILLIS)
    this.network.faults = NONE
    this.handlerFailures = 0
    this.queue.refused = 0
    for (let waited = 0; waited < 10 && clients.left > 0; waited++) world.run(REST_MILLIS / 4)
    const end = world.elapsed + REST_MILLIS
    world.run(Math.max(0, BACK_MILLIS - world.elapsed))
    let stored = this.#stored()
    while (world.elapsed < end && !this.#isAtRest(stored)) {
      world.run(LOOK_MILLIS)
      stored = this.#stored()
    }
    if (clients.left > 0) this.defects.push(`G2: ${clients.left} clients never came to their end`)
    this.#stopProcesses()
    return this.#verdict(stored)
  }

  /** Ends every process that is left, and looks for what is left of it. */
  #stopProcesses(): void {
    this.#isOver = true
    for (const { stop } of this.#processes) stop()
    this.world.run(STOP_MILLIS)
    for (const { node } of this.#processes) {
      const left = this.world.leftOf(node)
      if (left !== undefined) this.defects.push(`G3: ${node.name} was stopped and left ${left}`)
    }
  }

  /** Everything that is stored of each event. */
  #stored(): ReadonlyArray<Invariants.Snapshot> {
    return this.#direct(Effect.forEach(this.events, (eventId) => Invariants.snapshot(eventId)))
  }

  /** Whether everything that happened has had its effect, and nothing is left to be delivered again. */
  #isAtRest(stored: ReadonlyArray<Invariants.Snapshot>): boolean {
    const happened = stored.reduce((sum, { journal }) => sum + journal.length, 0)
    return this.queue.isEmpty && this.effects.recorded.length >= happened
  }

  #verdict(stored: ReadonlyArray<Invariants.Snapshot>): ReadonlyArray<Violation> {
    const violations: Array<Violation> = [...this.defects, ...this.leases.violations]
    for (const taken of stored) {
      try {
        Invariants.check(taken)
      } catch (error) {
        violations.push((error instanceof Error ? error.message : String(error)) as Violation)
      }
    }
    const { effects, operations, queue } = this
    const journals = new Map(stored.map(({ event, journal }) => [event.id, journal]))
    const history = { operations, journals, arrivals: queue.arrivals, recorded: effects.recorded }
    return [...violations, ...check(history)]
  }
}

/** What becomes of a seed; of its plan, some can be changed. */
export const simulate = (seed: number, changes: Partial<Plan> = {}): Outcome => {
  const simulation = new Simulation(seed, changes)
  let violations: ReadonlyArray<Violation>
  try {
    violations = simulation.run()
  } catch (error) {
    if (!(error instanceof Livelock)) throw error
    violations = [`G2: ${error.message}`]
  }
  const { accidents, operations, plan, world } = simulation
  return {
    seed,
    steps: world.steps,
    fingerprint: world.fingerprint,
    violations,
    plan,
    counts: { operations: operations.length, entries: simulation.queue.arrivals.length, accidents }
  }
}

/** Ways to make a plan smaller, the greatest steps first. */
const reductions = (plan: Plan): ReadonlyArray<Partial<Plan>> => [
  { faults: { ...plan.faults, lostRequests: 0, lostAnswers: 0, duplicates: 0, contention: 0 } },
  { faults: { ...plan.faults, lostRequests: 0 } },
  { faults: { ...plan.faults, lostAnswers: 0 } },
  { faults: { ...plan.faults, duplicates: 0 } },
  { faults: { ...plan.faults, contention: 0 } },
  { faults: { ...plan.faults, longestLatencyMillis: 1 } },
  { accidents: 0 },
  { accidents: plan.accidents - 1 },
  { handlerFailures: 0 },
  { refusals: 0 },
  { longestSkewMillis: 0 },
  { preemption: 0 },
  { connections: 0 },
  { processes: plan.processes - 1 },
  { events: 1 },
  { clients: plan.clients - 1 },
  { operations: plan.operations - 1 },
  { seats: plan.seats - 1 }
]

const isPlan = ({ accidents, clients, operations, processes, seats }: Plan): boolean =>
  accidents >= 0 && clients >= 1 && operations >= 1 && processes >= 1 && seats >= 1

const SHRINKING_MILLIS = 20_000

/**
 * A small plan under which a seed still violates something, found by taking away one thing after the other, for a while:
 * some violations take long to come to light.
 */
export const shrink = (seed: number): Outcome => {
  const end = performance.now() + SHRINKING_MILLIS
  let smallest = simulate(seed)
  for (let hasShrunk = true; hasShrunk;) {
    hasShrunk = false
    for (const reduction of reductions(smallest.plan)) {
      if (performance.now() > end) return smallest
      const plan = { ...smallest.plan, ...reduction }
      if (!isPlan(plan) || JSON.stringify(plan) === JSON.stringify(smallest.plan)) continue
      const outcome = simulate(seed, plan)
      if (outcome.violations.length === 0) continue
      smallest = outcome
      hasShrunk = true
      break
    }
  }
  return smallest
}
