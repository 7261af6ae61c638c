/**
 * Webhooks on Postgres and PGlite.
 *
 * Guarantees: every change is one statement, that of a principal with its entry in the audit log. A webhook of an organization is made
 * in a transaction that locks the row of the organization first, under which its webhooks are counted.
 */
import { type OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import {
  MAX_SECRETS,
  MAX_WEBHOOKS_OF_AN_ORGANIZATION,
  sinkOf,
  type Webhook,
  type WebhookId
} from "@turnout/core/webhooks/domain/Webhook"
import * as HeardClock from "@turnout/core/kernel/application/time/HeardClock"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import {
  TooManySecrets,
  TooManyWebhooks,
  WebhookNotFound,
  type WebhookSettings,
  WebhookStore
} from "@turnout/core/webhooks/ports/WebhookStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { transact } from "../client/InTransaction.ts"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import * as Query from "../client/Query.ts"
import * as SinkStart from "../delivery/SinkStart.ts"
import * as SinkStatements from "../delivery/SinkStatements.ts"
import { quiet } from "../journal/SlotRows.ts"
import {
  type AttemptRow,
  type FailingRow,
  type TargetRow,
  toAttempt,
  toFailing,
  toTarget,
  toWebhook,
  type WebhookRow
} from "./WebhookRows.ts"
import * as ServerTime from "../statements/ServerTime.ts"
import * as WebhookStatements from "./WebhookStatements.ts"

const typesParameter = (types: ReadonlyArray<string> | null): string | null =>
  types === null ? null : textArray(types, (type) => type)

type Notes = Pick<WebhookStore["Service"], "noteFailed" | "noteWorking" | "noteIdle" | "record" | "attempts" | "forget">

/** What relays note of requests, and the log of them. */
const notes = (statements: WebhookStatements.Statements, sql: SqlClient.SqlClient): Notes => {
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)
  return {
    noteFailed: (id, edition, { longestGapMillis, restMillis }) =>
      Effect.map(
        query<FailingRow>(statements.noteFailed, [id, edition, restMillis, longestGapMillis]),
        ([row]) => row && toFailing(row)
      ),
    noteWorking: (id, edition) => Effect.asVoid(query(statements.noteWorking, [id, edition])),
    noteIdle: (quietMillis) =>
      Effect.map(query<{ readonly count: number }>(statements.noteIdle, [quietMillis]), ([row]) => row!.count),
    record: (id, attempts) =>
      Effect.asVoid(
        once(statements.record, [
          id,
          plainArray(attempts, ({ at }) => `"${at.toISOString()}"`),
          plainArray(attempts, ({ message }) => message),
          plainArray(attempts, ({ eventId }) => eventId),
          plainArray(attempts, ({ version }) => version),
          textArray(attempts, ({ type }) => type),
          plainArray(attempts, ({ replay }) => replay),
          plainArray(attempts, ({ millis }) => millis),
          plainArray(attempts, ({ status }) => status),
          textArray(attempts, ({ error }) => error)
        ])
      ),
    attempts: (id, { after, limit }) =>
      Effect.map(query<AttemptRow>(statements.attempts, [id, after, limit]), (rows) => rows.map(toAttempt)),
    forget: (before, limit) =>
      Effect.map(query<{ count: number }>(statements.forget, [before, limit]), ([row]) => row!.count)
  }
}

type Refused = OrganizationNotFound | TooManyWebhooks

