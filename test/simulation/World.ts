/**
 * A world in which time, chance and the order of all tasks are one sequence of choices, drawn from a seed.
 *
 * All code in it runs in fibers of effect, on the scheduler and the clock of a node. If several tasks could run, the next
 * one is a choice; time passes only when no task could run. A node is a process. When it is killed, no task of it runs
 * again, no finalizer and no interruption. While it is paused, its tasks and timers wait, and time goes on. Equal seeds
 * make equal histories, in any process.
 */
import { Clock, Context, Duration, Effect, type Exit, type Fiber, Metric, Random, type Scheduler } from "effect"
import { SecureRandom } from "effect/crypto"

/** The mulberry32 generator. */
const mulberry = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return (t ^ (t >>> 14)) >>> 0
}

interface Timer {
  readonly at: number
  readonly number: number
  readonly node: Node
  readonly fire: () => void
  isCancelled: boolean
}

interface Task {
  readonly node: Node
  readonly run: () => void
}

/** A process. */
export interface Node {
  readonly name: string
  readonly number: number
  isAlive: boolean
  pausedUntil: number
  /** The lead of its wall clock. It can be set at any time; monotonic time is not affected. */
  skewMillis: number
  /** The tasks that wait while it is paused. */
  readonly held: Array<() => void>
  /** The number of fibers that have begun on it and not ended. */
  fibers: number
  readonly scheduler: Scheduler.Scheduler
  readonly services: Context.Context<SecureRandom.SecureRandom>
}

/** The world does not come to rest: fibers wait for each other, or do the same for ever. */
export class Livelock extends Error {
  override readonly name = "Livelock"
}

/** The most primitives of effect that a fiber runs before it gives others a turn. */
const MOST_PRIMITIVES = 4_096

const START = Date.UTC(2030, 0, 1)

export class World {
  readonly #next: () => number
  readonly #maxSteps: number
  /** The average number of effect's primitives after which a fiber gives others a turn; 0 if none does so early. */
  preemption = 0
  readonly #tasks: Array<Task> = []
  /** A heap with the next timer first. */
  readonly #timers: Array<Timer> = []
  #number = 0
  #nodes = 0
  #primitives = 0
  #now = START
  /** Monotonic time since the beginning. */
  #nanos = 0n
  steps = 0
  /** A hash of all steps, by which two runs can be compared. */
  fingerprint = 0

  /** More steps than `maxSteps` are a livelock. */
  constructor(seed: number, maxSteps: number) {
    this.#next = mulberry(seed)
    this.#maxSteps = maxSteps
  }

  get now(): number {
    return this.#now
  }
  /** The milliseconds since the beginning. */
  get elapsed(): number {
    return this.#now - START
  }

  /** Chooses a number from 0 to `n - 1`. */
  choose(n: number): number {
    return n <= 1 ? 0 : this.#next() % n
  }
  /** Chooses whether something happens that happens in `perMille` of a thousand cases. */
  happens(perMille: number): boolean {
    return perMille > 0 && this.choose(1_000) < perMille
  }
  pick<A>(values: ReadonlyArray<A>): A {
    return values[this.choose(values.length)]!
  }

