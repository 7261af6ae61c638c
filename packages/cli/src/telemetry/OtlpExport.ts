/**
 * Sending telemetry by OTLP over HTTP, as the variables of OpenTelemetry say
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 *
 * - **Nothing waits for a collector, and nothing fails because of one.** Telemetry is sent in the background. If a request fails, or has
 *   no whole answer within `OTEL_EXPORTER_OTLP_TIMEOUT`, what waits is dropped, and nothing is sent for a minute: so little is ever kept.
 *   The log tells when that begins and when it is over.
 * - **A variable that cannot be read** is told of by the log. Then nothing is sent.
 * - **At the end** of the work, what is left is sent within `flushMillis`, and given up after that.
 * - Spans tell nothing about people (`DiscreetTracer`). The lines of the log still go to stderr.
 */
import * as DiscreetTracer from "@turnout/core/kernel/application/tracing/DiscreetTracer"
import * as Outage from "@turnout/core/kernel/application/Outage"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Otlp from "effect/observability/Otlp"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"

type Variables = Readonly<Record<string, string | undefined>>

/** The time for one request, unless a variable says another: the default of OpenTelemetry. */
const REQUEST_MILLIS = 10_000

/** What the variables mean if they are not there: by the specification all three signals are sent. */
const DEFAULTS = { OTEL_TRACES_EXPORTER: "otlp", OTEL_METRICS_EXPORTER: "otlp", OTEL_LOGS_EXPORTER: "otlp" }

/** A variable that is there and empty counts as absent, by the specification. */
const given = (variables: Variables): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined || value.trim() === "" ? [] : [[name, value]]
    )
  )

const isNamed = ({ OTEL_RESOURCE_ATTRIBUTES: attributes = "", OTEL_SERVICE_NAME: name }: Variables): boolean =>
  name !== undefined || /(^|,)\s*service\.name\s*=/.test(attributes)

const requestMillis = (variables: Variables): number => {
  const millis = Number(variables["OTEL_EXPORTER_OTLP_TIMEOUT"])
  return millis > 0 ? millis : REQUEST_MILLIS
}

/** What is told of a failure: its code or its name, and no URL, which may have a secret. */
const whyOf = (error: unknown): string => {
  for (let inner = error; Predicate.isObject(inner);) {
    const { cause, code, reason } = inner as { readonly [Name in "cause" | "code" | "reason"]?: unknown }
    if (typeof code === "string") return code
    inner = reason ?? cause
  }
  // The message of a client's error has the URL.
  return error instanceof Error && !("_tag" in error) ? error.message : "the collector cannot be reached"
}

/**
 * A client that gives up a request after a time, the body of its answer included, and logs the outages of the collector. Once `isOver` is
 * done, it gives up all requests: effect's exporters would hold on to theirs for three seconds more.
 */
const client = (millis: number, isOver: Deferred.Deferred<void>) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (fetching) => {
      const outage = Outage.make(() => performance.now())
      const failed = (why: string) =>
        outage.failed(why) ? Effect.logWarning(`telemetry cannot be sent, and is dropped: ${why}`) : Effect.void
      const worked = Effect.suspend(() => {
        outage.worked()
        const lasted = outage.over()
        return lasted === undefined
          ? Effect.void
          : Effect.logInfo(`telemetry is sent again after ${Outage.inWords(lasted)}`)
      })
      return HttpClient.transformResponse(fetching, (request) =>
        Effect.tap(request, (response) => response.arrayBuffer).pipe(
          Effect.timeoutOrElse({
            duration: millis,
            // A defect is not tried again: a collector that hangs is left alone at once.
            orElse: () => Effect.die(new Error(`no answer within ${millis} ms`))
          }),
          Effect.tapCause((cause) =>
            Cause.hasInterruptsOnly(cause) ? Effect.void : failed(whyOf(Cause.squash(cause)))
          ),
          Effect.tap(({ status }) => (status < 400 ? worked : failed(`the answer is ${status}`))),
          Effect.raceFirst(Effect.andThen(Deferred.await(isOver), Effect.interrupt))
        )
      )
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))

/** The form of the requests: by the specification `http/protobuf`, unless a variable says another. */
const serialization = (protocol = "http/protobuf") =>
  protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf

const exporting = (variables: Variables, isOver: Deferred.Deferred<void>) =>
  Otlp.layerFromConfig(isNamed(variables) ? {} : { resource: { serviceName: "turnout" } }).pipe(
    Layer.provide(client(requestMillis(variables), isOver)),
    Layer.provide(serialization(variables["OTEL_EXPORTER_OTLP_PROTOCOL"])),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...DEFAULTS, ...variables } })))
  )

/** Closes the scope of the telemetry, which sends what is left, and waits for that no longer than it may take. */
const close = (scope: Scope.Closeable, isOver: Deferred.Deferred<void>, flushMillis: number): Effect.Effect<unknown> =>
  Effect.gen(function* () {
    const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
    yield* Effect.timeoutOption(Fiber.await(closing), flushMillis)
    yield* Deferred.succeed(isOver, undefined)
  }).pipe(
    // A fiber of its own: in a finalizer, nothing can be interrupted, and no time-out would work.
    Effect.forkDetach,
    Effect.flatMap(Fiber.await)
  )

/** The services that send, for as long as the scope is open; none if a variable cannot be read. */
const build = (
  variables: Variables,
  scope: Scope.Closeable,
  isOver: Deferred.Deferred<void>
): Effect.Effect<Context.Context<never>> =>
  Layer.buildWithScope(exporting(variables, isOver), scope).pipe(
    Effect.map((context) => {
      const tracer = Context.get(context, Tracer.Tracer)
      return tracer === Tracer.nativeTracer ? context : Context.add(context, Tracer.Tracer, DiscreetTracer.make(tracer))
    }),
    Effect.catchCause((cause) =>
      Effect.as(
        Effect.logWarning("no telemetry is sent: a variable of OpenTelemetry cannot be read", cause),
        Context.empty()
      )
    )
  )

/** Carries out some work, and sends its telemetry. */
export const around = <A, E>(
  work: Effect.Effect<A, E>,
  variables: Variables,
  flushMillis: number
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const isOver = Deferred.makeUnsafe<void>()
    return Effect.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Effect.flatMap(build(given(variables), scope, isOver), (context) => Effect.provideContext(work, context)),
      (scope) => close(scope, isOver, flushMillis)
    )
  })
