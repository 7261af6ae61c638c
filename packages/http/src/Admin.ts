/**
 * The handlers of the API for operators, and what keeps everybody else out.
 */
import * as Projection from "@turnout/core/application/Projection"
import { DEFAULT_LIMIT } from "@turnout/core/application/Cursor"
import { pageByKey } from "@turnout/core/application/Query"
import * as Redriving from "@turnout/core/application/Redriving"
import * as Sales from "@turnout/core/application/Sales"
import * as Subscription from "@turnout/core/application/Subscription"
import * as Webhooks from "@turnout/core/application/Webhooks"
import type { Delivery } from "@turnout/core/domain/Delivery"
import { everything, type Selection } from "@turnout/core/domain/Replay"
import type { SalesSummary } from "@turnout/core/domain/SalesSummary"
import type { DeadLetters } from "@turnout/core/ports/DeadLetters"
import { Outbox } from "@turnout/core/ports/Outbox"
import { OutboxOperations } from "@turnout/core/ports/OutboxOperations"
import type { ProjectionStore } from "@turnout/core/ports/ProjectionStore"
import { type PageRequest, RegistrationStore } from "@turnout/core/ports/RegistrationStore"
import { Replays } from "@turnout/core/ports/Replays"
import type { WebhookStore } from "@turnout/core/ports/WebhookStore"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import type * as Etag from "effect/http/Etag"
import type * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import { hash, timingSafeEqual } from "node:crypto"
import { AdminApi, AdminToken, MOVED_AT_ONCE } from "./AdminApi.ts"
import type { BodyBoundary, Boundary } from "./Api.ts"
import { setHeader } from "./Boundary.ts"
import { toProblems } from "./Handlers.ts"
import * as Problem from "./Problem.ts"
import * as Problems from "./Problems.ts"
import { isToken, TOKEN_RULE } from "./Token.ts"

export const OPENAPI_PATH = "/admin/openapi.json"
export const DOCS_PATH = "/admin/docs"

/** How many of the waiting entries are shown. */
const SHOWN = 20
const PRUNED_AT_ONCE = 5_000

const whoOf = (headers: { readonly "x-actor"?: string }): string => headers["x-actor"] ?? "admin"

/** A page of a list. */
const paged = <A, K, E, R>(
  { after = null, limit = DEFAULT_LIMIT }: { readonly after?: K | null; readonly limit?: number },
  keyOf: (item: A) => K,
  list: (page: PageRequest<K>) => Effect.Effect<ReadonlyArray<A>, E, R>
) => pageByKey(list, { after, limit }, keyOf)

const toEntry = ({ payload, ...entry }: Delivery) => ({ ...entry, payload: JSON.parse(payload) as unknown })

const outboxes = HttpApiBuilder.group(
  AdminApi,
  "outbox",
  Effect.fnUntraced(function* (handlers) {
    const operations = yield* OutboxOperations
    const outbox = yield* Outbox
    return handlers.handleAll({
      status: () => toProblems(operations.status, "path"),
      blocked: ({ params, query: { state, ...query } }) =>
        toProblems(
          paged(
            query,
            ({ stream }) => stream,
            (page) => operations.blocked(params.sink, state === undefined ? null : state === "parked", page)
          ),
          "query"
        ),
      blockedStream: ({ params: { sink, stream } }) =>
        toProblems(
          Effect.map(operations.blockedStream(sink, stream, SHOWN), ({ block, waiting }) => ({
            block,
            waiting: waiting.map(toEntry)
          })),
          "path"
        ),
      retry: ({ headers, params: { sink, stream } }) =>
        toProblems(operations.retry(sink, stream, whoOf(headers)), "path"),
      retryAll: ({ headers, params: { sink } }) =>
        toProblems(
          Effect.map(operations.retryAll(sink, whoOf(headers)), (retried) => ({ retried })),
          "path"
        ),
      skip: ({ headers, params: { sink, stream }, payload: { version } }) =>
        toProblems(operations.skip(sink, stream, version, whoOf(headers)), "path"),
      discard: ({ headers, params: { sink, stream } }) =>
        toProblems(operations.discard(sink, stream, whoOf(headers)), "path"),
      forget: ({ headers, params: { sink } }) => toProblems(operations.forget(sink, whoOf(headers)), "path"),
      prune: ({ headers, payload: { before } }) =>
        toProblems(
          Effect.map(operations.prune(before, PRUNED_AT_ONCE, whoOf(headers)), (deleted) => ({
            deleted,
            isMore: deleted === PRUNED_AT_ONCE
          })),
          "body"
        ),
      repair: ({ headers }) =>
        toProblems(
          Effect.map(operations.repair(whoOf(headers)), (repaired) => ({ repaired })),
          "body"
        ),
      journal: ({ query: { cursor, from = "beginning", limit = DEFAULT_LIMIT, type } }) =>
        toProblems(
          Subscription.page({
            limit,
            from: cursor === undefined ? from : { cursor },
            ...(type === undefined ? {} : { types: [type] })
          }).pipe(Effect.provideService(Outbox, outbox)),
          "query"
        ),
      audit: ({ query }) =>
        toProblems(
          paged(query, ({ id }) => id, operations.audit),
          "query"
        )
    })
  })
)

