/**
 * The whole way under fire: three relays and three consumers, processes of their own, on a server and a queue, of which one
 * is killed or paused every second for half a minute while events flow. Then the journal is compared with what the consumers'
 * effects have recorded. `TURNOUT_KILLS_SECONDS` says for how long, and `TURNOUT_KILLS_EACH` how many people register for each of 500
 * events.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"
import { randomInt } from "node:crypto"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as SqsServer from "../support/SqsServer.ts"

const STREAMS = 500
const PEOPLE = Number(process.env["TURNOUT_KILLS_EACH"] ?? 24)
/** Entries of a stream: created, published, and one for each of the people. */
const ENTRIES = PEOPLE + 2
const KILLING_MILLIS = Number(process.env["TURNOUT_KILLS_SECONDS"] ?? 30) * 1_000
const LEAST_KILLS = 10
const LEASE_MILLIS = 2_000
/** Longer than a lease. */
const PAUSE_MILLIS = 4_000

const sqs = SqsServer.use()

const sleep = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

const handlers = `
const record = (_, { message, sql }) =>
  sql("INSERT INTO effects (message, stream, version) VALUES ($1, $2, $3)", [message.id, message.eventId, message.version])
export default { EventCreated: record, EventPublished: record, AttendeeRegistered: record }
`

/** Everything that is written, spread over about as long as the killing takes. */
const write = (url: string) =>
  Effect.gen(function* () {
    const turnout = yield* Turnout.Turnout
    const ids = []
    for (let n = 0; n < STREAMS; n++) ids.push((yield* Given.publishedEvent({ capacity: PEOPLE })).id)
    for (let person = 1; person <= PEOPLE; person++) {
      yield* Effect.forEach(ids, (id) => turnout.register(id, Given.person(person)), { concurrency: 100 })
      yield* Effect.sleep(Math.floor((KILLING_MILLIS * 0.8) / PEOPLE))
    }
  }).pipe(
    Effect.provide(Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url, poolSize: 4 }))))),
    Effect.runPromise
  )

