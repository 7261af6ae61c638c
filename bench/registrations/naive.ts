/**
 * The service that most people would write first: a transaction of several statements for each registration, over the same
 * client library.
 */
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Callers from "../support/Callers.ts"
import { eventId } from "../support/Database.ts"
import * as Script from "../support/Script.ts"
import { KEPT_MILLIS, rows } from "./Rows.ts"
import { email, NAME, type Told, type Turn } from "./Turn.ts"

const turn = Script.settings<Turn>()
/** More connections than this were not faster. */
const CONNECTIONS = 20

const program = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  let n = 0

  const register = (event: string, person: string) =>
    sql.withTransaction(
      Effect.gen(function* () {
        const [locked] = yield* sql<{ version: bigint; confirmed: number; capacity: number }>`
          SELECT version, confirmed, capacity FROM turnout.events WHERE id = ${event}::uuid FOR UPDATE`
        if (locked === undefined || locked.confirmed >= locked.capacity) return yield* Effect.die("the event is full")
        const now = new Date()
        const version = Number(locked.version) + 1
        const row = rows(event, version, person, now)
        yield* sql`INSERT INTO turnout.registrations (id, event_id, attendee_id, name, email, notes, state, sequence,
            registered_at, changed_at)
          VALUES (${row.id}::uuid, ${event}::uuid, ${`mailto:${person}`}, ${NAME}, ${person}, '', 'confirmed', ${version}, ${now}, ${now})`
        yield* sql`INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
          VALUES (${event}::uuid, ${version}, ${row.messageId}::uuid, 'AttendeeRegistered', 1, ${row.payload}::text::json,
            'anonymous', ${now})`
        yield* sql`INSERT INTO turnout.idempotency (key, operation, principal, fingerprint, request_id, registration_id,
            answer, created_at, expires_at)
          VALUES (${row.key}, 'Register', 'anonymous', ${row.fingerprint}, ${row.id}::uuid, ${row.id}::uuid,
            ${row.answer}::text::json, ${now}, ${new Date(now.getTime() + KEPT_MILLIS)})`
        yield* sql`UPDATE turnout.events SET confirmed = confirmed + 1, version = version + 1 WHERE id = ${event}::uuid`
      })
    )

  const once = Effect.suspend(() => {
    const person = n++
    return register(eventId((person % turn.events) + 1), email(turn.tag, person))
  })
  const told: Told = { ...(yield* Callers.measure(once, turn)), batch: 1 }
  Script.result(told)
})

await Effect.runPromise(
  program.pipe(Effect.provide(PgClient.layer({ url: Redacted.make(turn.url), maxConnections: CONNECTIONS })))
)
