/**
 * Runs effects, whose logs go to stderr: one line each, with `--json` a JSON document (`LogDocument`).
 *
 * Without this, Effect writes logs to stdout, among the results, and as they are.
 */
import { CurrentRequest, none } from "@turnout/core/access/application/audit/CurrentRequest"
import type * as Fiber from "effect/Fiber"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as LogDocument from "../telemetry/LogDocument.ts"
import type { Format } from "./Output.ts"
import * as Streams from "./Streams.ts"

/** Both formats quote text as JSON does, and so escapes are those of JSON. */
const layer = ({ json, quiet }: Format) => {
  const logger = Logger.layer([
    Logger.make((line) => {
      const { span } = line.fiber.cache
      const text =
        json === true
          ? LogDocument.toJson(Logger.formatStructured.log(line), span)
          : LogDocument.toText(Logger.formatLogFmt.log(line), span)
      Streams.writeJson("stderr", [text])
    })
  ])
  return quiet === true ? Layer.merge(logger, Layer.succeed(References.MinimumLogLevel, "Warn")) : logger
}

/** What a command decides, the audit log tells from what requests decide. */
export const ofCommand: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.provideService(
  CurrentRequest,
  { ...none, credential: "cli" }
)

/** Runs an effect of a command to its end. */
export const runPromise = <A, E>(format: Format, effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(ofCommand(effect), layer(format)))

/** Starts an effect. */
export const runFork = <A, E>(format: Format, effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> =>
  Effect.runFork(Effect.provide(effect, layer(format)))
