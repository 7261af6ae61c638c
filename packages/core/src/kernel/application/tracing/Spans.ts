/**
 * Spans, and the text by which they go on in other processes (`TraceParent`).
 *
 * With Effect's own tracer, nobody reads spans. Then none is made, and an effect costs one look at the fiber. The ids of a trace that
 * has come from elsewhere are passed on all the same.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as TraceParent from "../../domain/TraceParent.ts"
import * as DiscreetTracer from "./DiscreetTracer.ts"

/** The `traceparent` of the span that a fiber is in; `undefined` without one. */
export const traceParentOf = ({ cache: { span } }: Fiber.Fiber<unknown, unknown>): string | undefined =>
  span === undefined ? undefined : TraceParent.toText(span)

/** The span that a `traceparent` names; `undefined` if there is none, or if it is not valid. */
export const spanOf = (traceParent: string | undefined): Tracer.ExternalSpan | undefined => {
  const context = traceParent === undefined ? undefined : TraceParent.parse(traceParent)
  return context === undefined ? undefined : Tracer.externalSpan(context)
}

const isRead = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer

/**
 * Carries out an effect in a span. The options are made only if the span is. Of a failure, the span has nothing but the name of the
 * error.
 */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  name: string,
  options: () => Tracer.SpanOptionsNoTrace
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) =>
    isRead(fiber)
      ? Effect.acquireUseRelease(
          Scope.make(),
          (scope) =>
            Effect.flatMap(
              Scope.provide(Effect.makeSpanScoped(name, options()), scope),
              (span) => Effect.withParentSpan(effect, span) as Effect.Effect<A, E, R>
            ),
          (scope, exit) => Scope.close(scope, DiscreetTracer.exitOf(exit))
        )
      : effect
  )

/** Gives attributes to the span that an effect is in, if spans are read. */
export const annotate = (attributes: () => Readonly<Record<string, unknown>>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => (isRead(fiber) ? Effect.annotateCurrentSpan(attributes()) : Effect.void))

/** Carries out an effect as a part of the trace of this span; without one, as a part of none. */
export const continuing = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  parent: Tracer.ExternalSpan | undefined
): Effect.Effect<A, E, R> =>
  parent === undefined ? effect : (Effect.withParentSpan(effect, parent) as Effect.Effect<A, E, R>)
