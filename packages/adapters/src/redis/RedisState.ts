/**
 * What is known of the Redis, for a health endpoint and for the log, and what is counted.
 *
 * | metric | kind | unit |
 * | --- | --- | --- |
 * | `turnout_redis_up` | gauge | 1 if commands are sent to the server, 0 if they fail at once |
 * | `turnout_redis_commands_total` | counter | commands, by `outcome`: `ok`, `error`, `timeout` or `refused` |
 *
 * The log has a line when an outage begins, one for each other cause that it takes on, and one when it is over.
 */
import * as Outage from "@turnout/core/kernel/application/Outage"
import { monotonicMillis } from "@turnout/core/kernel/application/time/MonotonicTime"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"

/** What is known of a server. */
export interface ServerState {
  /** `up` if commands are sent to the server; `down` if they fail at once, since there is no connection or the breaker is open. */
  readonly status: "up" | "down"
  /** When that began: when the layer was built, or at the last change. */
  readonly since: Date
  /** The last failure of the server or of connecting to it; `null` if there was none. `kind` can be shown: it has no secret. */
  readonly failure: { readonly at: Date; readonly kind: string } | null
}

export class RedisState extends Context.Service<
  RedisState,
  {
    /** Returns what is known now, without asking the server. */
    readonly state: Effect.Effect<ServerState>
  }
>()("@turnout/RedisState") {}

export type CommandOutcome = "ok" | "error" | "timeout" | "refused"

export const up = Metric.gauge("turnout_redis_up", {
  description: "Whether commands are sent to the Redis server (1), or fail at once (0)"
})

const commands = Metric.counter("turnout_redis_commands_total", {
  description: "Commands for the Redis server, by outcome: ok, error, timeout or refused",
  incremental: true
})
export const commandsBy: Readonly<Record<CommandOutcome, Metric.Counter<number>>> = {
  ok: Metric.withAttributes(commands, { outcome: "ok" }),
  error: Metric.withAttributes(commands, { outcome: "error" }),
  timeout: Metric.withAttributes(commands, { outcome: "timeout" }),
  refused: Metric.withAttributes(commands, { outcome: "refused" })
}

export interface Observed {
  readonly state: () => ServerState
  /** Notes a failure, in a word or two, of a server that may be up all the same. */
  readonly failed: (kind: string) => void
  readonly isUp: () => void
  readonly isDown: () => void
  readonly count: (outcome: CommandOutcome) => void
}

/** Begins as `down`. Tells the metric registry and the log of this context. */
export const make: Effect.Effect<Observed, never, Scope.Scope> = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const now = () => new Date(clock.currentTimeMillisUnsafe())
  const log = Effect.runForkWith(context)
  const outage = Outage.make(() => monotonicMillis(clock))
  let state: ServerState = { status: "down", since: now(), failure: null }
  let calm: NodeJS.Timeout | undefined

  const change = (status: ServerState["status"]): void => {
    if (state.status === status) return
    state = { ...state, status, since: now() }
    up.updateUnsafe(status === "up" ? 1 : 0, context)
  }
  const tellOfEnd = (): void => {
    const millis = outage.over()
    if (millis !== undefined) log(Effect.logInfo(`Redis is used again after ${Outage.inWords(millis)}`))
  }
  up.updateUnsafe(0, context)
  yield* Effect.addFinalizer(() => Effect.sync(() => clearTimeout(calm)))

  return {
    state: () => state,
    failed: (kind) => {
      state = { ...state, failure: { at: now(), kind } }
    },
    isUp: () => {
      change("up")
      outage.worked()
      clearTimeout(calm)
      calm = setTimeout(tellOfEnd, Outage.CALM_MILLIS + 1).unref()
    },
    isDown: () => {
      change("down")
      const kind = state.failure?.kind ?? "closed"
      if (outage.failed(kind)) log(Effect.logWarning(`Redis cannot be used: ${kind}; commands fail at once meanwhile`))
    },
    count: (outcome) => commandsBy[outcome].updateUnsafe(1, context)
  }
})