interface Selected extends Partial<{ readonly [Field in keyof Selection]: NonNullable<Selection[Field]> }> {}

const toSelection = ({ from, message, stream, to, types }: Selected): Selection => ({
  ...everything,
  ...(from === undefined ? {} : { from }),
  ...(message === undefined ? {} : { message }),
  ...(stream === undefined ? {} : { stream }),
  ...(to === undefined ? {} : { to }),
  ...(types === undefined ? {} : { types })
})

const replays = HttpApiBuilder.group(
  AdminApi,
  "replays",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* Replays
    return handlers.handleAll({
      start: ({ headers, payload: { all: _all, perSecond = null, sink, ...selected } }) =>
        toProblems(store.start({ sink, selection: toSelection(selected), perSecond, who: whoOf(headers) }), "body"),
      count: ({ payload }) =>
        toProblems(
          Effect.map(store.count(toSelection(payload)), (entries) => ({ entries })),
          "body"
        ),
      list: ({ query }) =>
        toProblems(
          paged(query, ({ id }) => id, store.list),
          "query"
        ),
      get: ({ params }) => toProblems(store.get(params.replayId), "path"),
      resume: ({ headers, params }) => toProblems(store.resume(params.replayId, whoOf(headers)), "path"),
      cancel: ({ headers, params }) => toProblems(store.cancel(params.replayId, whoOf(headers)), "path")
    })
  })
)

const webhooks = HttpApiBuilder.group(
  AdminApi,
  "webhooks",
  Effect.fnUntraced(function* (handlers) {
    const service = yield* Webhooks.Webhooks
    return handlers.handleAll({
      create: ({ headers, payload: { from = "now", ...input } }) =>
        toProblems(service.create(input, { who: whoOf(headers), from }), "body"),
      list: ({ query }) =>
        toProblems(
          paged(query, ({ id }) => id, service.list),
          "query"
        ),
      get: ({ params }) => toProblems(service.get(params.webhookId), "path"),
      update: ({ headers, params, payload }) =>
        toProblems(service.update(params.webhookId, payload, whoOf(headers)), "body"),
      rotate: ({ headers, params, payload }) =>
        toProblems(service.rotate(params.webhookId, payload, whoOf(headers)), "body"),
      enable: ({ headers, params }) => toProblems(service.enable(params.webhookId, whoOf(headers)), "path"),
      disable: ({ headers, params }) => toProblems(service.disable(params.webhookId, whoOf(headers)), "path"),
      remove: ({ headers, params }) => toProblems(service.remove(params.webhookId, whoOf(headers)), "path"),
      attempts: ({ params, query }) =>
        toProblems(
          paged(
            query,
            ({ id }) => id,
            (page) => service.attempts(params.webhookId, page)
          ),
          "query"
        )
    })
  })
)

const sales = HttpApiBuilder.group(
  AdminApi,
  "sales",
  Effect.fnUntraced(function* (handlers) {
    const context = yield* Effect.context<ProjectionStore | RegistrationStore>()
    const operations = yield* OutboxOperations
    const get = (eventId: SalesSummary["eventId"]) =>
      Effect.flatMap(Projection.get(Sales.projection, eventId), (found) =>
        found === undefined ? Effect.fail(new Problems.SalesNotCounted({ eventId })) : Effect.succeed(Sales.show(found))
      ).pipe(Effect.provide(context))
    return handlers.handleAll({
      list: ({ query }) =>
        toProblems(
          paged(
            query,
            ({ eventId }) => eventId,
            (page) =>
              Effect.map(Projection.list(Sales.projection, page), (found) => found.map(Sales.show)).pipe(
                Effect.provide(context)
              )
          ),
          "query"
        ),
      get: ({ params }) => toProblems(get(params.eventId), "path"),
      rebuild: ({ headers, params: { eventId } }) =>
        toProblems(
          Effect.gen(function* () {
            const store = yield* RegistrationStore
            if ((yield* store.event(eventId)) === undefined) return yield* new Problems.SalesNotCounted({ eventId })
            yield* Projection.rebuild(Sales.projection, eventId)
            yield* operations.note(whoOf(headers), "sales.rebuild", { event: eventId })
            return yield* get(eventId)
          }).pipe(Effect.provide(context)),
          "path"
        )
    })
  })
)

