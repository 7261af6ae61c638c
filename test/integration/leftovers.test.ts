/**
 * G3: connections, fibers and timers return to their start: when the work is done to what they were before it, and when all is
 * closed to what they were before it was opened.
 */
import { createTurnout } from "turnout"
import * as Database from "turnout/database"
import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import * as Server from "@turnout/http/Server"
import { Context, Effect, Exit, Layer, Logger, Metric, Scope, Stream } from "effect"
import { HttpServer } from "effect/http"
import { setTimeout as pause } from "node:timers/promises"
import { Agent } from "undici"
import { assert, describe, inject, it } from "vitest"
import { sql } from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

type Counts = Readonly<Record<string, number>>

/** The standard streams of this process, which are opened when somebody first writes. */
const STREAMS = ["PipeWrap", "TTYWrap"]

/** What keeps the event loop alive, by kind. */
const resources = (): Counts => {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo())
    if (!STREAMS.includes(kind)) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** The connections to a database, but for the one that asks. */
const connections = async (url: string): Promise<number> => {
  const others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
  const [row] = await sql(url, `SELECT count(*)::integer AS count ${others}`)
  return (row as { readonly count: number }).count
}

/** Waits until no count is above what it was. */
const returnsTo = async (start: Counts, counts: () => Promise<Counts> | Counts) => {
  let above: ReadonlyArray<string> = []
  for (let attempt = 0; attempt < 300; attempt++) {
    above = Object.entries(await counts())
      .filter(([kind, count]) => count > (start[kind] ?? 0))
      .map(([kind, count]) => `${kind}: ${count} instead of ${start[kind] ?? 0}`)
    if (above.length === 0) return
    await pause(50)
  }
  assert.fail(`G3: ${above.join(", ")}`)
}

/** The most of each count in a second: what is done again and again comes and goes. */
const mostOf = async (counts: () => Promise<Counts>): Promise<Counts> => {
  const most: Record<string, number> = {}
  for (let sample = 0; sample < 20; sample++) {
    for (const [kind, count] of Object.entries(await counts())) most[kind] = Math.max(most[kind] ?? 0, count)
    await pause(50)
  }
  return most
}

const TYPES = ["EventCreated", "EventPublished", "AttendeeRegistered", "AttendeeWaitlisted", "RegistrationCancelled"]

describe.each(["memory", "Postgres"])("on %s", { timeout: 60_000 }, (kind) => {
  const open = async () => (kind === "memory" ? undefined : await TestDatabase.scratch(inject("postgresUrl")))
  const connectionsTo = async (database: string): Promise<Counts> =>
    database === "memory:" ? {} : { connections: await connections(database) }

  it("G3: a server, a relay and a worker leave nothing behind, at work and when they are closed", async () => {
    await using scratch = await open()
    const database = scratch?.url ?? "memory:"
    const live = { fibers: 0 }
    const before = resources()
    const counting = Context.make(Metric.FiberRuntimeMetrics, {
      recordFiberStart: () => void (live.fibers += 1),
      recordFiberEnd: () => void (live.fibers -= 1)
    })
    const run = Effect.runPromiseWith(counting)
    const measure = async (): Promise<Counts> => ({ ...live, ...resources(), ...(await connectionsTo(database)) })

    const scope = await Effect.runPromise(Scope.make())
    const handled = { count: 0 }
    const services = await run(
      Effect.gen(function* () {
        const queue = yield* MemoryQueue.make({ waitMillis: 100 })
        const count = () => Effect.sync(() => handled.count++)
        const handlers: Consumer.Handlers = Object.fromEntries(TYPES.map((type) => [type, count]))
        const background = Layer.effectDiscard(
          Effect.all([
            Effect.forkScoped(Relay.run(queue.sink, { pollMillis: 50 })),
            Effect.forkScoped(Consumer.run(queue, handlers, { consumer: "counter" }))
          ])
        )
        const layer = Layer.mergeAll(Server.layer({ port: 0 }), background).pipe(
          Layer.provideMerge(Turnout.layer({ commandTimeoutMillis: 10_000 })),
          Layer.provideMerge(Database.layer({ database })),
          Layer.provideMerge(MemoryInbox.layer),
          Layer.provide(Logger.layer([]))
        )
        return yield* Layer.buildWithScope(layer, scope)
      })
    )
    const address = HttpServer.formatAddress(Context.get(services, HttpServer.HttpServer).address)

    /** People who register, cancel, go away before they are told, ask over HTTP, and listen. */
    const work = async () => {
      const agent = new Agent({ connections: 8 })
      const { id } = await run(Effect.provide(Given.publishedEvent({ capacity: 50 }), services))
      const post = (n: number, signal?: AbortSignal) =>
        agent.request({
          origin: address,
          path: `/events/${id}/registrations`,
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": `http ${n}` },
          body: JSON.stringify(Given.person(1_000 + n)),
          ...(signal === undefined ? {} : { signal })
        })
      const register = (n: number) => Effect.provide(Given.register(id, n), services)
      const numbers = Array.from({ length: 200 }, (_, n) => n)
      await Promise.all([
        run(Effect.forEach(numbers, register, { concurrency: "unbounded" })),
        run(Effect.forEach(numbers, (n) => Effect.timeoutOption(register(500 + n), 1), { concurrency: "unbounded" })),
        ...numbers.map(async (n) => (await post(n)).body.text()),
        ...numbers.slice(0, 20).map((n) => post(500 + n, AbortSignal.timeout(2)).catch(() => undefined)),
        run(
          Subscription.subscribe({ from: "beginning" }).pipe(
            Stream.take(100),
            Stream.runDrain,
            Effect.provide(services)
          )
        )
      ])
      await agent.close()
      const { version } = await run(
        Turnout.Turnout.use((turnout) => turnout.getEvent(id)).pipe(Effect.provide(services))
      )
      assert.isAtLeast(version, 400)
    }

    await work()
    const atRest = await mostOf(measure)
    await work()
    await returnsTo(atRest, measure)
    assert.isAbove(handled.count, 800)

    await Effect.runPromise(Scope.close(scope, Exit.void))
    await returnsTo({ ...before, fibers: 0, connections: 0 }, measure)
  })

  it("G3: so does what createTurnout opens", async () => {
    await using scratch = await open()
    const database = scratch?.url ?? "memory:"
    const before = resources()
    const measure = async (): Promise<Counts> => ({ ...resources(), ...(await connectionsTo(database)) })
    const turnout = createTurnout({ database, commandTimeoutMillis: 10_000 })
    const work = async () => {
      const { id } = await turnout.createEvent(Given.eventInput({ capacity: 50 }))
      await turnout.publishEvent(id)
      await Promise.all(Array.from({ length: 300 }, (_, n) => turnout.register(id, Given.person(n))))
      let seen = 0
      for await (const _ of turnout.subscribe({ from: "beginning" })) if (++seen === 100) break
    }
    await work()
    const atRest = await mostOf(measure)
    await work()
    await returnsTo(atRest, measure)
    await turnout.close()
    await returnsTo({ ...before, connections: 0 }, measure)
  })
})
