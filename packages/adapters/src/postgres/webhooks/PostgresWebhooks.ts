/**
 * Webhooks on Postgres and PGlite.
 *
 * Guarantees: every change is one statement or one transaction; a change by an operator includes its entry in the audit log.
 */
import {
  MAX_SECRETS,
  shownUntil,
  sinkOf,
  type Webhook,
  type WebhookAttempt,
  type WebhookId
} from "@turnout/core/webhooks/domain/Webhook"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import {
  TooManySecrets,
  WebhookNotFound,
  type WebhookSettings,
  WebhookStore
} from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import { transact } from "../client/InTransaction.ts"
import * as Query from "../client/Query.ts"
import * as SinkStart from "../delivery/SinkStart.ts"
import * as SinkStatements from "../delivery/SinkStatements.ts"
import { hasMarks } from "../journal/LogStatements.ts"
import { quiet } from "../journal/SlotRows.ts"
import { type Time, toDate, toDateOrNull } from "../admission/Rows.ts"

/** Of the replaced secrets that still sign, the secrets or the ends of their times. */
const inForce = (what: "secret" | "until"): string => `ARRAY(
    SELECT t.${what} FROM unnest(w.previous_secrets, w.previous_untils) WITH ORDINALITY AS t(secret, until, place)
    WHERE t.until > clock_timestamp() ORDER BY t.place
  )`

const WEBHOOK = `w.id, w.url, w.types, w.description, w.disabled_because, w.failing_since, w.created_at,
  to_json(${inForce("until")}) AS previous_untils`

interface WebhookRow {
  readonly id: string
  readonly url: string
  readonly types: ReadonlyArray<string> | null
  readonly description: string
  readonly disabled_because: string | null
  readonly failing_since: Time | null
  readonly created_at: Time
  readonly previous_untils: ReadonlyArray<string>
}

interface AttemptRow {
  readonly id: bigint
  readonly at: Time
  readonly message: string
  readonly event_id: string
  readonly version: bigint
  readonly type: string
  readonly replay: string | null
  readonly millis: number
  readonly status: number | null
  readonly error: string | null
}

const toWebhook = (row: WebhookRow): Webhook => ({
  id: row.id,
  url: row.url,
  types: row.types,
  description: row.description,
  state: row.disabled_because === null ? "enabled" : "disabled",
  disabledBecause: row.disabled_because,
  failingSince: toDateOrNull(row.failing_since),
  createdAt: toDate(row.created_at),
  ...shownUntil(row.previous_untils.map(toDate))
})

const toAttempt = (row: AttemptRow): WebhookAttempt => ({
  id: Number(row.id),
  at: toDate(row.at),
  message: row.message,
  eventId: row.event_id,
  version: Number(row.version),
  type: row.type,
  replay: row.replay,
  millis: row.millis,
  status: row.status,
  error: row.error
})

const typesParameter = (types: ReadonlyArray<string> | null): string | null =>
  types === null ? null : textArray(types, (type) => type)

