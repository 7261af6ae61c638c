/**
 * The ceiling: the same rows in transactions of the same size, each of one statement, without callers, decisions and
 * look-ups. Each lane that has an event has one connection.
 */
import { PgConnection } from "@effect/sql-pg"
import { DEFAULTS } from "@turnout/core/admission/application/engine/Lanes"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Stopwatch } from "../support/Callers.ts"
import { eventId } from "../support/Database.ts"
import * as Script from "../support/Script.ts"
import { KEPT_MILLIS, rows, type Rows } from "./Rows.ts"
import { email, NAME, type Told, type Turn } from "./Turn.ts"

const { batch, events, seconds, tag, url, warmUpSeconds } = Script.settings<Turn>()
const LANES = DEFAULTS.lanes

const WRITE = `WITH moved AS (
  UPDATE turnout.events e SET confirmed = e.confirmed + t.n, version = e.version + t.n
  FROM unnest($1::uuid[], $2::integer[]) AS t(id, n) WHERE e.id = t.id
), registered AS (
  INSERT INTO turnout.registrations (id, event_id, attendee_id, name, email, notes, state, sequence, registered_at,
    changed_at)
  SELECT id, ($1::uuid[])[event], 'mailto:' || email, $3::text, email, '', 'confirmed', version, $4::timestamptz, $4::timestamptz
  FROM unnest($5::uuid[], $6::integer[], $7::text[], $8::bigint[]) AS t(id, event, email, version)
), journalled AS (
  INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
  SELECT ($1::uuid[])[event], version, id, 'AttendeeRegistered', 1, payload::json, 'anonymous', $4::timestamptz
  FROM ROWS FROM (unnest($6::integer[], $8::bigint[], $9::uuid[]), string_to_table($10::text, '\u001e'))
    AS t(event, version, id, payload)
)
INSERT INTO turnout.idempotency (key, operation, principal, fingerprint, request_id, registration_id, answer, created_at,
  expires_at)
SELECT key, 'Register', 'anonymous', fingerprint, id, id, answer::json, $4::timestamptz, $11::timestamptz
FROM ROWS FROM (unnest($12::text[], $13::text[], $5::uuid[]), string_to_table($14::text, '\u001e'))
  AS t(key, fingerprint, id, answer)`

const array = (values: ReadonlyArray<string | number>): string => `{${values.join(",")}}`

const program = Effect.gen(function* () {
  let n = 0
  /** The versions of the events, which only this process changes. */
  const versions = new Map<number, number>()
  const lane = Effect.fnUntraced(function* (number: number, watch: Stopwatch) {
    const connection = yield* PgConnection.make({
      url: Redacted.make(url),
      multiplex: true,
      startupParameters: { plan_cache_mode: "force_generic_plan", enable_seqscan: "off", jit: "off" }
    })
    const own = Array.from({ length: events }, (_, index) => index + 1).filter((event) => event % LANES === number)
    let next = 0
    while (!watch.isOver) {
      const beganAt = performance.now()
      const touched = new Map<number, number>()
      const eventOf: Array<number> = []
      const versionOf: Array<number> = []
      const written: Array<Rows> = []
      const now = new Date()
      const expires = new Date(now.getTime() + KEPT_MILLIS)
      for (let index = 0; index < batch; index++) {
        const event = own[next++ % own.length]!
        const version = (versions.get(event) ?? 2) + 1
        versions.set(event, version)
        touched.set(event, (touched.get(event) ?? 0) + 1)
        eventOf.push(event)
        versionOf.push(version)
        written.push(rows(eventId(event), version, email(tag, n++), now))
      }
      const ids = [...touched.keys()]
      const place = new Map(ids.map((event, index) => [event, index + 1]))
      const events = array(ids.map(eventId))
      const parameters = [
        events,
        array([...touched.values()]),
        NAME,
        now.toISOString(),
        array(written.map(({ id }) => id)),
        array(eventOf.map((event) => place.get(event)!)),
        array(written.map(({ email }) => email)),
        array(versionOf),
        array(written.map(({ messageId }) => messageId)),
        written.map(({ payload }) => payload).join("\u001e"),
        expires.toISOString(),
        array(written.map(({ key }) => key)),
        array(written.map(({ fingerprint }) => fingerprint)),
        written.map(({ answer }) => answer).join("\u001e")
      ]
      yield* connection.query(WRITE, parameters)
      watch.add(beganAt, batch)
    }
  }, Effect.scoped)
  const lanes = Array.from({ length: LANES }, (_, number) => number).filter(
    (number) => events >= LANES || number === events % LANES
  )
  const measure = Effect.fnUntraced(function* (seconds: number) {
    const watch = new Stopwatch(seconds)
    yield* Effect.forEach(lanes, (number) => lane(number, watch), { concurrency: "unbounded", discard: true })
    return watch.speed
  })
  yield* measure(warmUpSeconds)
  const told: Told = { ...(yield* measure(seconds)), batch }
  Script.result(told)
})

await Effect.runPromise(program)
