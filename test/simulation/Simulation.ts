/**
 * A simulation: clients, up to three processes, a store and queues in one world, with faults while they work, and none at
 * the end.
 *
 * Each process is what `turnout serve` and `turnout worker` are together: the service with its lanes, a relay to the queue
 * and consumers of it. All of this is the code that users run; the servers, the network, clocks and chance are simulated.
 * `Checkers`, `AnswerCheckers` and `test/support/Invariants` check the history, and share no code with it.
 */
import * as EngineMetrics from "@turnout/core/admission/application/engine/EngineMetrics"
import { EndOfTurn } from "@turnout/core/admission/application/engine/Lanes"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import * as Relay from "@turnout/core/delivery/application/Relay"
import type * as Commands from "@turnout/core/admission/application/Commands"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { DEFAULT_IDEMPOTENCY_TTL_MILLIS } from "@turnout/core/admission/application/engine/Requests"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { Message } from "@turnout/core/delivery/domain/Message"
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Cause, Context, Effect, Exit, Layer, Logger, Metric, Option, Result, Semaphore } from "effect"
import { isDeepStrictEqual } from "node:util"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import { type Asked, causeOf, checkWords, type Look } from "./AnswerCheckers.ts"
import { askedOf, check, type Operation, type Violation } from "./Checkers.ts"
import { simulateDelivery } from "./DeliverySimulation.ts"
import { type Faults, Network } from "./Network.ts"
import { nothing, outcomeOf } from "./Part.ts"
import {
  type Database,
  Effects,
  LeaseWitness,
  makeDatabase,
  type Recorded,
  SimulatedQueue,
  Written
} from "./Servers.ts"
import { simulateStaff } from "./StaffSimulation.ts"
import { decidedBy, TimeWitness } from "./StoreTime.ts"
import { simulateWebhooks } from "./WebhookSimulation.ts"
import { Livelock, type Node, World } from "./World.ts"

/** The parameters of a simulation, which the seed draws. */
export interface Plan {
  readonly processes: number
  readonly clients: number
  readonly events: number
  readonly seats: number
  readonly operations: number
  readonly faults: Faults
  /** Of a thousand, the handlers that fail, and the entries that the queue refuses. */
  readonly handlerFailures: number
  readonly refusals: number
  /** Of a thousand, the handlers that do not end in time. */
  readonly handlerDelays: number
  /** The number of accidents that happen to processes. */
  readonly accidents: number
  readonly longestSkewMillis: number
  /** The number of times that a clock of a process or of the store is set, and the largest change. */
  readonly clockJumps: number
  readonly longestJumpMillis: number
  readonly preemption: number
  /** The connections of a process to the store; 0 for no limit. */
  readonly connections: number
  /** The number of times that the store takes no writes for a while. */
  readonly closures: number
  /** Whether the seed also simulates a journal whose server forgets: see `DeliverySimulation`. */
  readonly isForgetful: boolean
  /** Whether the seed also simulates webhooks: see `WebhookSimulation`. */
  readonly hasWebhooks: boolean
  /** Whether the seed also simulates staff who set rules aside and take things back: see `StaffSimulation`. */
  readonly hasStaff: boolean
  /** The limit of the waitlist of an event; 0 for none. */
  readonly waitlistLimit: number
  /** The most commands that may wait in a lane. */
  readonly maxWaiting: number
  /** The number of consumers, each with a queue of its own. */
  readonly consumers: number
  /** The time after which the events end; 0 for events that end long after the simulation. */
  readonly endsAfterMillis: number
  /** The time after which registration opens; 0 if it is open from the beginning. */
  readonly opensAfterMillis: number
}

export interface Outcome {
  readonly seed: number
  readonly steps: number
  readonly fingerprint: number
  readonly violations: ReadonlyArray<Violation>
  readonly plan: Plan
  /** The amount of work in the simulation. */
  readonly counts: { readonly operations: number; readonly entries: number; readonly accidents: number }
}

