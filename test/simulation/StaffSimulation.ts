/**
 * A simulation of staff and attendees: up to three processes carry out commands of both about one event with few seats, and now
 * and then with more registrations than a step changes.
 *
 * Requests and answers are lost, come late or twice, and processes are killed, paused and cut off. Each client sends a command
 * until it has an answer, under a key of its own. At the end nothing proceeds in steps any more, and `StaffCheckers` recounts
 * everything from the journal.
 */
import { EndOfTurn } from "@turnout/core/admission/application/engine/Lanes"
import type * as Commands from "@turnout/core/admission/application/Commands"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Context, Effect, Exit, Layer, Logger, Result } from "effect"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import type { Violation } from "./Checkers.ts"
import { Network } from "./Network.ts"
import { outcomeOf, type PartOutcome } from "./Part.ts"
import { type Database, makeDatabase } from "./Servers.ts"
import { attendeeCommand, type Shown, staffCommand } from "./StaffCommands.ts"
import { checkStaff, type Order, SETUP } from "./StaffCheckers.ts"
import { Livelock, type Node, World } from "./World.ts"

const MAX_STEPS = 2_000_000
const WORK_MILLIS = 5_000
/** The time until steps that a process left undone have been found by another. */
const REST_MILLIS = 40_000
const LOOK_MILLIS = 1_000
const RPC_TIMEOUT_MILLIS = 1_500
const MAX_ATTEMPTS = 12
/** One of so many seeds has an event with more registrations than a step changes. */
const LARGE = 250
const CROWD = 1_300

interface Process {
  readonly node: Node
  turnout: Turnout.TurnoutService | undefined
}

const silent = Logger.layer([])

class StaffSimulation {
  readonly world: World
  readonly #network: Network
  readonly #store: Node
  readonly #database: Database
  readonly #isLarge: boolean
  readonly #orders: Array<Order> = []
  readonly #defects: Array<Violation> = []
  #processes: Array<Process> = []
  #started = 0

  constructor(seed: number) {
    this.world = new World(seed, MAX_STEPS)
    const { world } = this
    this.#network = new Network(world, calm)
    world.preemption = world.happens(500) ? 0 : 20 + world.choose(200)
    this.#store = world.node("store")
    this.#database = makeDatabase(world, this.#store)
    this.#isLarge = seed % LARGE === 0
  }

  /** Runs an effect on the store itself, without the network. */
  #direct<A, E>(work: Effect.Effect<A, E, Turnout.Turnout>): A {
    const node = this.world.node("the test")
    const ended: Array<Exit.Exit<A, E>> = []
    const layer = Layer.effect(Turnout.Turnout, Turnout.make())
    const provided = work.pipe(
      Effect.provide(layer),
      Effect.provide(this.#database),
      Effect.provideService(EndOfTurn, Effect.yieldNow),
      Effect.provide(silent)
    ) as Effect.Effect<A, E>
    this.world.start(node, provided, (exit) => ended.push(exit))
    for (let waited = 0; ended.length === 0 && waited < 100; waited++) this.world.run(10)
    this.world.kill(node)
    const [exit] = ended
    if (exit === undefined) throw new Livelock("what was asked for never ended")
    if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
    return exit.value
  }

