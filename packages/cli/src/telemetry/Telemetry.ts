/**
 * Telemetry of the commands that run for long: traces, metrics and logs, sent by OTLP to where the usual variables of OpenTelemetry say.
 *
 * Without such a variable, nothing is sent and nothing is loaded for it (`OtlpExport`).
 */
import * as Effect from "effect/Effect"

/** How long the last of the telemetry may take once the work of a command is over. */
export const FLUSH_MILLIS = 2_000

type Variables = Readonly<Record<string, string | undefined>>

/** The variables that say where telemetry goes: for all three signals, or for one. */
const ENDPOINTS = ["", "_TRACES", "_METRICS", "_LOGS"].map((signal) => `OTEL_EXPORTER_OTLP${signal}_ENDPOINT`)

/** Whether the variables say where telemetry goes, and do not say that there is to be none. */
export const isWanted = (variables: Variables): boolean =>
  variables["OTEL_SDK_DISABLED"]?.trim().toLowerCase() !== "true" &&
  ENDPOINTS.some((name) => (variables[name] ?? "").trim() !== "")

/** How much longer a command may take to stop. */
export const stopMillis = (): number => (isWanted(process.env) ? FLUSH_MILLIS : 0)

/** Sends the telemetry of some work. Whatever becomes of the telemetry, the work is not held up by it, and does not fail. */
export const around = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  isWanted(process.env)
    ? Effect.flatMap(
        Effect.promise(() => import("./OtlpExport.ts")),
        (OtlpExport) => OtlpExport.around(work, process.env, FLUSH_MILLIS)
      )
    : work
