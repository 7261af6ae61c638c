/**
 * A server that crashes, and one that is replaced by a standby which has not heard of everything: whatever is in the journal
 * afterwards comes to every reader, each stream in order.
 *
 * `TURNOUT_CRASHES` and `TURNOUT_FAILOVERS` say how many of them there are.
 */
import * as Database from "turnout/database"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { everything, type Selection } from "@turnout/core/delivery/domain/Replay"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { Effect, Exit, Layer, ManagedRuntime, Result, Schedule, Scope } from "effect"
import { assert, describe, it } from "vitest"
import * as Given from "../support/Given.ts"
import * as JournalReaders from "../support/JournalReaders.ts"
import * as PostgresServer from "../support/PostgresServer.ts"
import * as ReplicatedServer from "../support/ReplicatedServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as Way from "../support/Way.ts"

const CRASHES = Number(process.env["TURNOUT_CRASHES"] ?? 8)
const FAILOVERS = Number(process.env["TURNOUT_FAILOVERS"] ?? 3)
const PATIENCE_MILLIS = 20_000
const REPLAYED_AT_MOST = 2_000

const sleep = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

/** Turnout on a database, and everybody who reads its journal, who may be led there by another way. */
const open = (url: string, urlOfReaders = url) => {
  const readers = JournalReaders.make()
  const stores = (database: string) => Layer.fresh(Database.layer({ database, poolSize: 8 }))
  const runtime = ManagedRuntime.make(
    Layer.merge(
      Turnout.layer().pipe(Layer.provideMerge(stores(url))),
      Layer.provide(readers.layer, stores(urlOfReaders))
    )
  )
  const run = <A, E>(work: Effect.Effect<A, E, Turnout.Turnout | Database.Stores>): Promise<A> =>
    runtime.runPromise(work)
  /** Until it has gone through, whatever the server does. */
  const surely = <A, E>(work: Effect.Effect<A, E, Turnout.Turnout | Database.Stores>): Promise<A> =>
    run(Effect.retry(work, { schedule: Schedule.spaced("20 millis"), times: 1_000 }))
  return { readers, run, surely, close: () => runtime.dispose() }
}

/** Registers the n-th person, once, however often it has to be sent. */
const register = (eventId: string, n: number) =>
  Turnout.Turnout.use((turnout) => turnout.register(eventId, Given.person(n), { idempotencyKey: `${eventId} ${n}` }))

/** A replay, which is under way when something happens to its server. */
const startReplay = (selection: Selection = everything) =>
  Replays.use((replays) => replays.start({ sink: JournalReaders.QUEUE, selection, perSecond: 2_000, who: "test" }))

/**
 * A replay that began when this was in the journal has sent all that is left of it. Where it may be gone, with the server on which
 * it began, there is nothing to send.
 */
const untilReplayed = async (
  { readers, run }: ReturnType<typeof open>,
  id: string,
  before: ReadonlyArray<{ readonly id: string }>,
  mayBeGone: boolean
): Promise<ReadonlyArray<string>> => {
  const end = performance.now() + PATIENCE_MILLIS
  let last: unknown
  while (performance.now() < end) {
    const replay = await run(Effect.result(Replays.use((replays) => replays.get(id))))
    if (Result.isFailure(replay) && replay.failure._tag === "ReplayNotFound")
      return mayBeGone ? [] : [`the replay ${id} is gone`]
    if (Result.isSuccess(replay) && replay.success.state === "finished") {
      const sent = readers.replayed.get(id) ?? new Set()
      return before.filter((entry) => !sent.has(entry.id)).map((entry) => `${entry.id} was not sent by the replay`)
    }
    last = Result.isSuccess(replay) ? replay.success : replay.failure
    await sleep(50)
  }
  return [`the replay ${id} never came to its end: ${JSON.stringify(last)}`]
}

/**
 * Ends a process of the server, at once, so that all of it has to recover; `killed` comes when it takes connections again. What
 * has not been written down by then is forgotten, so there is no time to connect first.
 */
const armed = async (url: string) => {
  const scope = await Effect.runPromise(Scope.make())
  const connected = Effect.all([TestDatabase.client(url), TestDatabase.client(url)])
  const [victim, witness] = await Effect.runPromise(Scope.provide(connected, scope))
  const [row] = await Effect.runPromise(victim.unsafe<{ pid: number }>("SELECT pg_backend_pid() AS pid"))
  // Its connection ends with the server.
  const waiting = Effect.runPromise(Effect.ignore(witness.unsafe("SELECT pg_sleep(600)")))
  const killed = waiting.then(async () => {
    while ((await PostgresServer.probe(url)) !== undefined) await sleep(5)
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })
  let isKilled = false
  return {
    killed,
    kill: () => {
      if (!isKilled) process.kill(row!.pid, "SIGKILL")
      isKilled = true
    },
    isKilled: () => isKilled
  }
}