describe("relays and consumers", { timeout: 600_000 }, () => {
  it("O2, O3, N1, L2: lose nothing, keep every stream in order, and have one effect for each message", async () => {
    await using turnout = await CommandLine.onPostgres()
    const url = turnout.database!
    const queue = sqs.queues().createQueue("kills.fifo", { attributes: { FifoQueue: "true", VisibilityTimeout: "5" } })
    await turnout.run("migrate", "up")
    await CommandLine.sql(
      url,
      "CREATE TABLE effects (n bigserial, message uuid NOT NULL, stream uuid NOT NULL, version bigint NOT NULL)"
    )
    turnout.write("handlers.mjs", handlers)
    const access = ["--sqs", queue.queueUrl, ...sqs.options()]
    let started = 0
    const relay = () => {
      const owner = `relay-${++started}`
      const ttl = ["--lease-ttl", String(LEASE_MILLIS)]
      return { owner, running: turnout.start(["relay", ...access, "--owner", owner, ...ttl]) }
    }
    const consumer = () => ({
      owner: undefined,
      running: turnout.start(["worker", ...access, "--handlers", "handlers.mjs", "--consumer", "recorder"])
    })
    const makers = [relay, relay, relay, consumer, consumer, consumer]
    const processes = makers.map((make) => make())
    const ended: Array<CommandLine.Running> = []

    const slotsOf = async (owner: string) =>
      (await CommandLine.sql(url, `SELECT slot FROM turnout.outbox_slots WHERE owner = '${owner}'`)).length
    const takeovers: Array<number> = []
    /** How long it takes until others have every slot that a dead relay held. */
    const watch = async (owner: string) => {
      if ((await slotsOf(owner)) === 0) return
      const diedAt = Date.now()
      while ((await slotsOf(owner)) > 0) await sleep(20)
      takeovers.push(Date.now() - diedAt)
    }

    const paused = new Set<CommandLine.Running>()
    const isUp = ({ running }: (typeof processes)[number]): boolean =>
      !paused.has(running) &&
      /relaying to|takes messages from/.test(`${running.printed.stderr}${running.printed.stdout}`)
    /** The places of processes that can be hit: those at work. Of the relays, one is left, to take over from the others. */
    const atWork = (): ReadonlyArray<number> => {
      const up = [...processes.keys()].filter((place) => isUp(processes[place]!))
      const isRelay = (place: number): boolean => processes[place]!.owner !== undefined
      return up.filter(isRelay).length > 1 ? up : up.filter((place) => !isRelay(place))
    }

    const writing = write(url)
    const watching: Array<Promise<void>> = []
    let kills = 0
    let pauses = 0
    // On a busy machine it takes a while until another one is at work.
    for (const end = Date.now() + KILLING_MILLIS; Date.now() < end || kills <= LEAST_KILLS;) {
      await sleep(1_000)
      const victims = atWork()
      if (victims.length === 0) continue
      const victim = victims[randomInt(victims.length)]!
      const { owner, running } = processes[victim]!
      if (owner !== undefined && randomInt(4) === 0) {
        pauses += 1
        paused.add(running)
        running.process.kill("SIGSTOP")
        setTimeout(() => {
          running.process.kill("SIGCONT")
          paused.delete(running)
        }, PAUSE_MILLIS)
        continue
      }
      kills += 1
      ended.push(running)
      running.process.kill("SIGKILL")
      if (owner !== undefined) watching.push(watch(owner))
      processes[victim] = makers[victim]!()
    }
    await writing
    const count = async () =>
      Number(((await CommandLine.sql(url, "SELECT count(*) AS count FROM effects")) as [{ count: string }])[0].count)
    const all = STREAMS * ENTRIES
    for (let last = -1, now = await count(); now < all && now !== last; now = await count()) {
      last = now
      // Nothing for this long means that something was lost.
      for (let waited = 0; waited < 30_000 && (await count()) === now; waited += 500) await sleep(500)
    }
    await Promise.all(watching)

    const journal =
      "SELECT count(*)::integer AS entries, count(DISTINCT event_id)::integer AS streams FROM turnout.journal"
    assert.deepStrictEqual(await CommandLine.sql(url, journal), [{ entries: all, streams: STREAMS }])
    const missing = await CommandLine.sql(
      url,
      "SELECT j.id FROM turnout.journal j LEFT JOIN effects e ON e.message = j.id WHERE e.message IS NULL LIMIT 10"
    )
    assert.deepStrictEqual(missing, [], "O2: an entry had no effect")
    const doubled = await CommandLine.sql(
      url,
      "SELECT message FROM effects GROUP BY message HAVING count(*) > 1 LIMIT 10"
    )
    assert.deepStrictEqual(doubled, [], "N1: a message had two effects")
    const unordered = await CommandLine.sql(
      url,
      `SELECT stream, version, before FROM (
        SELECT stream, version, lag(version, 1, 0::bigint) OVER (PARTITION BY stream ORDER BY n) AS before FROM effects
      ) AS e WHERE version <> before + 1 LIMIT 10`
    )
    assert.deepStrictEqual(unordered, [], "O3: the effects of a stream are not in its order")
    const invented = await CommandLine.sql(
      url,
      "SELECT message FROM effects e WHERE NOT EXISTS (SELECT FROM turnout.journal j WHERE j.id = e.message) LIMIT 10"
    )
    assert.deepStrictEqual(invented, [], "O4: an effect of nothing")

    const printed = [...ended, ...processes.map(({ running }) => running)].map(({ printed }) => printed.stderr).join("")
    const refused = [...printed.matchAll(/has lost its hold of (\d+) slots/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0
    )
    console.info(
      `${kills} kills, ${pauses} pauses, ${refused} writes under a lost lease refused; slots of a dead relay ` +
        `were taken over after ${Math.max(...takeovers)} ms at the most (${takeovers.length} times)`
    )
    assert.isAbove(kills, LEAST_KILLS)
    assert.isAtMost(Math.max(...takeovers), LEASE_MILLIS + 10_000, "L2")
  })
})
