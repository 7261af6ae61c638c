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

/** Says that it has begun, with `--json` in a document; where messages go to stdout, on stderr. */
const announce = (options: Database.GlobalOptions & RelayOptions, sinks: ReadonlyArray<string>) => {
  if (options.json && !options.stdout) Output.result(options, { sinks }, () => [])
  else process.stderr.write(`${Output.notice(`relaying to ${sinks.join(", ")}`)}\nCtrl-C stops it.\n`)
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
    announce(options, names)
    return yield* Effect.never
  }).pipe(Effect.provide(Layer.provide(Sinks.relays(options, settings), Database.stores(options))))
  return Running.untilStopped(options, relaying, Sinks.STOP_MILLIS)
}
