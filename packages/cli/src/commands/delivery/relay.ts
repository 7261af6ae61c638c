/**
 * `turnout relay`: delivers the journal to sinks until it is stopped.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import * as Activity from "../../activity/Activity.ts"
import * as Metrics from "../../activity/Metrics.ts"
import * as RelayActivity from "../../activity/RelayActivity.ts"
import { quiet } from "../../activity/Quiet.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { allowPrivate, startFrom, stdout } from "../../options/Sinks.ts"
import { sqs, sqsEndpoint, sqsRegion } from "../../options/neighbours/Sqs.ts"
import * as IdempotencySweep from "@turnout/core/admission/application/engine/IdempotencySweep"
import { processName } from "@turnout/core/delivery/application/HeldLease"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Database from "../../Database.ts"
import * as NamedQueue from "../../sinks/NamedQueue.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as Running from "../../Running.ts"
import * as Sinks from "../../sinks/Sinks.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface RelayOptions extends Sinks.SinkOptions, Metrics.MetricsOptions {
  readonly owner?: string
  readonly leaseTtl: number
  readonly startFrom: "beginning" | "now"
  readonly quiet?: boolean
}

/**
 * Says that the relays have begun: with `--json` in a document on stdout, unless messages go there, and then in the log; otherwise in
 * words on stderr.
 */
const announce = (
  options: Database.GlobalOptions & RelayOptions,
  sinks: ReadonlyArray<string>,
  metrics: string | undefined
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { json, leaseTtl: leaseMillis, owner, quiet, stdout } = options
    const database = Database.describe(options)
    const told = { sinks, database, owner: owner ?? processName(), leaseMillis, metrics: metrics ?? null }
    if (json === true && stdout !== undefined) return Effect.annotateLogs(Effect.logInfo("relaying"), told)
    if (json === true) Output.result(options, told, () => [])
    else if (quiet !== true)
      Output.notice(
        Line.heading(`relaying to ${sinks.join(", ")}`),
        `  Database  ${database}`,
        `  Owner     ${told.owner}`,
        ...(metrics === undefined ? [] : [`  Metrics   ${metrics}`]),
        "",
        Line.faint("Ctrl-C stops it.")
      )
    return Effect.void
  })

export const relay = async (options: Database.GlobalOptions & RelayOptions): Promise<boolean> => {
  const names = [
    ...(options.sqs ?? []).map(NamedQueue.show),
    ...(options.stdout === undefined ? [] : [options.stdout === true ? "stdout" : `stdout:${options.stdout}`]),
    ...(options.webhooks ? ["webhooks"] : []),
    ...(options.sales ? ["sales summaries"] : [])
  ]
  if (names.length === 0)
    throw new WrongUsage("name a sink: --sqs with the URL of a queue, --webhooks, --sales, or --stdout")
  const settings: Relay.RelayOptions = {
    ttlMillis: options.leaseTtl,
    startFrom: options.startFrom,
    ...(options.owner === undefined ? {} : { owner: options.owner })
  }
  const relays = Layer.merge(Sinks.relays(options, settings), IdempotencySweep.layer())
  const relaying = Effect.gen(function* () {
    const metrics = yield* Metrics.serve(options)
    const announced = Effect.andThen(announce(options, names, metrics), Effect.never)
    return yield* Effect.provide(announced, Layer.provide(relays, Database.stores(options)))
  }).pipe(Effect.scoped)
  return Running.untilStopped(options, Activity.around(RelayActivity.activity, relaying), Sinks.STOP_MILLIS)
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const command = program
    .command("relay")
    .description("deliver the journal to sinks; any number of relays share the work")
    .addOption(sqs())
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .addOption(stdout())
    .option("--webhooks", "post to webhooks")
    .option("--sales", "keep sales summaries up to date")
    .addOption(allowPrivate())
    .option("--owner <name>", "name of this relay, unique among all (default: host, process and a random part)")
    .option(
      "--lease-ttl <millis>",
      "time of a lease, after which others take over from a relay that died",
      wholeNumber(Relay.LEASE_BOUNDS.min, Relay.LEASE_BOUNDS.max),
      Relay.DEFAULTS.ttlMillis
    )
    .addOption(quiet())
    .addOption(startFrom(Relay.DEFAULTS.startFrom))
  Metrics.declare(command).action(action(relay))
}
