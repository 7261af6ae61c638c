/**
 * Tracing of ports, outside of their implementations: each operation is a span named by port and operation, such as
 * `Outbox.claim`.
 *
 * With Effect's own tracer, nobody listens: then an operation costs one look at the fiber and makes no span (`Spans`). Metrics count
 * what happens in total; spans show where the time of one request or one round of a relay went. They have no values of parameters.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Spans from "./tracing/Spans.ts"

const traced = <A, E, R>(operation: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R> =>
  Spans.within(operation, name, () => ({ kind: "client" }))

/** The last part of a service key: `@turnout/Outbox` is the port `Outbox`. */
const nameOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1)

/** The service with traced operations. Members that are not operations stay as they are. */
export const trace = <Service extends object>(port: string, service: Service): Service => {
  const operations = Object.entries(service).map(([operation, member]: [string, unknown]) => {
    const name = `${nameOf(port)}.${operation}`
    if (Effect.isEffect(member)) return [operation, traced(member, name)]
    if (typeof member !== "function") return [operation, member]
    return [
      operation,
      (...parameters: ReadonlyArray<unknown>) => {
        const result: unknown = Reflect.apply(member, service, parameters)
        return Effect.isEffect(result) ? traced(result, name) : result
      }
    ]
  })
  return Object.fromEntries(operations) as Service
}

/** Puts the traced service in the place of the one that was provided. */
export const layer = <Id, Service extends object>(port: Context.Key<Id, Service>): Layer.Layer<Id, never, Id> =>
  Layer.effect(
    port,
    Effect.map(port, (service) => trace(port.key, service))
  )