/** A name that more than one of the queues has, and that so names none of them. */
export const ambiguousName = (queues: ReadonlyArray<DeadLetters>): string | undefined =>
  queues.find(({ name }, index) => queues.findIndex((other) => other.name === name) < index)?.name

const deadLetters = (all: ReadonlyArray<DeadLetters>) => {
  if (ambiguousName(all) !== undefined) throw new RangeError("deadLetters: two queues have the same name")
  const queues = new Map(all.map((letters) => [letters.name, letters]))
  const find = (queue: string): Effect.Effect<DeadLetters, Problems.DeadLettersNotFound> => {
    const letters = queues.get(queue)
    return letters === undefined ? Effect.fail(new Problems.DeadLettersNotFound({ queue })) : Effect.succeed(letters)
  }
  return HttpApiBuilder.group(
    AdminApi,
    "deadLetters",
    Effect.fnUntraced(function* (handlers) {
      const operations = yield* OutboxOperations
      return handlers.handleAll({
        queues: () => Effect.succeed({ items: all.map(({ name, to }) => ({ name, to })) }),
        list: ({ params, query: { limit = DEFAULT_LIMIT } }) =>
          toProblems(
            Effect.gen(function* () {
              const { count, list, name, to } = yield* find(params.queue)
              return { name, to, count: yield* count, items: yield* list(limit) }
            }),
            "path"
          ),
        redrive: ({ headers, params, payload: { messages: only } }) =>
          toProblems(
            Effect.gen(function* () {
              const asked = only === undefined ? { most: MOVED_AT_ONCE } : { only }
              const moved = yield* Redriving.redrive(yield* find(params.queue), asked, whoOf(headers))
              return { moved, isMore: only === undefined && moved === MOVED_AT_ONCE }
            }).pipe(Effect.provideService(OutboxOperations, operations)),
            "body"
          )
      })
    })
  )
}

const digest = (text: string): Buffer => Buffer.from(hash("sha256", text, "hex"), "hex")

/** Compared in the same time, however much of it is right. Throws a `RangeError` unless the token is one by `TOKEN_RULE`. */
const token = (expected: Redacted.Redacted<string>): Layer.Layer<AdminToken> => {
  if (!isToken(Redacted.value(expected))) throw new RangeError(`adminToken: ${TOKEN_RULE}`)
  return Layer.succeed(AdminToken, {
    bearer: (httpEffect, { credential }) =>
      timingSafeEqual(digest(Redacted.value(credential)), digest(Redacted.value(expected)))
        ? httpEffect
        : Effect.andThen(setHeader("www-authenticate", "Bearer"), Effect.fail(new Problems.Unauthorized()))
  })
}

export interface AdminOptions {
  /** At least 16 characters. */
  readonly token: Redacted.Redacted<string>
  /** The dead-letter queues that operators may look at, and empty. Default: none. */
  readonly deadLetters?: ReadonlyArray<DeadLetters>
}

/** What the API for operators works on. */
export type Services = Outbox | OutboxOperations | ProjectionStore | RegistrationStore | Replays | WebhookStore

/** What the routes are part of: the server. */
type Surroundings =
  | HttpRouter.HttpRouter
  | Boundary
  | BodyBoundary
  | Etag.Generator
  | HttpPlatform.HttpPlatform
  | FileSystem.FileSystem
  | Path.Path

/** The routes of the API for operators, for who has the token; with docs at `/admin/docs`. */
export const layer = (options: AdminOptions): Layer.Layer<never, never, Services | Surroundings> =>
  Layer.mergeAll(
    HttpApiBuilder.layer(AdminApi, { openapiPath: OPENAPI_PATH }),
    HttpApiScalar.layer(AdminApi, { path: DOCS_PATH, scalar: { withDefaultFonts: false } })
  ).pipe(
    Layer.provide([outboxes, replays, webhooks, sales, deadLetters(options.deadLetters ?? [])]),
    Layer.provide(Webhooks.layer),
    Layer.provide(token(options.token))
  )

/** Without a token, there is nothing for operators. */
export const disabled = HttpRouter.add("*", "/admin/*", Problem.response(Problems.outside.adminDisabled))
