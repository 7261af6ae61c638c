/**
 * The metrics of a command that runs until it is stopped, at an address of their own for Prometheus to read.
 *
 * Without a port, they are served on the usual one. If another process has it, the command runs without them, and says so: two servers
 * on one machine start. If it was told a port, it listens there or does not run.
 */
import { METRICS_DEFAULTS } from "@turnout/http/ServerDefaults"
import { type Command, Option } from "commander"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { wholeNumber } from "../options/Numbers.ts"
import { WrongUsage } from "../WrongUsage.ts"

export interface MetricsOptions {
  /** False if nothing is served. */
  readonly metrics: boolean
  /** The port that was asked for. */
  readonly metricsPort?: number
  readonly metricsHost: string
  /** The number of ports between the first process of a server and this one, if several processes serve. */
  readonly metricsOffset?: number
}

type Given = MetricsOptions & { readonly programVersion: string }

const OTHERS = "--metrics-port chooses another port, 0 a free one, and --no-metrics leaves the metrics out"

const isTaken = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === "EADDRINUSE"

/** Serves the metrics for as long as the scope is open, and gives their URL; `undefined` if they are not served. */
export const serve = ({
  metrics,
  metricsHost: host,
  metricsOffset = 0,
  metricsPort,
  programVersion: version
}: Given): Effect.Effect<string | undefined, WrongUsage, Scope.Scope> =>
  Effect.gen(function* () {
    if (!metrics) return undefined
    const port = metricsPort === 0 ? 0 : (metricsPort ?? METRICS_DEFAULTS.port) + metricsOffset
    // Only commands that run for long load the server.
    const MetricsServer = yield* Effect.promise(() => import("@turnout/http/MetricsServer"))
    return yield* MetricsServer.make({ host, port, version }).pipe(
      Effect.map(({ url }) => url),
      Effect.catchTag("ServeError", ({ cause }) =>
        metricsPort === undefined && isTaken(cause)
          ? Effect.as(
              Effect.logWarning(`the metrics are not served, since port ${port} of ${host} is taken: ${OTHERS}`),
              undefined
            )
          : Effect.fail(new WrongUsage(`cannot serve the metrics on ${host}:${port} (${String(cause)}): ${OTHERS}`))
      )
    )
  })

/** Adds the options to a command. */
export const declare = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--metrics-port <number>",
        `port of /metrics, for Prometheus; 0 takes a free one (default: ${METRICS_DEFAULTS.port}, and none if it is taken)`
      )
        .env("TURNOUT_METRICS_PORT")
        .argParser(wholeNumber(0, 65_535))
    )
    .option("--metrics-host <address>", "address that /metrics listens on", METRICS_DEFAULTS.host)
    .option("--no-metrics", "serve no metrics")
