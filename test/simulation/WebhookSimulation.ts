/**
 * A simulation of webhooks: writers, processes that relay to webhooks, and endpoints that are up, down for days, slow or
 * gone, and come back. An operator adds webhooks, removes them soon after processes have begun to post to them, and at the
 * end enables those that were disabled. A day takes four seconds here.
 *
 * The endpoints record the requests, and the store records the states of the webhooks. The checks compare both: no entry is
 * lost, each stream arrives in order, a webhook is disabled when it should be and only then, nothing is posted to it from
 * then on, and a webhook that was removed has left no sink.
 */
import { EndOfTurn } from "@turnout/core/admission/application/engine/Lanes"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as WebhookRelays from "@turnout/core/webhooks/application/WebhookRelays"
import { sinkOf, type WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { type Post, type WebhookAnswer, WebhookPost } from "@turnout/core/webhooks/ports/WebhookPost"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Context, Effect, Exit, Logger } from "effect"
import * as Given from "../support/Given.ts"
import type { Violation } from "./Checkers.ts"
import { Network } from "./Network.ts"
import { outcomeOf, type PartOutcome } from "./Part.ts"
import { type Database, makeDatabase } from "./Servers.ts"
import * as WebhookCheckers from "./WebhookCheckers.ts"
import { type Node, World } from "./World.ts"

const MAX_STEPS = 2_000_000
const DAY_MILLIS = 4_000
const WORK_MILLIS = 15 * DAY_MILLIS
/** A relay that has met a sink which was away several times waits for up to half a minute. */
const REST_MILLIS = 60_000
const LOOK_MILLIS = 1_000
const TIMEOUT_MILLIS = 800
const MAX_ATTEMPTS = 12
const SLOW_MILLIS = 1_200
const LONGEST_PAUSE_MILLIS = 1_000

const SETTINGS = {
  url: "https://example.com/",
  types: null,
  description: "",
  secret: "whsec_",
  from: "beginning" as const
}

const OPTIONS = {
  refreshMillis: 500,
  timeoutMillis: TIMEOUT_MILLIS,
  concurrency: 2,
  failuresToOpen: 3,
  openMillis: 500,
  longestOpenMillis: 4_000,
  disableAfterMillis: 5 * DAY_MILLIS,
  relay: {
    pollMillis: 1_000,
    ttlMillis: 6_000,
    batchSize: 4,
    retryPolicy: { firstPauseMillis: 200, longestPauseMillis: 2_000, maxAttempts: MAX_ATTEMPTS }
  }
} satisfies WebhookRelays.WebhookRelayOptions

/**
 * The bounds of the checks. A process that was paused learns late of everything, and one that is cut off learns of nothing.
 */
const BOUNDS: WebhookCheckers.Bounds = {
  disableAfterMillis: 5 * DAY_MILLIS,
  lateMillis: 3 * LONGEST_PAUSE_MILLIS + TIMEOUT_MILLIS + 2_000,
  mostInVain: 15
}

const silent = Logger.layer([])

/** The states of an endpoint, each of which lasts for a while. */
const STATES = ["up", "down", "away", "slow", "gone", "redirects"] as const
type State = (typeof STATES)[number]

/** The server of a webhook, whose state changes now and then. */
interface Endpoint {
  readonly id: WebhookId
  readonly node: Node
  state: State
}

/** The body of an answer: it comes at once, or never ends. */
type Body = Extract<WebhookAnswer, { readonly status: number }>["read"]
const WHOLE: Body = () => Effect.void
const ENDLESS: Body = () => Effect.never

const answerOf = (state: State, read: Body): WebhookAnswer => {
  switch (state) {
    case "up":
    case "slow":
      return { status: 204, read }
    case "down":
      return { status: 503, read }
    case "gone":
      return { status: 410, read }
    case "redirects":
      return { status: 302, read }
    case "away":
      return { status: null, error: "ECONNREFUSED" }
  }
}

class WebhookSimulation {
  readonly world: World
  readonly #network: Network
  readonly #server: Node
  readonly #database: Database
  readonly #endpoints: Array<Endpoint> = []
  readonly #history: WebhookCheckers.History = { posts: [], changes: [], streams: new Map(), ids: [] }
  readonly #defects: Array<Violation> = []
  #processes: Array<Node> = []
  #started = 0