const NONE: Faults = {
  lostRequests: 0,
  lostAnswers: 0,
  stragglers: 0,
  duplicates: 0,
  contention: 0,
  longestLatencyMillis: 5
}
const MAX_STEPS = 2_000_000
const LEASE_MILLIS = 1_500
/** The time in which clients work and accidents happen. */
const WORK_MILLIS = 4_000
/** The time when a process that was paused at the last moment is back, and has the outcome of its last requests. */
const BACK_MILLIS = WORK_MILLIS + 4_500
/**
 * The longest time until everything has come to rest, and the time between two looks: a component that has met a store without
 * writes several times waits for up to half a minute.
 */
const REST_MILLIS = 35_000
const LOOK_MILLIS = 500
/** The time for processes to stop. */
const STOP_MILLIS = 2_500
const RPC_TIMEOUT_MILLIS = 1_500
/** The limit of a handler, and how long one takes that ends too late. */
const HANDLER_TIMEOUT_MILLIS = 700
const LATE_MILLIS = 1_500
const MAX_ATTEMPTS = 12
/** The longest pause between two sweeps of a process. */
const SWEEP_MILLIS = 1_000
/** The time for which a refusal is remembered: longer than a client tries again. */
const REFUSAL_TTL_MILLIS = 30_000

/** Draws the plan from the seed: some worlds are calm, and some lose many messages. */
const planOf = (world: World, seed: number): Plan => {
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
      stragglers: seed % 5 === 2 ? 30 : 0,
      duplicates: some(200),
      contention: some(60),
      longestLatencyMillis: 1 + world.choose(40)
    },
    handlerFailures: some(60),
    refusals: some(30),
    accidents: some(5),
    longestSkewMillis: world.happens(500) ? some(5_000) : some(15 * 60_000),
    clockJumps: some(4),
    longestJumpMillis: 1_000 + world.choose(120_000),
    preemption: world.happens(500) ? 0 : 20 + world.choose(200),
    connections: some(3),
    closures: some(2),
    isForgetful: true,
    // Simulating days of a webhook takes many steps.
    hasWebhooks: seed % 4 === 3,
    hasStaff: true,
    waitlistLimit: world.happens(700) ? 0 : 1 + world.choose(4),
    maxWaiting: world.happens(800) ? 1_000 : 1 + world.choose(2),
    consumers: world.happens(800) ? 1 : 2,
    endsAfterMillis: world.happens(900) ? 0 : 1_000 + world.choose(WORK_MILLIS),
    handlerDelays: some(40),
    opensAfterMillis: world.happens(800) ? 0 : 100 + world.choose(WORK_MILLIS)
  }
}

interface Process {
  readonly node: Node
  turnout: Turnout.TurnoutService | undefined
  /** Stops the process as a signal does. */
  stop: () => void
}

const silent = Logger.layer([])

const record = (consumer: string, content: Message) => {
  const { eventId, id, version } = content
  return Effect.flatMap(Effect.serviceOption(Written), (written) =>
    Effect.sync(() => {
      if (written._tag === "Some")
        written.value.push({ consumer, message: id, stream: eventId, version, content } satisfies Recorded)
    })
  )
}

/** The consumers, each of which takes from a queue of its own. */
const CONSUMERS = ["recorder", "mailer"] as const

const TYPES = [
  "EventCreated",
  "EventPublished",
  "CapacityChanged",
  "AttendeeRegistered",
  "AttendeeWaitlisted",
  "RegistrationPromoted",
  "RegistrationCancelled"
] as const

const publishedEvent = ({ endsAfterMillis, opensAfterMillis, seats, waitlistLimit }: Plan, now: Date) =>
  Turnout.Turnout.use((turnout) =>
    Effect.flatMap(
      turnout.createEvent(
        Given.eventInput(
          {
            capacity: seats,
            waitlistLimit: waitlistLimit === 0 ? null : waitlistLimit,
            ...(endsAfterMillis === 0 ? {} : { startsAt: now, endsAt: new Date(now.getTime() + endsAfterMillis) }),
            // Registration that would open after the end opens at once.
            ...(opensAfterMillis === 0 || (endsAfterMillis > 0 && opensAfterMillis >= endsAfterMillis)
              ? {}
              : { registrationOpensAt: new Date(now.getTime() + opensAfterMillis) })
          },
          now
        )
      ),
      ({ id }) => turnout.publishEvent(id)
    )
  )

