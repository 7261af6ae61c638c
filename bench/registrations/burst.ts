/**
 * Everybody at once: so many callers ask for a seat in the same moment, each for one.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/application/Turnout"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { percentile } from "../support/Contest.ts"
import { eventId } from "../support/Database.ts"
import * as Script from "../support/Script.ts"
import { email, NAME } from "./Turn.ts"

const { callers, url } = Script.settings<{ readonly url: string; readonly callers: number }>()
const WARM_UP = 3_000

const heapMiB = () => process.memoryUsage().heapUsed / 2 ** 20

const program = Effect.gen(function* () {
  const turnout = yield* Turnout.Turnout
  const register = (person: number) =>
    turnout.register(
      eventId(1),
      { attendee: { email: email("burst", person), name: NAME } },
      { idempotencyKey: randomUUID() }
    )
  const warmUp = Array.from({ length: WARM_UP }, (_, n) => register(n))
  yield* Effect.all(warmUp, { concurrency: 100, discard: true })
  globalThis.gc?.()
  const before = heapMiB()
  let highest = before
  const sampling = setInterval(() => (highest = Math.max(highest, heapMiB())), 5)
  const latencies: Array<number> = []
  let errors = 0
  const beganAt = performance.now()
  const caller = (person: number) =>
    Effect.map(Effect.exit(register(person)), (exit) => {
      if (exit._tag === "Failure") errors += 1
      latencies.push(performance.now() - beganAt)
    })
  yield* Effect.forEach(
    Array.from({ length: callers }, (_, n) => WARM_UP + n),
    caller,
    { concurrency: "unbounded", discard: true }
  )
  const tookMillis = performance.now() - beganAt
  clearInterval(sampling)
  highest = Math.max(highest, heapMiB())
  latencies.sort((a, b) => a - b)
  Script.result({
    errors,
    p99Millis: percentile(latencies, 0.99),
    heapGrowthMiB: highest - before,
    perSecond: (callers / tookMillis) * 1_000
  })
})

await Effect.runPromise(
  program.pipe(Effect.provide(Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url }))))))
)
