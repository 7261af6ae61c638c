/**
 * A burst: all callers ask for a seat in the same moment, each for one.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { Stopwatch } from "../support/Callers.ts"
import { eventId } from "../support/Database.ts"
import * as Script from "../support/Script.ts"
import { email, NAME, type Told } from "./Turn.ts"

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
  const watch = new Stopwatch()
  const beganAt = performance.now()
  const caller = (person: number) =>
    Effect.map(Effect.exit(register(person)), (exit) => {
      if (exit._tag === "Failure") watch.errors += 1
      watch.add(beganAt)
    })
  yield* Effect.forEach(
    Array.from({ length: callers }, (_, n) => WARM_UP + n),
    caller,
    { concurrency: "unbounded", discard: true }
  )
  clearInterval(sampling)
  highest = Math.max(highest, heapMiB())
  const told: Told = { ...watch.speed, batch: 0, heapGrowthMiB: highest - before }
  Script.result(told)
})

await Effect.runPromise(
  program.pipe(Effect.provide(Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url }))))))
)
