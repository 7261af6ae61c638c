/**
 * Turnout, as a host would embed it: callers who register people, each with an idempotency key.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import { batchSize } from "@turnout/core/application/EngineMetrics"
import * as Turnout from "@turnout/core/application/Turnout"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { randomUUID } from "node:crypto"
import { Stopwatch, WARM_UP_CALLERS } from "../support/Callers.ts"
import { eventId } from "../support/Database.ts"
import * as Script from "../support/Script.ts"
import { email, NAME, type Told, type Turn } from "./Turn.ts"

const { callers, events, seconds, tag, url, warmUpSeconds } = Script.settings<Turn>()

const program = Effect.gen(function* () {
  const turnout = yield* Turnout.Turnout
  let n = 0
  const caller = Effect.fnUntraced(function* (watch: Stopwatch) {
    while (!watch.isOver) {
      const person = n++
      const attendee = { email: email(tag, person), name: NAME }
      const beganAt = performance.now()
      const exit = yield* Effect.exit(
        turnout.register(eventId((person % events) + 1), { attendee }, { idempotencyKey: randomUUID() })
      )
      if (exit._tag === "Failure") watch.errors += 1
      else watch.add(beganAt)
    }
  })
  const measure = Effect.fnUntraced(function* (callers: number, seconds: number) {
    const watch = new Stopwatch(seconds)
    yield* Effect.all(
      Array.from({ length: callers }, () => caller(watch)),
      { concurrency: "unbounded", discard: true }
    )
    return watch.speed
  })
  yield* measure(Math.max(callers, WARM_UP_CALLERS), warmUpSeconds)
  const before = yield* Metric.value(batchSize)
  const speed = yield* measure(callers, seconds)
  const after = yield* Metric.value(batchSize)
  const told: Told = { ...speed, batch: (after.sum - before.sum) / (after.count - before.count) }
  Script.result(told)
})

await Effect.runPromise(
  program.pipe(Effect.provide(Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url }))))))
)
