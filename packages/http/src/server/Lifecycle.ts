/**
 * The shutdown of the server: its states between the request to stop and its end.
 *
 * ```text
 * serving ──stop──▶ draining: not ready, answers carry `Connection: close`
 *                      │ after drainDelayMillis
 *                      ▼
 *                   closed to new connections; idle ones are ended, running requests are finished
 *                      │ when all are done, or after shutdownGraceMillis
 *                      ▼
 *                   stopped
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The state that the readiness check, the fallback and the drain share. */
export class Lifecycle extends Context.Service<Lifecycle, { draining: boolean }>()("@turnout/Lifecycle") {}

export const layer: Layer.Layer<Lifecycle> = Layer.sync(Lifecycle, () => ({ draining: false }))

/** The layer that begins the shutdown. It is built after the server, so that it is torn down before it. */
export const drain = (
  closeQuietConnections: () => void,
  drainDelayMillis: number
): Layer.Layer<never, never, Lifecycle> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const lifecycle = yield* Lifecycle
      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          lifecycle.draining = true
          yield* Effect.sleep(drainDelayMillis)
          closeQuietConnections()
        })
      )
    })
  )