  readonly #random = {
    nextDoubleUnsafe: () => this.#next() / 4_294_967_296,
    nextIntUnsafe: () => this.#next()
  } as typeof Random.Random.Service
  readonly #secureRandom = SecureRandom.make((size) => {
    const bytes = new Uint8Array(size)
    for (let index = 0; index < size; index++) bytes[index] = this.#next() & 255
    return bytes
  })

  /** The node of events that happen to other nodes; it is never killed or paused. */
  readonly #fate = this.node("fate")
  after(millis: number, happens: () => void): void {
    this.timer(this.#fate, millis, happens)
  }

  node(name: string, skewMillis = 0): Node {
    const now = (): number => this.#now + node.skewMillis
    const wallNanos = (): bigint => BigInt(now()) * 1_000_000n
    const monotonic = (): bigint => this.#nanos
    const sleep = (millis: number): Effect.Effect<void> =>
      millis <= 0
        ? Effect.yieldNow
        : Effect.callback((resume) => {
            const timer = this.timer(node, millis, () => resume(Effect.void))
            return Effect.sync(() => (timer.isCancelled = true))
          })
    const clock = {
      currentTimeMillisUnsafe: now,
      currentTimeMillis: Effect.sync(now),
      // As in effect, this is the wall clock in nanoseconds.
      currentTimeNanosUnsafe: wallNanos,
      currentTimeNanos: Effect.sync(wallNanos),
      monotonicTimeNanosUnsafe: monotonic,
      monotonicTimeNanos: Effect.sync(monotonic),
      sleep: (duration: Duration.Duration) => sleep(Math.ceil(Duration.toMillis(duration)))
    } as Clock.Clock
    const node: Node = {
      name,
      number: ++this.#nodes,
      isAlive: true,
      pausedUntil: 0,
      skewMillis,
      held: [],
      fibers: 0,
      scheduler: {
        executionMode: "sync",
        shouldYield: ({ currentOpCount }) => {
          // As with the scheduler of effect, a fiber does something in each of its turns. If it gave up its turn before that, an
          // interruption that comes before its start would be lost.
          const isFirst = currentOpCount === 1
          // A fiber that never waits must give others a turn now and then. Otherwise a fiber that runs for ever would not
          // be noticed.
          if (++this.#primitives % MOST_PRIMITIVES === 0) return !isFirst
          return this.preemption > 0 && this.choose(this.preemption) === 0 && !isFirst
        },
        makeDispatcher: () => ({ scheduleTask: (run) => this.post(node, run), flush: () => {} })
      },
      services: Context.make(Clock.Clock, clock).pipe(
        Context.add(Random.Random, this.#random),
        Context.add(Metric.FiberRuntimeMetrics, {
          recordFiberStart: () => (node.fibers += 1),
          recordFiberEnd: () => (node.fibers -= 1)
        }),
        Context.add(SecureRandom.SecureRandom, this.#secureRandom)
      )
    }
    return node
  }

  post(node: Node, run: () => void): void {
    if (node.pausedUntil > this.#now) node.held.push(run)
    else this.#tasks.push({ node, run })
  }

  timer(node: Node, millis: number, fire: () => void): Timer {
    const timer = { at: this.#now + Math.max(0, millis), number: this.#number++, node, fire, isCancelled: false }
    const heap = this.#timers
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(heap[index]!, heap[parent]!)) break
      ;[heap[index], heap[parent]] = [heap[parent]!, heap[index]!]
      index = parent
    }
    return timer
  }

  #takeTimer(): Timer | undefined {
    const heap = this.#timers
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let index = 0; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2]
      let least = index
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right
      if (least === index) return first
      ;[heap[index], heap[least]] = [heap[least]!, heap[index]!]
      index = least
    }
  }

  /** Kills a node: no task of it runs again. */
  kill(node: Node): void {
    node.isAlive = false
    node.held.length = 0
  }

  /** Pauses a node for some milliseconds, of which it notices nothing. */
  pause(node: Node, millis: number): void {
    node.pausedUntil = Math.max(node.pausedUntil, this.#now + millis)
    this.after(millis, () => {
      if (node.pausedUntil > this.#now) return
      for (const run of node.held.splice(0)) this.post(node, run)
    })
  }

  /** Provides the services of a node. */
  provide<A, E, R>(
    node: Node,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, Exclude<R, SecureRandom.SecureRandom>> {
    return Effect.provide(effect, node.services)
  }

  /** Runs an effect on a node, and calls `ended` if it ends. Gives a function that interrupts it. */
  start<A, E>(
    node: Node,
    effect: Effect.Effect<A, E, SecureRandom.SecureRandom>,
    ended: (exit: Exit.Exit<A, E>) => void = () => {}
  ): () => void {
    let fiber: Fiber.Fiber<A, E> | undefined
    this.post(node, () => {
      fiber = Effect.runForkWith(node.services)(effect, { scheduler: node.scheduler })
      fiber.addObserver(ended)
    })
    return () => this.post(node, () => fiber?.interruptUnsafe())
  }

  /** The fibers, timers and tasks that a node still has, in words; `undefined` if it has none. */
  leftOf(node: Node): string | undefined {
    const timers = this.#timers.filter((timer) => timer.node === node && !timer.isCancelled).length
    const tasks = this.#tasks.filter((task) => task.node === node).length
    return node.fibers + timers + tasks === 0 ? undefined : `${node.fibers} fibers, ${timers} timers, ${tasks} tasks`
  }

  #step(task: Task): void {
    this.steps += 1
    this.fingerprint = (Math.imul(this.fingerprint, 31) + this.elapsed + task.node.number) | 0
    if (this.steps > this.#maxSteps) throw new Livelock(`no end after ${this.#maxSteps} steps`)
    if (!task.node.isAlive) return
    if (task.node.pausedUntil > this.#now) {
      task.node.held.push(task.run)
      return
    }
    task.run()
  }

  #passTo(now: number): void {
    this.#now = now
    this.#nanos = BigInt(this.elapsed) * 1_000_000n
  }

  /** Runs for some milliseconds, or until no task and no timer is left. */
  run(forMillis = Infinity): void {
    const end = this.#now + forMillis
    while (true) {
      const count = this.#tasks.length
      if (count > 0) {
        const index = this.choose(count)
        const task = this.#tasks[index]!
        this.#tasks[index] = this.#tasks[count - 1]!
        this.#tasks.pop()
        this.#step(task)
        continue
      }
      const next = this.#timers[0]
      if (next === undefined) return
      if (next.at > end) {
        this.#passTo(end)
        return
      }
      this.#takeTimer()
      if (next.isCancelled || !next.node.isAlive) continue
      this.#passTo(Math.max(this.#now, next.at))
      // Timers that are due at the same time race.
      this.post(next.node, () => {
        if (!next.isCancelled) next.fire()
      })
      while (this.#timers[0]?.at === next.at) {
        const other = this.#takeTimer()!
        if (other.isCancelled || !other.node.isAlive) continue
        this.post(other.node, () => {
          if (!other.isCancelled) other.fire()
        })
      }
    }
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.number < b.number)