type Reply = Commands.Reply<Command>

/** The answer as a client records it. */
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
  /** The queues of the consumers; the first is `queue`. */
  readonly #queues: ReadonlyArray<SimulatedQueue>
  readonly effects: Effects
  readonly leases = new LeaseWitness()
  readonly #times: TimeWitness
  readonly operations: Array<Asked> = []
  readonly looks: Array<Look> = []
  readonly defects: Array<Violation> = []
  readonly events: Array<EventId> = []
  #processes: Array<Process> = []
  #started = 0
  /** Whether processes have been stopped. */
  #isOver = false
  /** The metrics of all processes together. */
  readonly #metrics: Context.Service.Shape<typeof Metric.MetricRegistry> = new Map()
  accidents = 0
  handlerFailures = 0
  handlerDelays = 0

  constructor(seed: number, changes: Partial<Plan>) {
    this.world = new World(seed, MAX_STEPS)
    this.plan = { ...planOf(this.world, seed), ...changes }
    this.world.preemption = this.plan.preemption
    this.network = new Network(this.world, NONE)
    this.#store = this.world.node("store")
    this.#queueServer = this.world.node("queue")
    this.#times = new TimeWitness(this.world, this.#store)
    const database = makeDatabase(this.world, this.#store)
    this.database = Context.add(database, AdmissionStore, this.#times.watch(Context.get(database, AdmissionStore)))
    this.queue = new SimulatedQueue(this.world)
    const others = Array.from({ length: this.plan.consumers - 1 }, () => new SimulatedQueue(this.world))
    this.queue.followers.push(...others)
    this.#queues = [this.queue, ...others]
    this.effects = new Effects(this.world, this.#store)
  }

  /** Runs an effect on the stores themselves, without the network. */
  #direct<A, E>(work: Effect.Effect<A, E, Turnout.Turnout | AdmissionStore | AdmissionReads | Outbox>): A {
    const node = this.world.node("the test")
    const ended: Array<Exit.Exit<A, E>> = []
    const layer = Layer.effect(Turnout.Turnout, Turnout.make())
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
    const { longestSkewMillis, maxWaiting, refusals } = this.plan
    const skew = longestSkewMillis === 0 ? 0 : this.world.choose(2 * longestSkewMillis) - longestSkewMillis
    const node = this.world.node(`process ${++this.#started}`, skew)
    const process: Process = { node, turnout: undefined, stop: () => {} }
    const pool = this.plan.connections === 0 ? undefined : Semaphore.makeUnsafe(this.plan.connections)
    const remoteStore = decidedBy(
      node,
      this.network.store(node, this.#store, Context.get(this.database, AdmissionStore), pool, { writes: ["transact"] }),
      (violation) => this.defects.push(violation)
    )
    const reads = this.network.store(node, this.#store, Context.get(this.database, AdmissionReads), pool)
    const remoteOutbox = this.network.store(
      node,
      this.#store,
      this.leases.watch(Context.get(this.database, Outbox)),
      pool,
      { sendsStatements: true }
    )
    // A process notifies its relay of its own commits.
    const listeners = new Set<() => void>()
    const tell = Effect.sync(() => listeners.forEach((listener) => listener()))
    const store = AdmissionStore.of({
      ...remoteStore,
      transact: (events, close) => Effect.tap(remoteStore.transact(events, close), () => tell)
    })
    const outbox = Outbox.of({
      ...remoteOutbox,
      onCommit: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      }
    })
    const inbox = this.effects.inbox(this.network, node, this.#store)
    const sink = this.queue.sink(this.network, node, this.#queueServer)
    const queues = this.#queues.map((queue) => queue.queue(this.network, node, this.#queueServer))
    this.queue.refused = refusals
    const handlersOf = (consumer: string) => {
      const handler = (_: unknown, message: Message) =>
        Effect.suspend(() => {
          if (this.world.happens(this.handlerFailures)) return Effect.fail(new Error("the handler failed"))
          if (!this.world.happens(this.handlerDelays)) return record(consumer, message)
          const late = this.world.happens(500) ? Effect.never : Effect.sleep(LATE_MILLIS)
          return Effect.andThen(late, record(consumer, message))
        })
      return Object.fromEntries(TYPES.map((type) => [type, handler])) as Consumer.Handlers<Error>
    }
    // Where the store's clock is set, a refusal would expire sooner or later than its client can know.
    const refusalTtlMillis = this.#isStoreTimeSteady ? REFUSAL_TTL_MILLIS : DEFAULT_IDEMPOTENCY_TTL_MILLIS
    const life = Effect.gen(function* () {
      const lanes = { lanes: 2, maxBatch: 4, maxWaiting }
      process.turnout = yield* Turnout.make({
        ...lanes,
        commandTimeoutMillis: 3_000,
        drainMillis: 500,
        refusalTtlMillis,
        sweepMillis: SWEEP_MILLIS
      })
      const relay = Relay.run(sink, {
        owner: node.name,
        ttlMillis: LEASE_MILLIS,
        pollMillis: 250,
        batchSize: 4,
        retryPolicy: { firstPauseMillis: 100, longestPauseMillis: 400, maxAttempts: Infinity }
      })
      const workers = queues.map((queue, index) =>
        Consumer.run(queue, handlersOf(CONSUMERS[index]!), {
          consumer: CONSUMERS[index]!,
          concurrency: 2,
          maxInFlight: 10,
          handlerTimeoutMillis: HANDLER_TIMEOUT_MILLIS,
          sweepMillis: SWEEP_MILLIS,
          retryPolicy: { firstPauseMillis: 50, longestPauseMillis: 400 }
        })
      )
      return yield* Effect.all([relay, ...workers], { concurrency: "unbounded" })
    }).pipe(
      Effect.scoped,
      Effect.provideService(AdmissionStore, store),
      Effect.provideService(AdmissionReads, reads),
      Effect.provideService(Outbox, outbox),
      Effect.provideService(Inbox, inbox),
      Effect.provideService(EndOfTurn, Effect.yieldNow),
      Effect.provideService(Metric.MetricRegistry, this.#metrics),
      Effect.provide(silent)
    )
    process.stop = this.world.start(node, life, (exit) => {
      if (!this.#isOver) this.defects.push(`G2: ${node.name} came to its end: ${String(exit)}`)
    })
    this.#processes.push(process)
  }

  /**
   * Sends a request to a process; fails with `undefined` if there is no answer in time. `send` is called each time that the
   * request is sent, and gives the number of the send. `told` and `failed` are called with every answer, late ones too.
   */
  #ask<A, E>(
    client: Node,
    process: Process,
    work: (turnout: Turnout.TurnoutService, number: number) => Effect.Effect<A, E>,
    {
      failed,
      send: numberOf,
      told
    }: {
      readonly send: () => number
      readonly told: (answer: A, number: number) => void
      readonly failed: (error: E, number: number) => void
    }
  ) {
    const { network, world } = this
    return Effect.callback<A, E | undefined>((resume) => {
      let isOver = false
      const answer = (exit: Exit.Exit<A, E | undefined>) => {
        if (isOver) return
        isOver = true
        resume(exit)
      }
      world.timer(client, RPC_TIMEOUT_MILLIS, () => answer(Exit.fail(undefined)))
      const send = (to: Process) => {
        if (world.happens(network.faults.lostRequests)) return
        const number = numberOf()
        const hear = (exit: Exit.Exit<A, E>) => {
          if (Exit.isSuccess(exit)) told(exit.value, number)
          else Option.map(Cause.findErrorOption(exit.cause), (error) => failed(error, number))
          answer(exit)
        }
        world.timer(to.node, network.latency(), () => {
          if (to.turnout === undefined) return
          world.start(to.node, work(to.turnout, number), (exit) => {
            if (!world.happens(network.faults.lostAnswers)) world.timer(client, network.latency(), () => hear(exit))
          })
        })
      }
      send(process)
      if (world.happens(network.faults.duplicates)) send(world.pick(this.#processes))
    })
  }

  /** Reads an event, its waitlist, or a place in it, and records the answer. */
  #look(client: Node, eventId: EventId, registrationId: RegistrationId | undefined) {
    const startedAt = this.world.elapsed
    const when = () => ({ eventId, startedAt, endedAt: this.world.elapsed })
    const ask = <A>(work: (turnout: Turnout.TurnoutService) => Effect.Effect<A, unknown>, toLook: (shown: A) => Look) =>
      Effect.ignore(
        this.#ask(client, this.world.pick(this.#processes), work, {
          send: () => 1,
          told: (shown) => this.looks.push(toLook(shown)),
          failed: () => {}
        })
      )
    if (registrationId !== undefined)
      return ask(
        (turnout) => turnout.waitlistPosition(eventId, registrationId),
        (place) => ({ _tag: "Place", ...when(), registrationId, place })
      )
    return this.world.happens(500)
      ? ask(
          (turnout) => turnout.getEvent(eventId),
          (event) => ({ _tag: "Event", ...when(), event })
        )
      : ask(
          (turnout) => turnout.listWaitlist(eventId),
          ({ items: waitlist }) => ({ _tag: "Waitlist", ...when(), waitlist })
        )
  }

  get #isStoreTimeSteady(): boolean {
    return this.plan.clockJumps === 0
  }

  /** A client, which sends one command after the other, each again and again until it has an answer. */
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
        return {
          what: "capacity",
          command: { _tag: "ChangeCapacity", eventId, capacity, keepOverhang: true, demote: null }
        }
      }
      // Sometimes two clients are the same person.
      const email = world.happens(150) ? "shared@example.com" : `${name}-${n}@example.com`
      const attendee = fromInput({ email, name })
      const notes = `the ${n}. of ${name}`
      return { what: "register", command: { _tag: "Register", eventId, attendee, notes, registeredAt: null } }
    }
    let before: Command | undefined
    /** A command that was refused, to be sent once more under its key when the refusal has been forgotten. */
    let late: (Pick<Operation, "what"> & { readonly command: Command; readonly idempotencyKey: string }) | undefined
    return Effect.gen({ self: this }, function* () {
      for (let n = 0; n < plan.operations; n++) {
        yield* Effect.sleep(world.choose(300))
        const { command, what } = late ?? choose(n)
        const isAnother = !isDeepStrictEqual(command, before)
        before = command
        const key = `${name} ${n}`
        const eventId = (command as { readonly eventId: EventId }).eventId
        // All clients use the same idempotency keys, and now and then use one again for another command.
        const idempotencyKey = late?.idempotencyKey ?? `key ${n > 0 && isAnother && world.happens(100) ? n - 1 : n}`
        late = undefined
        const operation: Asked = {
          key,
          what,
          command,
          actor: name,
          idempotencyKey,
          sent: 0,
          replies: [],
          failures: [],
          eventId,
          ...askedOf(command),
          startedAt: world.elapsed,
          endedAt: Infinity,
          answers: []
        }
        this.operations.push(operation)
        const asking = {
          send: () => (operation.sent += 1),
          told: (reply: Reply, sent: number) => {
            if (operation.answers.length === 0) operation.endedAt = world.elapsed
            operation.answers.push(toldOf(reply.answer))
            operation.replies.push({ ...reply, sent })
          },
          failed: (error: InvalidInput | StoreError | Overloaded, sent: number) => {
            operation.failures.push({ error, sent })
          }
        }
        const work = (turnout: Turnout.TurnoutService, sent: number) =>
          turnout.execute(command, {
            idempotencyKey,
            actor: name,
            correlationId: key,
            causationId: causeOf(operation, sent)
          })
        // Now and then, the client sends the command once more after an answer.
        let again = world.happens(200) ? 2 : 1
        for (let attempt = 0; attempt < MAX_ATTEMPTS && again > 0; attempt++) {
          const exit = yield* Effect.result(this.#ask(node, world.pick(this.#processes), work, asking))
          if (Result.isFailure(exit)) {
            yield* Effect.sleep(50 + world.choose(300))
            continue
          }
          const { registrationId } = toldOf(exit.success.answer)
          if (what === "register" && registrationId !== undefined && !own.some(({ id }) => id === registrationId))
            own.push({ eventId, id: registrationId })
          again -= 1
        }
        const answer = operation.replies.at(-1)?.answer
        const isRefused = answer?._tag === "Failure" && answer.failure._tag !== "IdempotencyKeyReused"
        if (this.#isStoreTimeSteady && isRefused && world.happens(200)) {
          yield* Effect.sleep(REFUSAL_TTL_MILLIS + 1_000)
          late = { command, what, idempotencyKey }
        }
        if (world.happens(300)) {
          const known = world.happens(500) ? own.at(-1) : undefined
          yield* this.#look(node, known?.eventId ?? eventId, known?.id)
        }
      }
    })
  }

  /** Kills, pauses or cuts off a process, or sets its clock. */
  #accident(): void {
    const { world } = this
    const process = world.pick(this.#processes)
    this.accidents += 1
    switch (world.choose(4)) {
      case 0:
        world.kill(process.node)
        this.#processes = this.#processes.filter((one) => one !== process)
        world.after(world.choose(2_000), () => this.startProcess())
        // Clients always have a process to send to.
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

  /** Makes the store take no writes for a while. That is the fault of neither a command of a batch nor a message. */
  #closeStore(): void {
    const { network, queue, world } = this
    if (network.isReadOnly) return
    network.isReadOnly = true
    queue.countReceptions()
    const reopen = () => {
      if (!network.isReadOnly) return
      network.isReadOnly = false
      const most = queue.mostReceptions
      // Each process learns of it by a message that it has received or is about to receive; lost answers count as well.
      if (most > 2 * this.#started + 2) this.defects.push(`N3: a message was received ${most} times in vain`)
    }
    world.after(500 + world.choose(2_000), reopen)
    world.after(Math.max(0, WORK_MILLIS - world.elapsed), reopen)
  }

  /** Sets a clock back or forward. */
  #setClock(): void {
    const { plan, world } = this
    const node = world.pick([this.#store, ...this.#processes.map(({ node }) => node)])
    node.skewMillis += world.choose(2 * plan.longestJumpMillis) - plan.longestJumpMillis
    if (node === this.#store) this.#times.noteSet()
  }

  run(): ReadonlyArray<Violation> {
    const { plan, world } = this
    const published = publishedEvent(plan, new Date(world.now))
    this.events.push(...this.#direct(Effect.replicateEffect(published, plan.events)).map(({ id }) => id))
    this.network.faults = plan.faults
    this.handlerFailures = plan.handlerFailures
    this.handlerDelays = plan.handlerDelays
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
    for (let n = 0; n < plan.closures; n++) world.after(world.choose(WORK_MILLIS), () => this.#closeStore())
    for (let n = 0; n < plan.clockJumps; n++) world.after(world.choose(WORK_MILLIS), () => this.#setClock())
    world.run(WORK_MILLIS)
    this.network.isReadOnly = false
    this.network.faults = NONE
    this.handlerFailures = 0
    this.handlerDelays = 0
    this.queue.refused = 0
    for (let waited = 0; waited < 100 && clients.left > 0; waited++) world.run(REST_MILLIS / 20)
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

  /** Stops all processes, and checks that none leaves a fiber, a timer or a task. */
  #stopProcesses(): void {
    this.#isOver = true
    for (const { stop } of this.#processes) stop()
    this.world.run(STOP_MILLIS)
    for (const { node } of this.#processes) {
      const left = this.world.leftOf(node)
      if (left !== undefined) this.defects.push(`G3: ${node.name} was stopped and left ${left}`)
    }
  }

  /** Reads everything that is stored of each event. */
  #stored(): ReadonlyArray<Invariants.Snapshot> {
    return this.#direct(Effect.forEach(this.events, (eventId) => Invariants.snapshot(eventId)))
  }

  /** Tells whether every entry has had its effect at every consumer, and every queue is empty. */
  #isAtRest(stored: ReadonlyArray<Invariants.Snapshot>): boolean {
    const happened = stored.reduce((sum, { journal }) => sum + journal.length, 0)
    const { consumers } = this.plan
    return this.#queues.every(({ isEmpty }) => isEmpty) && this.effects.recorded.length >= happened * consumers
  }

  #verdict(stored: ReadonlyArray<Invariants.Snapshot>): ReadonlyArray<Violation> {
    const violations: Array<Violation> = [
      ...this.defects,
      ...this.leases.violations,
      ...this.queue.violations,
      ...this.#times.violations
    ]
    const splits = EngineMetrics.splits.valueUnsafe(Context.make(Metric.MetricRegistry, this.#metrics)).count
    if (splits > 0) violations.push(`G2: ${splits} batches were split, though no command was at fault`)
    for (const taken of stored) {
      try {
        Invariants.check(taken)
      } catch (error) {
        violations.push((error instanceof Error ? error.message : String(error)) as Violation)
      }
    }
    const { effects, operations, queue } = this
    const journals = new Map(stored.map(({ event, journal }) => [event.id, journal]))
    const consumers = CONSUMERS.slice(0, this.plan.consumers)
    const history = { operations, journals, arrivals: queue.arrivals, recorded: effects.recorded, consumers }
    const messages = effects.recorded.map(({ content }) => content)
    const storeTimes = (from: number, to: number) => this.#times.between(from, to)
    const words = checkWords({ asked: operations, looks: this.looks, journals, messages, storeTimes })
    return [...violations, ...check(history), ...words]
  }
}

/** Simulates a seed. `changes` replaces parts of its plan. */
export const simulate = (seed: number, changes: Partial<Plan> = {}): Outcome => {
  const simulation = new Simulation(seed, changes)
  const { plan } = simulation
  const parts = [
    outcomeOf(simulation),
    plan.isForgetful ? simulateDelivery(seed) : nothing,
    plan.hasWebhooks ? simulateWebhooks(seed) : nothing,
    plan.hasStaff ? simulateStaff(seed) : nothing
  ]
  const { accidents, operations } = simulation
  return {
    seed,
    steps: parts.reduce((sum, { steps }) => sum + steps, 0),
    fingerprint: parts.reduce((all, { fingerprint }) => all ^ fingerprint, 0),
    violations: parts.flatMap(({ violations }) => violations),
    plan,
    counts: { operations: operations.length, entries: simulation.queue.arrivals.length, accidents }
  }
}

/** Ways to make a plan smaller, the greatest steps first. */
const reductions = (plan: Plan): ReadonlyArray<Partial<Plan>> => [
  { faults: { ...plan.faults, lostRequests: 0, lostAnswers: 0, stragglers: 0, duplicates: 0, contention: 0 } },
  { faults: { ...plan.faults, lostRequests: 0 } },
  { faults: { ...plan.faults, lostAnswers: 0 } },
  { faults: { ...plan.faults, stragglers: 0 } },
  { faults: { ...plan.faults, duplicates: 0 } },
  { faults: { ...plan.faults, contention: 0 } },
  { faults: { ...plan.faults, longestLatencyMillis: 1 } },
  { accidents: 0 },
  { accidents: plan.accidents - 1 },
  { handlerFailures: 0 },
  { handlerDelays: 0 },
  { refusals: 0 },
  { longestSkewMillis: 0 },
  { clockJumps: 0 },
  { preemption: 0 },
  { connections: 0 },
  { closures: 0 },
  { isForgetful: false },
  { hasWebhooks: false },
  { hasStaff: false },
  { waitlistLimit: 0 },
  { maxWaiting: 1_000 },
  { consumers: 1 },
  { opensAfterMillis: 0 },
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
 * Finds a small plan under which a seed still has a violation, by reducing one parameter after the other, for a limited
 * time: some violations take long to appear.
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
