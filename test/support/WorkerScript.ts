/**
 * The common part of the scripts that `Worker` runs.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"
import { once } from "node:events"

/** Sends `ready`, and waits for the message `go`. */
export const ready = Effect.promise(() => {
  const told = once(process, "message")
  process.send!("ready")
  return told
})

/** Runs the script with Turnout on a database, sends its result, and ends. */
export const run = (url: string, script: Effect.Effect<unknown, unknown, Turnout.Turnout>): Promise<void> =>
  script
    .pipe(
      Effect.provide(Turnout.layer().pipe(Layer.provide(PostgresStore.layer({ url })))),
      Effect.flatMap((result) => Effect.sync(() => process.send!(result))),
      Effect.runPromise
    )
    .then(() => process.disconnect())
