/**
 * The statements about webhooks: those of operators and members, each with its entry in the audit log, and those of relays.
 */
import { sinkOf } from "@turnout/core/webhooks/domain/Webhook"
import { LONGEST_REST_MILLIS } from "@turnout/core/webhooks/domain/WebhookHealth"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import * as SinkStatements from "../delivery/SinkStatements.ts"
import { hasMarks } from "../journal/LogStatements.ts"
import { CLOCK } from "../statements/ServerTime.ts"

/** Of the replaced secrets that still sign, the secrets or the ends of their times. */
const inForce = (what: "secret" | "until"): string => `ARRAY(
    SELECT t.${what} FROM unnest(w.previous_secrets, w.previous_untils) WITH ORDINALITY AS t(secret, until, place)
    WHERE t.until > clock_timestamp() ORDER BY t.place
  )`

const millis = (amount: string | number): string => `${amount} * interval '1 millisecond'`

/**
 * Until when the endpoint is left alone; null if it is not. No endpoint is left alone for longer than the longest rest: a time
 * that is further away was written before somebody set the server's clock back.
 */
const LEFT_ALONE_UNTIL = `CASE WHEN w.left_alone_until > clock_timestamp()
    AND w.left_alone_until <= clock_timestamp() + ${millis(LONGEST_REST_MILLIS)} THEN w.left_alone_until END`

const WEBHOOK = `w.id, w.organization_id, w.url, w.types, w.description, w.disabled_because, w.failing_since, w.created_at,
  ${LEFT_ALONE_UNTIL} AS left_alone_until, to_json(${inForce("until")}) AS previous_untils`

/** No request has failed since the last success. */
const NO_FAILURES = "failing_since = NULL, failed_at = NULL, failed_millis = 0"

/** $1: the webhook, $2: the edition. */
const IN_EDITION = "w.id = $1::uuid AND w.edition = $2::integer AND w.disabled_because IS NULL"

type Lists = "listAll" | "listOfInstallation" | "listOfOrganization"
type OfOperators =
  | "create"
  | "lockOrganization"
  | "count"
  | "hasSecret"
  | "get"
  | Lists
  | "update"
  | "rotate"
  | "enable"
  | "disable"
  | "remove"
  | "attempts"
type OfRelays = "targets" | "target" | "noteFailed" | "noteWorking" | "noteIdle" | "record" | "forget"