describe("a server that crashes", () => {
  it(
    `O2, O3: ${CRASHES} times, just as something is delivered: what is written next comes to every reader`,
    async () => {
      const server = await PostgresServer.start(PostgresServer.findBinaries()!, ["fsync=on"])
      const way = await Way.make(() => Number(new URL(server.url).port))
      const turnout = open(server.url, server.url.replace(/:\d+\//, `:${way.port}/`))
      const { readers, run, surely } = turnout
      try {
        const events = await run(Effect.forEach([1, 2, 3, 4], () => Given.publishedEvent({ capacity: 100_000 })))
        assert.deepStrictEqual(await JournalReaders.untilComplete(readers, server.url, PATIENCE_MILLIS), [])
        for (let round = 1; round <= CRASHES; round++) {
          const [one, other] = [events[round % 4]!, events[(round + 1) % 4]!]
          const before = await JournalReaders.journalOf(server.url)
          const replay = await surely(startReplay())
          const { isKilled, kill, killed } = await armed(server.url)
          readers.whileDelivering = ({ stream }) => {
            if (stream === one.id && !isKilled()) {
              kill()
              way.close()
            }
          }
          await surely(register(one.id, round))
          while (!isKilled()) await sleep(1)
          await killed
          // Who writes first is given the transaction ids that the server has forgotten.
          await surely(register(other.id, 100_000 + round))
          way.open()
          const missing = await JournalReaders.untilComplete(readers, server.url, PATIENCE_MILLIS)
          assert.deepStrictEqual(missing, [], `round ${round}`)
          assert.deepStrictEqual(await untilReplayed(turnout, replay.id, before, false), [], `round ${round}`)
        }
        assert.deepStrictEqual(await JournalReaders.misplaced(readers, server.url), [])
      } finally {
        await turnout.close()
        await way.end()
        await server.stop()
      }
    },
    60_000 + CRASHES * 15_000
  )
})

describe("a standby that takes over and has not heard of everything", () => {
  it(
    `O2, O3: ${FAILOVERS} times: all that it has, and all that is written to it, comes to every reader`,
    async () => {
      const server = await ReplicatedServer.start()
      const turnout = open(server.url)
      const { readers, run, surely } = turnout
      const state = { isOver: false, person: 0 }
      let registering: Promise<unknown> = Promise.resolve()
      let lost = 0
      try {
        const events = await run(Effect.forEach([1, 2, 3, 4, 5, 6], () => Given.publishedEvent({ capacity: 100_000 })))
        // What the standby lacks of the beginning would be of no use.
        await sleep(500)
        registering = Promise.all(
          events.map(async ({ id }) => {
            while (!state.isOver) {
              await run(Effect.ignore(register(id, ++state.person)))
              await sleep(10)
            }
          })
        )
        for (let round = 1; round <= FAILOVERS; round++) {
          await sleep(150)
          // All of a journal that grows would take longer from round to round.
          const all = await JournalReaders.journalOf(server.url)
          const from = new Date(all.at(-REPLAYED_AT_MOST)?.occurredAt ?? 0)
          const before = all.filter(({ occurredAt }) => occurredAt >= from.getTime())
          const replay = await surely(startReplay({ ...everything, from }))
          await sleep(50)
          server.holdBack()
          await sleep(50 + Math.random() * 400)
          const given = new Set(readers.relayed.map(({ id }) => id))
          const url = await server.failOver()
          const survived = new Set((await JournalReaders.journalOf(url)).map(({ id }) => id))
          lost += [...given].filter((id) => !survived.has(id)).length
          await sleep(300)
          assert.deepStrictEqual(
            await untilReplayed(
              turnout,
              replay.id,
              before.filter(({ id }) => survived.has(id)),
              true
            ),
            [],
            `round ${round}`
          )
          await server.standBy()
        }
        state.isOver = true
        await registering
        const missing = await JournalReaders.untilComplete(readers, server.url, PATIENCE_MILLIS)
        assert.deepStrictEqual(missing.slice(0, 5), [], `${missing.length} in all`)
        assert.deepStrictEqual(await JournalReaders.misplaced(readers, server.url), [])
        assert.isAbove(lost, 0, "nothing was lost that had been given, so nothing was shown")
      } finally {
        state.isOver = true
        await registering
        await turnout.close()
        await server.stop()
      }
    },
    120_000 + FAILOVERS * 20_000
  )
})
