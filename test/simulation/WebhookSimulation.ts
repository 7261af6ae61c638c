/**
 * A simulation of webhooks: writers, processes that relay to webhooks, and endpoints that are up, down for days, slow, gone, ask
 * to be left alone, never end the body of an answer, and come back; days in which no process runs. Events belong to two organizations,
 * and webhooks to one of them, or to the installation. An operator adds webhooks and
 * removes them, soon after processes have begun with them, discards what an endpoint does not take, and enables in the end what
 * was disabled. A day takes four seconds here.
 *
 * What happens to requests is written down at the endpoints, and what becomes of webhooks at the store, and compared in the end: nothing is
 * lost, no webhook is posted what happens to the events of another organization, each stream comes in order, a webhook is disabled when it
 * should be and only then, nothing is posted to it from then on, nor to an endpoint that has asked to be left alone, and a webhook that was
 * removed has left no sink.
 */
import { EndOfTurn } from "@turnout/core/admission/application/engine/Lanes"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as WebhookRelays from "@turnout/core/webhooks/application/WebhookRelays"
import { sinkOf, type WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
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
const REST_MILLIS = 100_000
const LOOK_MILLIS = 1_000
const TIMEOUT_MILLIS = 800
/** After this time, what came of a request has been written down. */
const ANSWERED_MILLIS = 3_000
const IDLE_AFTER_MILLIS = 6_000
const MAX_ATTEMPTS = 12
const SLOW_MILLIS = 1_200
const LONGEST_PAUSE_MILLIS = 1_000

const ORGANIZATIONS = [DEFAULT_ORGANIZATION, OrganizationId.make("01890000-0000-7000-8000-0000000000ff")] as const

const SETTINGS = {
  organizationId: null,
  url: "https://example.com/",
  types: null,
  description: "",
  secret: "whsec_",
  from: "beginning" as const
}

const OPTIONS = {
  refreshMillis: 500,
  idleAfterMillis: IDLE_AFTER_MILLIS,
  timeoutMillis: TIMEOUT_MILLIS,
  concurrency: 2,
  failuresToOpen: 3,
  openMillis: 500,
  longestOpenMillis: 4_000,
  disableAfterMillis: 5 * DAY_MILLIS,
  longestGapMillis: 3 * DAY_MILLIS,
  longestRestMillis: 4 * DAY_MILLIS,
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
  longestGapMillis: 3 * DAY_MILLIS,
  idleAfterMillis: IDLE_AFTER_MILLIS,
  lateMillis: 3 * LONGEST_PAUSE_MILLIS + TIMEOUT_MILLIS + 2_000,
  mostInVain: 15
}

const silent = Logger.layer([])

/** How an endpoint is for a while. */
const STATES = ["up", "down", "away", "slow", "gone", "redirects", "busy"] as const
type State = (typeof STATES)[number]

/** The server of a webhook, whose state changes now and then. */
interface Endpoint {
  readonly id: WebhookId
  readonly node: Node
  state: State
  /** For how long it asks to be left alone while it is busy. */
  asksMillis: number
}

/** The body of an answer: it comes at once, or never ends. */
type Body = Extract<WebhookAnswer, { readonly status: number }>["read"]
const WHOLE: Body = () => Effect.void
const ENDLESS: Body = () => Effect.never

const answerOf = ({ asksMillis, state }: Endpoint, read: Body): WebhookAnswer => {
  switch (state) {
    case "busy":
      return { status: 429, read, retryAfterMillis: asksMillis }
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
  readonly #history: WebhookCheckers.History = {
    posts: [],
    changes: [],
    failures: [],
    rests: [],
    discards: [],
    idle: [],
    processes: new Map(),
    streams: new Map(),
    owners: new Map(),
    ids: [],
    organizations: new Map()
  }
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
      stragglers: 0,
      duplicates: 0,
      contention: 0,
      longestLatencyMillis: 1 + world.choose(30)
    })
    this.#server = world.node("store")
    this.#database = makeDatabase(world, this.#server)
    const organizations = Context.get(
      this.#database as unknown as Context.Context<OrganizationStore>,
      OrganizationStore
    )
    this.#atStore(organizations.create(ORGANIZATIONS[1], { slug: "another", name: "Another" }, "operator"))
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
    const isEnabled = Effect.fnUntraced(function* (id: WebhookId) {
      return (yield* store.get(id)).state === "enabled"
    })
    const disable: (typeof store)["disable"] = Effect.fnUntraced({ self: this }, function* (id, reason, who, edition) {
      const before = yield* isEnabled(id)
      const webhook = yield* store.disable(id, reason, who, edition)
      if (before && !(yield* isEnabled(id)))
        this.#history.changes.push({ id, at: this.world.elapsed, disabledBecause: reason })
      return webhook
    })
    const noteFailed: (typeof store)["noteFailed"] = (id, edition, failure) =>
      Effect.tap(store.noteFailed(id, edition, failure), (failing) => {
        if (failing === undefined) return Effect.void
        const { restMillis } = failure
        const at = this.world.elapsed
        this.#history.failures.push({ id, at })
        if (restMillis > 0) this.#history.rests.push({ id, at, until: at + restMillis })
        return Effect.void
      })
    return WebhookStore.of({ ...store, disable, noteFailed })
  }

  #enable(id: WebhookId): void {
    this.#atStore(this.#store.enable(id, "operator"))
    this.#history.changes.push({ id, at: this.world.elapsed, disabledBecause: null })
  }

  /** Posts as an adapter does: gives the response, and decides nothing. */
  #post(node: Node): Post {
    const { world } = this
    return ({ webhook }, { body, id: key }) => {
      const endpoint = this.#endpoints.find(({ id }) => id === webhook.id)
      // The checks are not about the webhooks that the operator removes soon.
      if (endpoint === undefined) return Effect.succeed({ status: 204, read: WHOLE })
      const { eventId, version } = JSON.parse(body) as { readonly eventId: string; readonly version: number }
      const sentAt = world.elapsed
      const written = { id: webhook.id, message: key, stream: eventId, version, process: node.name, sentAt }
      let post: WebhookCheckers.Post | undefined
      const write = (status: number | null) => {
        post = { ...written, at: world.elapsed, status, seenAs: "unknown", leftAlone: null }
        this.#history.posts.push(post)
      }
      const see = (seenAs: WebhookCheckers.Post["seenAs"], restMillis = 0) =>
        Effect.sync(() => {
          if (post === undefined) return
          const from = world.elapsed
          Object.assign(post, { seenAs, leftAlone: restMillis > 0 ? { from, until: from + restMillis } : null })
        })
      let isSlow = false
      const work = Effect.sync(() => {
        const answer = answerOf(endpoint, world.happens(100) ? ENDLESS : WHOLE)
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
          Effect.tap((answer) => {
            if (answer.status === 204) return see("arrived")
            const asked = answer.status === null ? 0 : (answer.retryAfterMillis ?? 0)
            return see("failed", Math.min(asked, OPTIONS.longestRestMillis))
          }),
          Effect.onInterrupt(() => see("failed"))
        )
    }
  }

  #startProcess(): void {
    const { world } = this
    const node = world.node(`process ${++this.#started}`)
    const database = this.#database as unknown as Context.Context<AdmissionReads | Outbox | Replays>
    const remote = <S extends object>(service: S) => this.#network.store(node, this.#server, service, undefined)
    const life = WebhookRelays.run({ ...OPTIONS, relay: { ...OPTIONS.relay, owner: node.name } }).pipe(
      Effect.scoped,
      Effect.provideService(Outbox, remote(Context.get(database, Outbox))),
      Effect.provideService(Replays, remote(Context.get(database, Replays))),
      Effect.provideService(AdmissionReads, remote(Context.get(database, AdmissionReads))),
      Effect.provideService(WebhookStore, remote(this.#watched())),
      Effect.provideService(WebhookPost, this.#post(node)),
      Effect.provide(silent)
    )
    world.start(node, life as Effect.Effect<unknown>, (exit) => {
      this.#defects.push(`G2: ${node.name} came to its end: ${Exit.isFailure(exit) ? String(exit.cause) : "done"}`)
    })
    this.#processes.push(node)
    this.#history.processes.set(node.name, world.elapsed)
  }

  /** Starts a writer, which creates an event and registers people for it over several days. */
  #startWriter(): void {
    const { world } = this
    const node = world.node("writer")
    const writing = Effect.gen({ self: this }, function* () {
      const turnout = yield* Turnout.make()
      yield* Effect.sleep(world.choose(DAY_MILLIS))
      const organizationId = world.pick(ORGANIZATIONS)
      const input = Given.eventInput({ capacity: 100, organizationId }, new Date(world.now))
      const { id } = yield* turnout.createEvent(input)
      this.#history.owners.set(id, organizationId)
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
    const organizationId = world.pick([null, ...ORGANIZATIONS])
    const settings = { ...SETTINGS, organizationId, url: `https://example.com/${n}` }
    this.#atStore(this.#store.create(id, settings, "operator"))
    this.#history.ids.push(id)
    this.#history.organizations.set(id, organizationId)
    const endpoint: Endpoint = { id, node: world.node(`endpoint ${n}`), state: "up", asksMillis: 0 }
    this.#endpoints.push(endpoint)
    const change = () => {
      if (world.elapsed >= WORK_MILLIS) return
      endpoint.state = world.happens(400) ? "up" : world.pick(STATES)
      endpoint.asksMillis = world.happens(100) ? Infinity : 1 + world.choose(4 * DAY_MILLIS)
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

  get #operations(): OutboxOperations["Service"] {
    return Context.get(this.#database as unknown as Context.Context<OutboxOperations>, OutboxOperations)
  }

  #blocked(id: WebhookId, isParked: boolean | null = null) {
    return this.#atStore(this.#operations.blocked(sinkOf(id), isParked, { after: null, limit: 100 }))
  }

  /** An operator gives up what an endpoint does not take. */
  #discard(id: WebhookId): void {
    for (const { stream, version } of this.#blocked(id)) {
      const after = this.#atStore(this.#operations.discard(sinkOf(id), stream, "operator"))
      this.#history.discards.push({ id, stream, from: version, before: after.version, at: this.world.elapsed })
    }
  }

  /** Writes down for how long nothing has waited for a webhook, as long as processes run that may notice. */
  #watchIdle(id: WebhookId): void {
    let since: number | undefined
    const isPosted = (now: number) =>
      this.#history.posts.some((post) => post.id === id && post.at > now - ANSWERED_MILLIS)
    const look = () => {
      const now = this.world.elapsed
      // The block of a message that has just failed may not have been written yet.
      if (this.#blocked(id).length > 0 || this.#processes.length === 0 || isPosted(now)) since = undefined
      else since ??= now
      if (since !== undefined && now - since >= BOUNDS.lateMillis) this.#history.idle.push({ id, at: now })
      this.world.after(OPTIONS.refreshMillis, look)
    }
    look()
  }

  /** The sinks of webhooks that are gone. */
  #leftover(): ReadonlyArray<Violation> {
    const { sinks } = this.#atStore(this.#operations.status)
    const webhooks = this.#atStore(this.#store.list("all", { after: null, limit: 100 }))
    return WebhookCheckers.leftover(
      sinks.map(({ name }) => name),
      webhooks.map(({ id }) => id)
    )
  }

  #accident(): void {
    const { world } = this
    if (this.#processes.length === 0) return
    const process = world.pick(this.#processes)
    switch (world.choose(4)) {
      case 0:
        world.kill(process)
        this.#processes = this.#processes.filter((one) => one !== process)
        return this.#startProcess()
      case 3:
        // Days without any process.
        for (const one of this.#processes.splice(0)) world.kill(one)
        return world.after(world.choose(8 * DAY_MILLIS), () => this.#startProcess())
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
    return this.#endpoints.flatMap(({ id }) => {
      if (this.#atStore(this.#store.get(id)).state === "disabled") this.#enable(id)
      return this.#blocked(id, true).flatMap(({ stream, version }) => {
        this.#atStore(this.#operations.retry(sinkOf(id), stream, "operator"))
        const count = this.#history.posts.filter(
          (post) => post.id === id && post.stream === stream && post.version === version
        ).length
        return count < MAX_ATTEMPTS
          ? [`O2: version ${version} of ${stream} was parked after ${count} requests to webhook ${id}` as const]
          : []
      })
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
    for (const { id } of this.#endpoints) {
      this.#watchIdle(id)
      for (let n = world.choose(3); n > 0; n--) world.after(world.choose(WORK_MILLIS), () => this.#discard(id))
    }
    world.run(WORK_MILLIS)
    this.#network.faults = { ...this.#network.faults, lostRequests: 0, lostAnswers: 0 }
    world.run(2 * DAY_MILLIS)
    // Everything comes back, and what was parked or disabled is taken up again.
    if (this.#processes.length === 0) this.#startProcess()
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
