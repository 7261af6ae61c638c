/**
 * Turnout as a host would embed it: callers register people, each with an idempotency key.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import { batchSize } from "@turnout/core/admission/application/engine/EngineMetrics"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { randomUUID } from "node:crypto"
import * as Callers from "../support/Callers.ts"
import { eventId } from "../support/Database.ts"
import * as Script from "../support/Script.ts"
import { email, NAME, type Told, type Turn } from "./Turn.ts"

const turn = Script.settings<Turn>()

const program = Effect.gen(function* () {
  const turnout = yield* Turnout.Turnout
  let n = 0
  const once = Effect.suspend(() => {
    const person = n++
    const attendee = { email: email(turn.tag, person), name: NAME }
    return turnout.register(eventId((person % turn.events) + 1), { attendee }, { idempotencyKey: randomUUID() })
  })
  let before = yield* Metric.value(batchSize)
  const onWarm = Effect.map(Metric.value(batchSize), (sizes) => void (before = sizes))
  const speed = yield* Callers.measure(once, turn, onWarm)
  const after = yield* Metric.value(batchSize)
  const told: Told = { ...speed, batch: (after.sum - before.sum) / (after.count - before.count) }
  Script.result(told)
})

await Effect.runPromise(
  program.pipe(Effect.provide(Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url: turn.url }))))))
)