const statementsOf = (s: string) => {
  /** The entry of a webhook in the audit log; $2 is the operator. */
  const entry = (action: string, from: string, details: PostgresAuditLog.Entry["details"]) =>
    PostgresAuditLog.entry(s, { who: "$2", action, details: { webhook: "id", ...details }, from })
  /** A change that is written to the audit log; $1 is the webhook and $2 the operator. */
  const change = (
    action: string,
    to: string,
    details: PostgresAuditLog.Entry["details"] = { url: "url" },
    where = "true"
  ) => `WITH changed AS (
  UPDATE ${s}.webhooks w SET ${to} WHERE w.id = $1::uuid AND ${where} RETURNING w.*
), audited AS (
  ${entry(action, "changed", details)}
)
SELECT ${WEBHOOK} FROM changed w`
  return {
    // Nothing is created on a server that does not have the marks on which the first position of the sink rests.
    create: `WITH created AS (
  INSERT INTO ${s}.webhooks (id, url, types, description, secret)
  SELECT $1::uuid, $3, $4::text[], $5, $6 WHERE ${hasMarks(s, "$10", "$11")}
  ON CONFLICT DO NOTHING RETURNING *
), ${SinkStatements.making(s, { names: "SELECT $7 FROM created", slots: "$8", position: "$9" })}, audited AS (
  ${entry("webhooks.create", "created", { url: "url", types: "types" })}
)
SELECT ${WEBHOOK} FROM created w`,
    hasSecret: `SELECT w.secret = $2 AS has_secret FROM ${s}.webhooks w WHERE w.id = $1::uuid`,
    get: `SELECT ${WEBHOOK} FROM ${s}.webhooks w WHERE w.id = $1::uuid`,
    list: `SELECT ${WEBHOOK} FROM ${s}.webhooks w
WHERE $1::uuid IS NULL OR w.number > (SELECT a.number FROM ${s}.webhooks a WHERE a.id = $1::uuid)
ORDER BY w.number LIMIT $2::integer`,
    targets: `SELECT ${WEBHOOK}, w.secret || ${inForce("secret")} AS secrets
FROM ${s}.webhooks w WHERE w.disabled_because IS NULL ORDER BY w.number`,
    update: change(
      "webhooks.update",
      `url = coalesce($3, w.url), types = CASE WHEN $4::boolean THEN $5::text[] ELSE w.types END,
    description = coalesce($6, w.description)`,
      { url: "url", types: "types" }
    ),
    // $3: the secret, $4: milliseconds, $5: the most secrets. Changes nothing if the secret is the current one.
    rotate: change(
      "webhooks.rotate",
      `secret = $3, (previous_secrets, previous_untils) = (
    SELECT coalesce(array_agg(t.secret ORDER BY t.place), '{}'), coalesce(array_agg(t.until ORDER BY t.place), '{}')
    FROM unnest(
      array_prepend(w.secret, w.previous_secrets),
      array_prepend(clock_timestamp() + $4::float8 * interval '1 millisecond', w.previous_untils)
    ) WITH ORDINALITY AS t(secret, until, place)
    WHERE t.until > clock_timestamp()
  )`,
      { until: "CASE WHEN $4::float8 > 0 THEN previous_untils[1] ELSE clock_timestamp() END" },
      `w.secret <> $3 AND cardinality(${inForce("until")}) + CASE WHEN $4::float8 > 0 THEN 2 ELSE 1 END <= $5::integer`
    ),
    enable: change("webhooks.enable", "disabled_because = NULL, failing_since = NULL"),
    disable: change("webhooks.disable", "disabled_because = $3", { url: "url", because: "disabled_because" }),
    remove: `WITH removed AS (DELETE FROM ${s}.webhooks w WHERE w.id = $1::uuid RETURNING w.*),
audited AS (
  ${entry("webhooks.remove", "removed", { url: "url" })}
)
SELECT ${WEBHOOK} FROM removed w`,
    noteFailing: `UPDATE ${s}.webhooks
SET failing_since = CASE WHEN $2::boolean THEN coalesce(failing_since, clock_timestamp()) END WHERE id = $1::uuid`,
    record: `INSERT INTO ${s}.webhook_attempts
  (webhook, at, message, event_id, version, type, replay, millis, status, error)
SELECT w.id, t.* FROM ${s}.webhooks w CROSS JOIN unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::bigint[],
  $6::text[], $7::uuid[], $8::integer[], $9::smallint[], $10::text[]) AS t
WHERE w.id = $1::uuid`,
    attempts: `SELECT id, at, message, event_id, version, type, replay, millis, status, error FROM ${s}.webhook_attempts
WHERE webhook = $1::uuid AND id < coalesce($2::bigint, 9223372036854775807) ORDER BY id DESC LIMIT $3::integer`,
    forget: `WITH forgotten AS (
  DELETE FROM ${s}.webhook_attempts WHERE (webhook, id) IN (
    SELECT webhook, id FROM ${s}.webhook_attempts WHERE at < $1::timestamptz LIMIT $2::integer
  ) RETURNING 1
)
SELECT count(*)::integer AS count FROM forgotten`
  }
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const { schema = DEFAULT_SCHEMA } = options
  const s = quote(schema)
  const statements = statementsOf(s)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)
  const repeatable = Query.makeRepeatable(sql)

  const one = (id: WebhookId, rows: Effect.Effect<ReadonlyArray<WebhookRow>, StoreError>) =>
    Effect.flatMap(rows, ([row]): Effect.Effect<Webhook, WebhookNotFound> =>
      row === undefined ? Effect.fail(new WebhookNotFound({ id })) : Effect.succeed(toWebhook(row))
    )
  const get = (id: WebhookId) => one(id, query<WebhookRow>(statements.get, [id]))

  return WebhookStore.of({
    create: Effect.fnUntraced(function* (
      id,
      { description, from, secret, types, url },
      who
    ): Effect.fn.Return<Webhook, StoreError> {
      const said = [id, who, url, typesParameter(types), description, secret]
      // If `create` reaches another server than the one that wrote down where the sink begins, it starts again.
      while (true) {
        const { marks, position } = yield* SinkStart.of(query, schema, from)
        const parameters = [...said, sinkOf(id), SinkStatements.SLOTS, position, ...marks]
        const [row] = yield* repeatable<WebhookRow>(statements.create, parameters)
        if (row !== undefined) return toWebhook(row)
        // The webhook exists if it was written before the connection was lost.
        const [known] = yield* query<WebhookRow>(statements.get, [id])
        if (known !== undefined) return toWebhook(known)
      }
    }),
    get,
    list: ({ after, limit }) =>
      Effect.map(query<WebhookRow>(statements.list, [after, limit]), (rows) => rows.map(toWebhook)),
    targets: Effect.map(query<WebhookRow & { readonly secrets: ReadonlyArray<string> }>(statements.targets), (rows) =>
      rows.map((row) => ({ webhook: toWebhook(row), secrets: row.secrets }))
    ),
    update: (id, changes: Partial<WebhookSettings>, who) =>
      one(
        id,
        query<WebhookRow>(statements.update, [
          id,
          who,
          changes.url ?? null,
          changes.types !== undefined,
          typesParameter(changes.types ?? null),
          changes.description ?? null
        ])
      ),
    rotate: Effect.fnUntraced(function* (id, secret, overlapMillis, who): Effect.fn.Return<
      Webhook,
      WebhookNotFound | TooManySecrets | StoreError
    > {
      const parameters = [id, who, secret, overlapMillis, MAX_SECRETS]
      const [row] = yield* repeatable<WebhookRow>(statements.rotate, parameters)
      if (row !== undefined) return toWebhook(row)
      const webhook = yield* get(id)
      const [current] = yield* query<{ readonly has_secret: boolean }>(statements.hasSecret, [id, secret])
      if (current?.has_secret !== false) return webhook
      const ends = webhook.previousSecretsUntil.map((end) => end.getTime())
      return yield* new TooManySecrets({ id, until: new Date(Math.min(...ends)) })
    }),
    enable: (id, who) => one(id, query<WebhookRow>(statements.enable, [id, who])),
    disable: (id, reason, who) => one(id, query<WebhookRow>(statements.disable, [id, who, reason])),
    remove: (id, who) => {
      // The table of slots is locked first and the webhook second, as when a sink is registered, so that neither waits for the
      // other.
      const removing = transact<ReadonlyArray<WebhookRow>, never, never>(
        sql,
        Effect.fnUntraced(function* (run) {
          yield* run(quiet(s))
          const removed = yield* run<WebhookRow>(statements.remove, [id, who])
          if (removed.length > 0) yield* run(SinkStatements.forget(s), [sinkOf(id), who])
          return removed
        }),
        Query.onceFailed
      )
      return Effect.asVoid(one(id, removing))
    },
    noteFailing: (id, isFailing) => Effect.asVoid(query(statements.noteFailing, [id, isFailing])),
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
  })
})

/** Webhooks on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<WebhookStore, never, SqlClient.SqlClient> =>
  Layer.effect(WebhookStore, make(options))