/** Makes webhooks, each with its sink. */
const creation = (
  statements: WebhookStatements.Statements,
  sql: SqlClient.SqlClient,
  schema: string
): WebhookStore["Service"]["create"] => {
  const query = Query.make(sql)
  const repeatable = Query.makeRepeatable(sql)

  /** Makes a webhook of an organization, if there is room; no row if there is a webhook of this id, or the marks are missing. */
  const createWithin = (organization: OrganizationId, parameters: ReadonlyArray<unknown>) =>
    Effect.flatMap(
      transact<Result.Result<ReadonlyArray<WebhookRow>, Refused>, never, never>(
        sql,
        Effect.fnUntraced(function* (run) {
          const found = yield* run(statements.lockOrganization, [organization])
          if (found.length === 0) return Result.fail(new OrganizationNotFound({ organization }))
          const limit = MAX_WEBHOOKS_OF_AN_ORGANIZATION
          const [own] = yield* run<{ readonly count: number }>(statements.count, [organization, parameters[0]])
          if (own!.count >= limit) return Result.fail(new TooManyWebhooks({ organization, limit }))
          return Result.succeed(yield* run<WebhookRow>(statements.create, parameters))
        }),
        Query.onceFailed
      ),
      Effect.fromResult
    )

  return Effect.fnUntraced(function* (
    id,
    { description, from, organizationId, secret, types, url },
    who
  ): Effect.fn.Return<Webhook, Refused | StoreError> {
    const said = [id, yield* PostgresAuditLog.by(who), url, typesParameter(types), description, secret, organizationId]
    // On another server than the one that wrote down where the sink begins, it is begun anew.
    while (true) {
      const { marks, position } = yield* SinkStart.of(query, schema, from)
      const parameters = [...said, sinkOf(id), SinkStatements.SLOTS, position, ...marks]
      const [row] =
        organizationId === null
          ? yield* repeatable<WebhookRow>(statements.create, parameters)
          : yield* createWithin(organizationId, parameters)
      if (row !== undefined) return toWebhook(row)
      // There is one if it was written before the connection was lost.
      const [known] = yield* query<WebhookRow>(statements.get, [id])
      if (known !== undefined) return toWebhook(known)
    }
  })
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const { schema = DEFAULT_SCHEMA } = options
  const s = quote(schema)
  const statements = WebhookStatements.make(s)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const repeatable = Query.makeRepeatable(sql)
  const clock = HeardClock.make(yield* Clock.Clock)

  const one = (id: WebhookId, rows: Effect.Effect<ReadonlyArray<WebhookRow>, StoreError>) =>
    Effect.flatMap(rows, ([row]): Effect.Effect<Webhook, WebhookNotFound> =>
      row === undefined ? Effect.fail(new WebhookNotFound({ id })) : Effect.succeed(toWebhook(row))
    )
  const read = (statement: string, parameters: ReadonlyArray<unknown> = []) =>
    Effect.suspend(() => {
      const askedAt = clock.steady()
      return Effect.map(query<TargetRow>(statement, parameters), (rows) => {
        ServerTime.hear(clock, askedAt, [rows])
        return rows.map(toTarget)
      })
    })
  const get = (id: WebhookId) => one(id, query<WebhookRow>(statements.get, [id]))

  return WebhookStore.of({
    create: creation(statements, sql, schema),
    get,
    list: (of, { after, limit }) => {
      const page = [after, limit]
      const rows =
        of === "all"
          ? query<WebhookRow>(statements.listAll, page)
          : of === null
            ? query<WebhookRow>(statements.listOfInstallation, page)
            : query<WebhookRow>(statements.listOfOrganization, [...page, of])
      return Effect.map(rows, (found) => found.map(toWebhook))
    },
    clock,
    targets: read(statements.targets),
    target: (id) =>
      Effect.flatMap(read(statements.target, [id]), ([target]) =>
        target === undefined ? Effect.fail(new WebhookNotFound({ id })) : Effect.succeed(target)
      ),
    update: (id, changes: Partial<WebhookSettings>, who) =>
      one(
        id,
        Effect.flatMap(PostgresAuditLog.by(who), (said) =>
          query<WebhookRow>(statements.update, [
            id,
            said,
            changes.url ?? null,
            changes.types !== undefined,
            typesParameter(changes.types ?? null),
            changes.description ?? null
          ])
        )
      ),
    rotate: Effect.fnUntraced(function* (id, secret, overlapMillis, who): Effect.fn.Return<
      Webhook,
      WebhookNotFound | TooManySecrets | StoreError
    > {
      const parameters = [id, yield* PostgresAuditLog.by(who), secret, overlapMillis, MAX_SECRETS]
      const [row] = yield* repeatable<WebhookRow>(statements.rotate, parameters)
      if (row !== undefined) return toWebhook(row)
      const webhook = yield* get(id)
      const [current] = yield* query<{ readonly has_secret: boolean }>(statements.hasSecret, [id, secret])
      if (current?.has_secret !== false) return webhook
      const ends = webhook.previousSecretsUntil.map((end) => end.getTime())
      return yield* new TooManySecrets({ id, until: new Date(Math.min(...ends)) })
    }),
    enable: (id, who) =>
      one(
        id,
        Effect.flatMap(PostgresAuditLog.by(who), (said) => query<WebhookRow>(statements.enable, [id, said]))
      ),
    disable: Effect.fnUntraced(function* (id, reason, who, edition) {
      const said = yield* PostgresAuditLog.by(who)
      const [row] = yield* query<WebhookRow>(statements.disable, [id, said, reason, edition ?? null])
      return row === undefined ? yield* get(id) : toWebhook(row)
    }),
    remove: (id, who) => {
      // The table of slots is locked first and the webhook second, as where a sink is made known: neither waits for the other.
      const removing = transact<ReadonlyArray<WebhookRow>, never, never>(
        sql,
        Effect.fnUntraced(function* (run) {
          yield* run(quiet(s))
          const said = yield* PostgresAuditLog.by(who)
          const removed = yield* run<WebhookRow>(statements.remove, [id, said])
          if (removed.length > 0) yield* run(SinkStatements.forget(s), [sinkOf(id), said])
          return removed
        }),
        Query.onceFailed
      )
      return Effect.asVoid(one(id, removing))
    },
    ...notes(statements, sql)
  })
})

/** Webhooks on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<WebhookStore, never, SqlClient.SqlClient> =>
  Layer.effect(WebhookStore, make(options))
