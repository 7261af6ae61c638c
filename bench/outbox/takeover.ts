/**
 * The takeover of the slots of a relay that is killed with `kill -9`, and of a relay that is paused for longer than its lease.
 *
 * Three relays in processes of their own share the slots, and entries are written to every slot all the time. One relay is
 * killed: the clock runs until all of its slots are delivered again. Then another is paused, and goes on once the last one
 * has its slots: the store refuses its writes. In the end every entry must have been delivered, each stream in its order.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as RelayMetrics from "@turnout/core/delivery/application/RelayMetrics"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { fork, type ChildProcess } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import * as Script from "../support/Script.ts"
import { EMPTY_OUTBOX, streamId } from "./Backlog.ts"
import * as Connection from "./Connection.ts"
import * as Wait from "./Wait.ts"

export interface Takeover {
  readonly url: string
  readonly ttlMillis: number
}

export interface TakenOver {
  /** The time from the kill until the last slot of the killed relay is delivered again. */
  readonly millis: number
  /** The number of slots that it held. */
  readonly slots: number
  /** The number of slots in which the store refused writes of the paused relay. */
  readonly refused: number
  readonly messages: number
  /** Messages that were delivered more than once. */
  readonly again: number
}

const SINK = "nowhere"
const WORKERS = 3
const WRITE_MILLIS = 20
/** The time under load before the kill, and after each takeover. */
const LOAD_MILLIS = 1_000
/** A wait that takes longer than this has failed. */
const until = Wait.within(60_000)

/** The report of a relay on each batch. */
interface Told {
  readonly slot: number
  readonly entries: ReadonlyArray<{ readonly stream: string; readonly version: number }>
  /** The number of slots that it has lost so far before it could acknowledge. */
  readonly stale: number
}

const work = ({ ttlMillis, url }: Takeover, owner: string): Promise<void> => {
  const program = Effect.gen(function* () {
    const stale = Metric.withAttributes(RelayMetrics.stale, { sink: SINK })
    const sink: Sink = {
      name: SINK,
      deliver: ({ deliveries, slot }) =>
        Effect.map(Metric.value(stale), ({ count }) => {
          const entries = deliveries.map(({ eventId, version }) => ({ stream: eventId, version }))
          process.send!({ slot, entries, stale: Number(count) } satisfies Told)
          return deliveries.map(() => delivered)
        })
    }
    return yield* Relay.run(sink, { owner, ttlMillis, pollMillis: 100 })
  }).pipe(Effect.scoped)
  const outbox = PostgresOutbox.layerFromClient().pipe(Layer.provide(Layer.orDie(PostgresStore.layerClient({ url }))))
  return Effect.runPromise(program.pipe(Effect.provide(outbox)))
}

const measure = async (sql: Connection.Sql): Promise<TakenOver> => {
  await sql(EMPTY_OUTBOX)

  /** The number of times that each version of a stream arrived. */
  const came = new Map<string, Array<number>>()
  /** The relay that delivered each slot last, and the time when it began to. */
  const holders = new Map<number, { readonly worker: number; readonly since: number }>()
  const stale = new Map<number, number>()
  let again = 0
  const heard = (worker: number, told: Told) => {
    if (holders.get(told.slot)?.worker !== worker) holders.set(told.slot, { worker, since: performance.now() })
    stale.set(worker, told.stale)
    for (const { stream, version } of told.entries) {
      const counts = came.get(stream) ?? []
      came.set(stream, counts)
      if (version > counts.length + 1) throw new Error(`version ${version} of ${stream} came after ${counts.length}`)
      counts[version - 1] = (counts[version - 1] ?? 0) + 1
      if (counts[version - 1] === 2) again += 1
    }
  }
  const workers = Array.from({ length: WORKERS }, (_, worker): ChildProcess => {
    const child = fork(process.argv[1]!, process.argv.slice(2), {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { ...process.env, OWNER: `worker ${worker}` }
    })
    return child.on("message", (told) => heard(worker, told as Told))
  })

  let versions = 0
  const stop = new AbortController()
  const write = async () => {
    while (!stop.signal.aborted) {
      versions += 1
      await sql(`INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
        SELECT ${streamId("n")}, ${versions}, gen_random_uuid(), 'EventPublished', 1, '{}', 'bench', now()
        FROM generate_series(0, ${SLOTS - 1}) AS n`)
      await sleep(WRITE_MILLIS)
    }
  }
  const slotsOf = (worker: number) =>
    Array.from(holders).flatMap(([slot, holder]) => (holder.worker === worker ? [slot] : []))
  const share = Math.ceil(SLOTS / WORKERS)
  try {
    const writing = write()
    await until(
      () => holders.size === SLOTS && workers.every((_, worker) => slotsOf(worker).length <= share),
      "the slots are shared"
    )
    await sleep(LOAD_MILLIS)
    const slots = slotsOf(0)
    const killedAt = performance.now()
    workers[0]!.kill("SIGKILL")
    await until(() => slotsOf(0).length === 0, "the slots of the dead relay are delivered again")
    const millis = Math.max(...slots.map((slot) => holders.get(slot)!.since)) - killedAt
    await sleep(LOAD_MILLIS)
    workers[1]!.kill("SIGSTOP")
    await until(() => slotsOf(1).length === 0, "the slots of the paused relay are delivered again")
    workers[1]!.kill("SIGCONT")
    await until(() => slotsOf(1).length > 0, "the relay that was paused takes part again")
    await sleep(LOAD_MILLIS)
    stop.abort()
    await writing
    await until(
      () => came.size === SLOTS && [...came.values()].every((counts) => counts.length === versions),
      "everything is delivered"
    )
    const refused = [...stale.values()].reduce((sum, count) => sum + count, 0)
    return { millis, slots: slots.length, refused, messages: versions * SLOTS, again }
  } finally {
    for (const worker of workers) worker.kill("SIGKILL")
  }
}

const asked = Script.settings<Takeover>()
if (process.send !== undefined) await work(asked, process.env["OWNER"]!)
else {
  await using connection = Connection.open(asked.url)
  Script.result(await measure(connection.sql))
}
