/**
 * What the scripts of `Worker` have in common.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"
import { once } from "node:events"

/** Says that the script is ready, and waits to be told to go. */
export const ready = Effect.promise(() => {
  const told = once(process, "message")
  process.send!("ready")
  return told
})

/** Runs the script on Turnout on a database, says what comes of it, and ends. */
export const run = (url: string, script: Effect.Effect<unknown, unknown, Turnout.Turnout>): Promise<void> =>
  script
    .pipe(
      Effect.provide(Turnout.layer().pipe(Layer.provide(PostgresStore.layer({ url })))),
      Effect.flatMap((result) => Effect.sync(() => process.send!(result))),
      Effect.runPromise
    )
    .then(() => process.disconnect())
