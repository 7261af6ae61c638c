/**
 * A process that carries out commands, and tries each until it has an answer.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import type { Reply } from "@turnout/core/admission/application/Commands"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer, Logger, Result, Schedule } from "effect"
import type { Asked, Told } from "./Torture.ts"

const url = process.argv[2]!
const tell = (told: Told | "ready") => void process.send!(told)

const answerOf = (reply: Reply<Asked["command"]>): Told["answer"] => {
  const { answer } = reply
  if (Result.isFailure(answer)) return { isOk: false, text: answer.failure._tag }
  if (!("registration" in answer.success)) return { isOk: true, text: "ok" }
  const { id, state } = answer.success.registration
  return { isOk: true, text: `${id} ${state}`, registrationId: id }
}

const work = Effect.gen(function* () {
  const turnout = yield* Turnout.Turnout
  process.on("message", ({ command, key, number }: Asked) => {
    const asking = turnout.execute(command, { idempotencyKey: key, actor: "client" }).pipe(
      // The server is away, the connection was cut, or the outcome is unknown: repeating the command under its key gives
      // the answer.
      Effect.retry({
        while: (error) => error._tag === "Overloaded" || (error._tag === "StoreError" && error.isRetryable),
        schedule: Schedule.jittered(Schedule.spaced("100 millis"))
      }),
      Effect.match({
        onSuccess: (reply) => tell({ number, answer: answerOf(reply) }),
        onFailure: (error) => tell({ number, answer: { isOk: false, text: `failed: ${String(error)}` } })
      })
    )
    Effect.runFork(asking)
  })
  tell("ready")
  return yield* Effect.never
})

const silent = Logger.layer([])
await Effect.runPromise(
  work.pipe(
    Effect.provide(Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url, poolSize: 6 }))))),
    Effect.provide(silent)
  )
)