  constructor(seed: number) {
    this.world = new World(seed, MAX_STEPS)
    const { world } = this
    const some = (most: number) => (world.happens(500) ? 0 : world.choose(most) + 1)
    this.#network = new Network(world, {
      lostRequests: some(20),
      lostAnswers: some(20),
      duplicates: 0,
      contention: 0,
      longestLatencyMillis: 1 + world.choose(30)
    })
    this.#server = world.node("store")
    this.#database = makeDatabase(world, this.#server)
  }

  get #store(): WebhookStore["Service"] {
    return Context.get(this.#database as unknown as Context.Context<WebhookStore>, WebhookStore)
  }
  /** Runs an effect at the store, at once. */
  #atStore<A, E>(work: Effect.Effect<A, E>): A {
    return Effect.runSync(this.world.provide(this.#server, work))
  }

  /** The store of webhooks, which records when a webhook is disabled. */
  #watched(): WebhookStore["Service"] {
    const store = this.#store
    return WebhookStore.of({
      ...store,
      disable: (id, reason, who) =>
        Effect.tap(store.disable(id, reason, who), () =>
          Effect.sync(() => this.#history.changes.push({ id, at: this.world.elapsed, disabledBecause: reason }))
        )
    })
  }

  #enable(id: WebhookId): void {
    this.#atStore(this.#store.enable(id, "operator"))
    this.#history.changes.push({ id, at: this.world.elapsed, disabledBecause: null })
  }

  /** Posts as an adapter does: gives the response, and decides nothing. */
  #post(node: Node): Post {
    const { world } = this
    return ({ webhook }, key, body) => {
      const endpoint = this.#endpoints.find(({ id }) => id === webhook.id)
      // The checks are not about the webhooks that the operator removes soon.
      if (endpoint === undefined) return Effect.succeed({ status: 204, read: WHOLE })
      const { eventId, version } = JSON.parse(body) as { readonly eventId: string; readonly version: number }
      const written = { id: webhook.id, message: key, stream: eventId, version, process: node.name }
      let post: WebhookCheckers.Post | undefined
      const write = (status: number | null) => {
        post = { ...written, at: world.elapsed, status, seenAs: "unknown" }
        this.#history.posts.push(post)
      }
      const see = (seenAs: WebhookCheckers.Post["seenAs"]) =>
        Effect.sync(() => {
          if (post !== undefined) post.seenAs = seenAs
        })
      let isSlow = false
      const work = Effect.sync(() => {
        const answer = answerOf(endpoint.state, world.happens(100) ? ENDLESS : WHOLE)
        isSlow = endpoint.state === "slow"
        write(answer.status)
        return answer
      })
      return this.#network
        .call(node, endpoint.node, work, (outcome) => {
          if (outcome === "unavailable") write(null)
          return { status: null, error: "ECONNRESET" } as const
        })
        .pipe(
          Effect.catch((answer) => Effect.succeed<WebhookAnswer>(answer)),
          Effect.tap(() => (isSlow ? Effect.sleep(SLOW_MILLIS) : Effect.void)),
          Effect.tap(({ status }) => see(status === 204 ? "arrived" : "failed")),
          Effect.onInterrupt(() => see("failed"))
        )
    }
  }

  #startProcess(): void {
    const { world } = this
    const node = world.node(`process ${++this.#started}`)
    const database = this.#database as unknown as Context.Context<Outbox | Replays>
    const remote = <S extends object>(service: S) => this.#network.store(node, this.#server, service, undefined)
    const life = WebhookRelays.run({ ...OPTIONS, relay: { ...OPTIONS.relay, owner: node.name } }).pipe(
      Effect.scoped,
      Effect.provideService(Outbox, remote(Context.get(database, Outbox))),
      Effect.provideService(Replays, remote(Context.get(database, Replays))),
      Effect.provideService(WebhookStore, remote(this.#watched())),
      Effect.provideService(WebhookPost, this.#post(node)),
      Effect.provide(silent)
    )
    world.start(node, life as Effect.Effect<unknown>, (exit) => {
      this.#defects.push(`G2: ${node.name} came to its end: ${Exit.isFailure(exit) ? String(exit.cause) : "done"}`)
    })
    this.#processes.push(node)
  }

  /** Starts a writer, which creates an event and registers people for it over several days. */
  #startWriter(): void {
    const { world } = this
    const node = world.node("writer")
    const writing = Effect.gen({ self: this }, function* () {
      const turnout = yield* Turnout.make()
      yield* Effect.sleep(world.choose(DAY_MILLIS))
      const { id } = yield* turnout.createEvent(Given.eventInput({ capacity: 100 }, new Date(world.now)))
      yield* turnout.publishEvent(id)
      this.#history.streams.set(id, 2)
      for (let n = 1 + world.choose(8); n > 0; n--) {
        yield* Effect.sleep(world.choose(3 * DAY_MILLIS))
        yield* turnout.register(id, Given.person(n))
        this.#history.streams.set(id, this.#history.streams.get(id)! + 1)
      }
    }).pipe(
      Effect.scoped,
      Effect.provide(this.#database),
      Effect.provideService(EndOfTurn, Effect.yieldNow),
      Effect.provide(silent)
    )
    world.start(node, writing as Effect.Effect<unknown, unknown>, (exit) => {
      if (Exit.isFailure(exit)) this.#defects.push(`G2: a writer failed: ${String(exit.cause)}`)
    })
  }

  #addWebhook(n: number): void {
    const { world } = this
    const id = `01890000-0000-7000-8000-00000000000${n}`
    this.#atStore(this.#store.create(id, { ...SETTINGS, url: `https://example.com/${n}` }, "operator"))
    this.#history.ids.push(id)
    const endpoint: Endpoint = { id, node: world.node(`endpoint ${n}`), state: "up" }
    this.#endpoints.push(endpoint)
    const change = () => {
      if (world.elapsed >= WORK_MILLIS) return
      endpoint.state = world.happens(400) ? "up" : world.pick(STATES)
      world.after(world.choose((world.happens(500) ? 2 : 10) * DAY_MILLIS), change)
    }
    world.after(world.choose(3 * DAY_MILLIS), change)
  }

  /** Starts an operator, who adds webhooks and removes each about when processes learn of it. */
  #startOperator(): void {
    const { world } = this
    const node = world.node("operator")
    const store = this.#network.store(node, this.#server, this.#store, undefined)
    const untilKnown = <A, E extends { readonly _tag: string }>(work: Effect.Effect<A, E>) =>
      Effect.retry(work, { while: ({ _tag }) => _tag === "StoreError" })
    const operating = Effect.gen(function* () {
      for (let n = 1 + world.choose(4); n > 0; n--) {
        yield* Effect.sleep(world.choose(2 * DAY_MILLIS))
        const id = `01890000-0000-7000-8000-0000000001${n}0`
        const from = world.pick(["beginning", "now"] as const)
        yield* untilKnown(store.create(id, { ...SETTINGS, from }, "operator"))
        yield* Effect.sleep(world.choose(2 * OPTIONS.refreshMillis))
        yield* Effect.catchTag(untilKnown(store.remove(id, "operator")), "WebhookNotFound", () => Effect.void)
      }
    })
    world.start(node, operating as Effect.Effect<unknown>, (exit) => {
      if (Exit.isFailure(exit)) this.#defects.push(`G2: an operator failed: ${String(exit.cause)}`)
    })
  }

  /** Checks that no sink of a removed webhook is left. */
  #leftover(): ReadonlyArray<Violation> {
    const operations = Context.get(this.#database as unknown as Context.Context<OutboxOperations>, OutboxOperations)
    const { sinks } = this.#atStore(operations.status)
    const webhooks = this.#atStore(this.#store.list({ after: null, limit: 100 }))
    return WebhookCheckers.leftover(
      sinks.map(({ name }) => name),
      webhooks.map(({ id }) => id)
    )
  }

  #accident(): void {
    const { world } = this
    const process = world.pick(this.#processes)
    switch (world.choose(3)) {
      case 0:
        world.kill(process)
        this.#processes = this.#processes.filter((one) => one !== process)
        return this.#startProcess()
      case 1:
        return world.pause(process, world.choose(LONGEST_PAUSE_MILLIS))
      default:
        return this.#network.cut(process, world.choose(LONGEST_PAUSE_MILLIS))
    }
  }

  /**
   * Enables disabled webhooks and retries parked streams, as an operator does. Checks that a parked message was posted
   * often enough.
   */
  #takeUp(): ReadonlyArray<Violation> {
    const operations = Context.get(this.#database as unknown as Context.Context<OutboxOperations>, OutboxOperations)
    return this.#endpoints.flatMap(({ id }) => {
      if (this.#atStore(this.#store.get(id)).state === "disabled") this.#enable(id)
      const sink = sinkOf(id)
      return this.#atStore(operations.blocked(sink, true, { after: null, limit: 100 })).flatMap(
        ({ stream, version }) => {
          this.#atStore(operations.retry(sink, stream, "operator"))
          const count = this.#history.posts.filter(
            (post) => post.id === id && post.stream === stream && post.version === version
          ).length
          return count < MAX_ATTEMPTS
            ? [`O2: version ${version} of ${stream} was parked after ${count} requests to webhook ${id}` as const]
            : []
        }
      )
    })
  }

  #isAtRest(): boolean {
    return WebhookCheckers.missing(this.#history).length === 0
  }

  run(): ReadonlyArray<Violation> {
    const { world } = this
    for (let n = 1 + world.choose(2); n > 0; n--) this.#addWebhook(n)
    for (let n = 1 + world.choose(2); n > 0; n--) this.#startProcess()
    for (let n = 1 + world.choose(4); n > 0; n--) this.#startWriter()
    if (world.happens(500)) this.#startOperator()
    for (let n = world.choose(4); n > 0; n--) world.after(world.choose(WORK_MILLIS), () => this.#accident())
    world.run(WORK_MILLIS)
    this.#network.faults = { ...this.#network.faults, lostRequests: 0, lostAnswers: 0 }
    world.run(2 * DAY_MILLIS)
    // All endpoints come back, disabled webhooks are enabled, and parked streams are tried again.
    for (const endpoint of this.#endpoints) endpoint.state = "up"
    world.run(BOUNDS.lateMillis)
    const found = [...WebhookCheckers.check(this.#history, BOUNDS), ...this.#takeUp()]
    const end = world.elapsed + REST_MILLIS
    while (world.elapsed < end && !this.#isAtRest()) world.run(LOOK_MILLIS)
    for (const node of this.#processes) world.kill(node)
    return [...this.#defects, ...found, ...WebhookCheckers.missing(this.#history), ...this.#leftover()]
  }
}

/** Simulates a seed. */
export const simulateWebhooks = (seed: number): PartOutcome => outcomeOf(new WebhookSimulation(seed))
