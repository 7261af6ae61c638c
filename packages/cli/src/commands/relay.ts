/**
 * `turnout relay`: delivers the journal to sinks until somebody stops it.
 */
import type * as Relay from "@turnout/core/application/Relay"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CliError } from "../CliError.ts"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import * as Running from "../Running.ts"
import * as Sinks from "../Sinks.ts"

export interface RelayOptions extends Sinks.SinkOptions {
  readonly owner?: string
  readonly leaseTtl: number
  readonly startFrom: "beginning" | "now"
}

export const relay = async (options: Database.GlobalOptions & RelayOptions): Promise<boolean> => {
  const names = [
    ...(options.sqs ?? []),
    ...(options.stdout ? ["stdout"] : []),
    ...(options.webhooks ? ["webhooks"] : []),
    ...(options.sales ? ["sales summaries"] : [])
  ]
  if (names.length === 0)
    throw new CliError("name a sink: --sqs with the URL of a queue, --webhooks, --sales, or --stdout")
  const settings: Relay.RelayOptions = {
    ttlMillis: options.leaseTtl,
    startFrom: options.startFrom,
    ...(options.owner === undefined ? {} : { owner: options.owner })
  }
  const relaying = Effect.gen(function* () {
    // Messages may be on stdout: this is for people.
    process.stderr.write(`${Output.notice(`relaying to ${names.join(", ")}`)}\nCtrl-C stops it.\n`)
    return yield* Effect.never
  }).pipe(Effect.provide(Layer.provide(Sinks.relays(options, settings), Database.stores(options))))
  return Running.untilStopped(relaying, Sinks.STOP_MILLIS)
}