const ofOperators = (s: string): Readonly<Record<OfOperators, string>> => {
  /** The entry of a webhook in the audit log; $2 is who. */
  const entry = (action: string, from: string, details: PostgresAuditLog.Entry["details"]) =>
    PostgresAuditLog.entry(s, {
      by: "$2",
      action,
      details: { webhook: "id", ...details },
      resource: ["webhook", "id"],
      organization: "organization_id",
      from
    })
  /** A change that is written to the audit log; $1 is the webhook and $2 who. */
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
  /** The webhooks that fulfil a condition, in which % stands for the table. One that does not is no place to go on from. */
  const list = (condition: string) => `SELECT ${WEBHOOK} FROM ${s}.webhooks w
WHERE ${condition.replace("%", "w")} AND ($1::uuid IS NULL OR w.number > (
  SELECT a.number FROM ${s}.webhooks a WHERE a.id = $1::uuid AND ${condition.replace("%", "a")}
)) ORDER BY w.number LIMIT $2::integer`
  return {
    // None is created on a server that has not got the marks which the place of its sink rests on.
    create: `WITH created AS (
  INSERT INTO ${s}.webhooks (id, url, types, description, secret, organization_id)
  SELECT $1::uuid, $3, $4::text[], $5, $6, $7::uuid WHERE ${hasMarks(s, "$11", "$12")}
  ON CONFLICT DO NOTHING RETURNING *
), ${SinkStatements.making(s, { names: "SELECT $8 FROM created", slots: "$9", position: "$10" })}, audited AS (
  ${entry("webhooks.create", "created", { url: "url", types: "types" })}
)
SELECT ${WEBHOOK} FROM created w`,
    hasSecret: `SELECT w.secret = $2 AS has_secret FROM ${s}.webhooks w WHERE w.id = $1::uuid`,
    get: `SELECT ${WEBHOOK} FROM ${s}.webhooks w WHERE w.id = $1::uuid`,
    // It lets the checks of foreign keys through.
    lockOrganization: `SELECT id FROM ${s}.organizations WHERE id = $1::uuid FOR NO KEY UPDATE`,
    // $1: the organization, $2: a webhook that does not count. It is read under the lock: webhooks of one organization are made one
    // after the other.
    count: `SELECT count(*)::integer AS count FROM ${s}.webhooks
WHERE organization_id = $1::uuid AND id <> $2::uuid`,
    listAll: list("true"),
    listOfInstallation: list("%.organization_id IS NULL"),
    listOfOrganization: list("%.organization_id = $3::uuid"),
    update: change(
      "webhooks.update",
      `(url, edition, failing_since, failed_at, failed_millis, left_alone_until) = (
    SELECT coalesce($3, w.url), w.edition + is_other::integer, CASE WHEN NOT is_other THEN w.failing_since END,
      CASE WHEN NOT is_other THEN w.failed_at END, CASE WHEN is_other THEN 0 ELSE w.failed_millis END,
      CASE WHEN NOT is_other THEN w.left_alone_until END
    FROM (SELECT coalesce($3 <> w.url, false) AS is_other) t
  ), types = CASE WHEN $4::boolean THEN $5::text[] ELSE w.types END,
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
    enable: change(
      "webhooks.enable",
      `disabled_because = NULL, edition = w.edition + 1, left_alone_until = NULL, ${NO_FAILURES}`
    ),
    // $3: the reason, $4: the edition, or null.
    disable: change(
      "webhooks.disable",
      "disabled_because = $3",
      { url: "url", because: "disabled_because" },
      "($4::integer IS NULL OR (w.edition = $4::integer AND w.disabled_because IS NULL))"
    ),
    remove: `WITH removed AS (DELETE FROM ${s}.webhooks w WHERE w.id = $1::uuid RETURNING w.*),
audited AS (
  ${entry("webhooks.remove", "removed", { url: "url" })}
)
SELECT ${WEBHOOK} FROM removed w`,
    attempts: `SELECT id, at, message, event_id, version, type, replay, millis, status, error FROM ${s}.webhook_attempts
WHERE webhook = $1::uuid AND id < coalesce($2::bigint, 9223372036854775807) ORDER BY id DESC LIMIT $3::integer`
  }
}

/** Everything that requests need. */
const targetsIn = (s: string): string => `SELECT ${WEBHOOK}, w.secret || ${inForce("secret")} AS secrets, w.edition,
  greatest(0, extract(epoch FROM ${LEFT_ALONE_UNTIL} - clock_timestamp()) * 1000)::float8 AS rest_millis, ${CLOCK}
FROM ${s}.webhooks w`

const ofRelays = (s: string): Readonly<Record<OfRelays, string>> => ({
  targets: `${targetsIn(s)} WHERE w.disabled_because IS NULL ORDER BY w.number`,
  target: `${targetsIn(s)} WHERE w.id = $1::uuid`,
  // $3: for how long it is left alone, $4: the longest gap that counts.
  noteFailed: `UPDATE ${s}.webhooks w
SET failing_since = coalesce(w.failing_since, clock_timestamp()), failed_at = clock_timestamp(),
  failed_millis = w.failed_millis + (
    SELECT coalesce(sum(gap) FILTER (WHERE gap BETWEEN 0 AND $4::float8), 0)
    FROM (SELECT (extract(epoch FROM clock_timestamp() - w.failed_at) * 1000)::float8 AS gap) t
  ),
  left_alone_until = CASE WHEN $3::float8 > 0
    THEN greatest(${LEFT_ALONE_UNTIL}, clock_timestamp() + ${millis("$3::float8")}) ELSE w.left_alone_until END
WHERE ${IN_EDITION} RETURNING w.failing_since, w.failed_millis`,
  noteWorking: `UPDATE ${s}.webhooks w SET ${NO_FAILURES} WHERE ${IN_EDITION}`,
  noteIdle: `WITH idle AS (
  UPDATE ${s}.webhooks w SET ${NO_FAILURES}
  WHERE coalesce(w.failed_at, w.failing_since) <= clock_timestamp() - ${millis("$1::float8")} AND w.disabled_because IS NULL
    AND NOT EXISTS (SELECT FROM ${s}.outbox_blocked b WHERE b.sink = '${sinkOf("")}' || w.id)
    AND NOT EXISTS (SELECT FROM ${s}.replays r WHERE r.sink = '${sinkOf("")}' || w.id AND r.state = 'running')
  RETURNING 1
)
SELECT count(*)::integer AS count FROM idle`,
  record: `INSERT INTO ${s}.webhook_attempts
  (webhook, at, message, event_id, version, type, replay, millis, status, error)
SELECT w.id, t.* FROM ${s}.webhooks w CROSS JOIN unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::bigint[],
  $6::text[], $7::uuid[], $8::integer[], $9::smallint[], $10::text[]) AS t
WHERE w.id = $1::uuid`,
  forget: `WITH forgotten AS (
  DELETE FROM ${s}.webhook_attempts WHERE (webhook, id) IN (
    SELECT webhook, id FROM ${s}.webhook_attempts WHERE at < $1::timestamptz LIMIT $2::integer
  ) RETURNING 1
)
SELECT count(*)::integer AS count FROM forgotten`
})

export type Statements = Readonly<Record<OfOperators | OfRelays, string>>

/** The statements for a schema, given as a quoted identifier. */
export const make = (s: string): Statements => ({ ...ofOperators(s), ...ofRelays(s) })