  /** Makes the event, which is a draft in some seeds, and the crowd of a large one. */
  #prepare(): EventId {
    const { world } = this
    const now = world.now
    const at = (millis: number) => new Date(now + millis)
    const isSoon = world.happens(700)
    const startsAt = at(isSoon ? world.choose(2_000) : 30 * 24 * 3_600_000)
    const endsAt = new Date(startsAt.getTime() + (world.happens(150) ? 2_000 + world.choose(3_000) : 24 * 3_600_000))
    const input = Given.eventInput({
      capacity: this.#isLarge ? 1_100 : 1 + world.choose(4),
      startsAt,
      endsAt,
      waitlist: world.happens(850) || this.#isLarge ? "open" : "closed",
      waitlistLimit: world.happens(850) || this.#isLarge ? null : 1 + world.choose(3),
      registrationOpensAt: world.happens(150) && !this.#isLarge ? at(world.choose(1_500)) : null,
      registrationClosesAt: world.happens(150) && !this.#isLarge ? at(1_500 + world.choose(500)) : null
    })
    const options = { actor: "staff", correlationId: SETUP }
    const isDraft = world.happens(200) && !this.#isLarge
    const crowd = Array.from({ length: this.#isLarge ? CROWD : 0 }, (_, n) => ({
      name: "",
      email: `crowd-${n}@example.com`
    }))
    return this.#direct(
      Turnout.Turnout.use((turnout) =>
        Effect.gen(function* () {
          const { id } = yield* turnout.createEvent(input, options)
          if (!isDraft) yield* turnout.publishEvent(id, options)
          const commands = crowd.map((input) => ({
            command: {
              _tag: "Register",
              eventId: id,
              attendee: fromInput(input),
              notes: "",
              registeredAt: null
            } as Command,
            options
          }))
          for (let from = 0; from < commands.length; from += 1_000)
            yield* turnout.executeAll(commands.slice(from, from + 1_000))
          return id
        })
      )
    )
  }

  #startProcess(): void {
    const node = this.world.node(`process ${++this.#started}`)
    const process: Process = { node, turnout: undefined }
    const remote = <Service extends object>(service: Service, writes: ReadonlyArray<string> = []) =>
      this.#network.store(node, this.#store, service, undefined, { writes })
    const life = Effect.gen(function* () {
      process.turnout = yield* Turnout.make({ lanes: 2, maxBatch: 4, commandTimeoutMillis: 3_000, drainMillis: 500 })
      return yield* Effect.never
    }).pipe(
      Effect.scoped,
      Effect.provideService(AdmissionStore, remote(Context.get(this.#database, AdmissionStore), ["transact"])),
      Effect.provideService(AdmissionReads, remote(Context.get(this.#database, AdmissionReads))),
      Effect.provideService(EndOfTurn, Effect.yieldNow),
      Effect.provide(silent)
    )
    this.world.start(node, life, (exit) => {
      this.#defects.push(`G2: ${node.name} came to its end: ${String(exit)}`)
    })
    this.#processes.push(process)
  }

  /** Sends a request to a process, or, now and then, to two; fails with `undefined` if there is no answer in time. */
  #ask<A, E>(client: Node, work: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E>, told: (answer: A) => void) {
    const { world } = this
    const { faults } = this.#network
    return Effect.callback<A, E | undefined>((resume) => {
      let isOver = false
      const answer = (exit: Exit.Exit<A, E | undefined>) => {
        if (isOver) return
        isOver = true
        resume(exit)
      }
      world.timer(client, RPC_TIMEOUT_MILLIS, () => answer(Exit.fail(undefined)))
      const send = ({ node, turnout }: Process) => {
        if (world.happens(faults.lostRequests)) return
        world.timer(node, this.#network.latency(), () => {
          if (turnout === undefined) return
          world.start(node, work(turnout), (exit) => {
            if (world.happens(faults.lostAnswers)) return
            world.timer(client, this.#network.latency(), () => {
              if (Exit.isSuccess(exit)) told(exit.value)
              answer(exit)
            })
          })
        })
      }
      send(world.pick(this.#processes))
      if (world.happens(faults.duplicates)) send(world.pick(this.#processes))
    })
  }

  /** The event and some of its registrations, as a client sees them. */
  #look(client: Node, eventId: EventId) {
    const read = (turnout: Turnout.TurnoutService) =>
      Effect.all({
        event: turnout.getEvent(eventId),
        registrations: Effect.map(turnout.listRegistrations(eventId, { limit: 100 }), ({ items }) => items)
      })
    return Effect.result(this.#ask(client, read, () => {}))
  }

  /** A client, which sends one command after the other, each again and again until it has an answer. */
  #client(name: string, node: Node, eventId: EventId, choose: (n: number, shown: Shown) => Command | undefined) {
    const { world } = this
    const count = 4 + world.choose(8)
    return Effect.gen({ self: this }, function* () {
      for (let n = 0; n < count; n++) {
        yield* Effect.sleep(world.choose(400))
        const shown = yield* this.#look(node, eventId)
        const command = Result.isSuccess(shown) ? choose(n, shown.success) : undefined
        if (command === undefined) continue
        const key = `${name} ${n}`
        const order: Order = { key, actor: name, command, replies: [] }
        this.#orders.push(order)
        const options = { idempotencyKey: key, actor: name, correlationId: key }
        const work = (turnout: Turnout.TurnoutService) => turnout.execute(command, options)
        const told = (reply: Commands.Reply<Command>) => void order.replies.push(reply)
        // Now and then, the client sends the command once more after an answer.
        let again = world.happens(200) ? 2 : 1
        for (let attempt = 0; attempt < MAX_ATTEMPTS && again > 0; attempt++) {
          const exit = yield* Effect.result(this.#ask(node, work, told))
          if (Result.isSuccess(exit)) again -= 1
          else yield* Effect.sleep(50 + world.choose(300))
        }
      }
    })
  }

  /** Kills, pauses or cuts off a process. */
  #accident(): void {
    const { world } = this
    const process = world.pick(this.#processes)
    switch (world.choose(3)) {
      case 0:
        world.kill(process.node)
        this.#processes = this.#processes.filter((one) => one !== process)
        world.after(world.choose(2_000), () => this.#startProcess())
        // Clients always have a process to send to.
        if (this.#processes.length === 0) this.#startProcess()
        return
      case 1:
        return world.pause(process.node, 200 + world.choose(2_500))
      default:
        return this.#network.cut(process.node, 200 + world.choose(2_500))
    }
  }

  run(): ReadonlyArray<Violation> {
    const { world } = this
    const some = (most: number) => (world.happens(500) ? 0 : world.choose(most) + 1)
    const eventId = this.#prepare()
    this.#network.faults = {
      lostRequests: some(60),
      lostAnswers: some(60),
      stragglers: 0,
      duplicates: some(200),
      contention: some(60),
      longestLatencyMillis: 1 + world.choose(40)
    }
    for (let n = 1 + world.choose(3); n > 0; n--) this.#startProcess()
    const clients = { left: 0 }
    const start = (name: string, choose: (n: number, shown: Shown) => Command | undefined) => {
      const node = world.node(name)
      clients.left += 1
      world.start(node, this.#client(name, node, eventId, choose), (exit) => {
        clients.left -= 1
        if (Exit.isFailure(exit)) this.#defects.push(`G2: ${name} failed: ${String(exit.cause)}`)
      })
    }
    for (let n = 2 + world.choose(2); n > 0; n--) {
      const name = `attendee-${n}`
      start(name, (order, shown) => attendeeCommand(world, `${name}-${order}@example.com`, name, shown))
    }
    for (let n = 1 + world.choose(3); n > 0; n--) {
      const name = `staff-${n}`
      start(name, (order, shown) => staffCommand(world, `${name}-${order}@example.com`, shown))
    }
    for (let n = some(4); n > 0; n--) world.after(world.choose(WORK_MILLIS), () => this.#accident())
    world.run(WORK_MILLIS)
    this.#network.faults = calm
    for (let waited = 0; waited < 100 && clients.left > 0; waited++) world.run(LOOK_MILLIS)
    if (clients.left > 0) this.#defects.push(`G2: ${clients.left} clients never came to their end`)
    const end = world.elapsed + REST_MILLIS
    // A process that was paused has the outcome of its last requests by then.
    world.run(2 * RPC_TIMEOUT_MILLIS)
    const store = Context.get(this.#database, AdmissionStore)
    const due = () => Effect.runSync(world.provide(this.#store, Effect.orDie(store.eventsWithStepsDue)))
    while (world.elapsed < end && due().length > 0) world.run(LOOK_MILLIS)
    for (const { node } of this.#processes) world.kill(node)
    if (due().length > 0) this.#defects.push("G2: what proceeds in steps never came to its end")
    return [...this.#defects, ...checkStaff(this.#orders, this.#direct(Invariants.snapshot(eventId)))]
  }
}

const calm = { lostRequests: 0, lostAnswers: 0, stragglers: 0, duplicates: 0, contention: 0, longestLatencyMillis: 5 }

/** Simulates a seed. */
export const simulateStaff = (seed: number): PartOutcome => outcomeOf(new StaffSimulation(seed))
