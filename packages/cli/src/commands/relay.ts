/**
 * `turnout relay`: delivers the journal to sinks until somebody stops it.
 */
import type * as Relay from "@turnout/core/application/Relay"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { CliError } from "../CliError.ts"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import * as Sinks from "../Sinks.ts"

export interface RelayOptions extends Sinks.SinkOptions {
  readonly owner?: string
  readonly leaseTtl: number
  readonly startFrom: "beginning" | "now"
}

export const relay = async (options: Database.GlobalOptions & RelayOptions): Promise<boolean> => {
  const names = [...(options.sqs ?? []), ...(options.stdout ? ["stdout"] : [])]
  if (names.length === 0) throw new CliError("name a sink: --sqs with the URL of a queue, or --stdout")
  const settings: Relay.RelayOptions = {
    ttlMillis: options.leaseTtl,
    startFrom: options.startFrom,
    ...(options.owner === undefined ? {} : { owner: options.owner })
  }
  const relaying = Effect.gen(function* () {
    // Messages may be on stdout: this is for people.
    process.stderr.write(`${Output.notice(`relaying to ${names.join(", ")}`)}\nCtrl-C stops it.\n`)
    return yield* Effect.never
  }).pipe(
    Effect.provide(Layer.provide(Sinks.relays(options, settings), Database.stores(options))),
    Effect.provide(Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]))
  )
  const fiber = Effect.runFork(relaying)
  let stopping = false
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(signal === "SIGINT" ? 130 : 143)
    stopping = true
    fiber.interruptUnsafe()
    setTimeout(() => process.exit(0), Sinks.STOP_MILLIS).unref()
  }
  process.on("SIGINT", stop).on("SIGTERM", stop)
  const exit = await Effect.runPromise(Fiber.await(fiber))
  if (!stopping) await Effect.runPromise(exit)
  return true
}
