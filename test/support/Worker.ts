/**
 * Another process that uses the same database. It runs a script of this folder, on the sources and on the Node of the tests.
 *
 * A script sends `ready` (by `WorkerScript.ready`) once it is connected, and then waits for the message `go`. Its other
 * messages are its results.
 */
import { Deferred, Effect, Queue } from "effect"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { environment } from "./Environment.ts"

export interface Worker {
  readonly go: Effect.Effect<void>
  /** The next message of the script; a defect if it has ended. */
  readonly result: Effect.Effect<unknown>
  /** Kills the process with `kill -9`. Resolves when it is gone. */
  readonly kill: Effect.Effect<void>
}

/** Starts a script, waits until it is ready, and kills it when the scope closes. */
export const start = Effect.fnUntraced(function* (script: string, args: ReadonlyArray<string>) {
  const said = yield* Queue.unbounded<Effect.Effect<unknown>>()
  const gone = yield* Deferred.make<void>()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      fork(fileURLToPath(new URL(script, import.meta.url)), args, {
        execPath: process.execPath,
        execArgv: ["--conditions=@turnout/source"],
        env: environment
      })
    ),
    (child) =>
      Effect.andThen(
        Effect.sync(() => child.kill("SIGKILL")),
        Deferred.await(gone)
      )
  )
  child.on("message", (message) => Queue.offerUnsafe(said, Effect.succeed(message)))
  child.once("exit", (code) => {
    Queue.offerUnsafe(said, Effect.die(new Error(`${script} has ended with code ${code}`)))
    Deferred.doneUnsafe(gone, Effect.void)
  })
  const worker: Worker = {
    go: Effect.sync(() => void child.send("go")),
    result: Effect.flatten(Queue.take(said)),
    kill: Effect.andThen(
      Effect.sync(() => void child.kill("SIGKILL")),
      Deferred.await(gone)
    )
  }
  const first = yield* worker.result
  if (first !== "ready") return yield* Effect.die(new Error(`${script} is not ready: ${String(first)}`))
  return worker
})
