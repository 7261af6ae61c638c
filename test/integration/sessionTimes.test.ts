/**
 * Sessions and sign-in links by the clock of the server: what has ended is refused and swept, and use puts the end of a session off.
 */
import { assert, describe, layer } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresPeople from "@turnout/adapters/postgres/people"
import * as PostgresSessions from "@turnout/adapters/postgres/sessions"
import { NOTED_MILLIS, SESSION_MILLIS } from "@turnout/core/access/domain/signIn/Session"
import { LINK_MILLIS, MAX_LINKS } from "@turnout/core/access/domain/signIn/SignInLink"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { everySession, find, link, person, redeem, session, somebody } from "../conformance/access/SessionsGiven.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const onClient = Layer.mergeAll(
  PostgresSessions.layerFromClient(),
  PostgresPeople.layerFromClient(),
  PostgresAuditLog.layerFromClient()
)

const CLIENTS = [
  ["Postgres", onClient.pipe(Layer.provideMerge(TestDatabase.layer()))],
  ["PGlite", onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layerClient()))))]
] as const

/** Moves a session or a link so many milliseconds into the past. */
const age = Effect.fnUntraced(function* (table: "sessions" | "sign_in_links", id: string, millis: number) {
  const sql = yield* SqlClient.SqlClient
  const columns = table === "sessions" ? ["created_at", "last_used_at", "ends_at"] : ["expires_at"]
  const sets = columns.map((name) => `${name} = ${name} - ${millis} * interval '1 millisecond'`)
  yield* sql.unsafe(`UPDATE turnout.${table} SET ${sets.join(", ")} WHERE id = '${id}'`)
})

const MINUTE = 60_000
const TOLERANCE_MILLIS = 10_000

describe.each(CLIENTS)("on %s", (_name, stores) => {
  layer(stores, { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("a link works for 15 minutes, and makes room for another after that", () =>
      Effect.gen(function* () {
        const address = somebody()
        const links = yield* Effect.forEach(Array.from({ length: MAX_LINKS }), () => link(address))
        assert.isUndefined((yield* link(address)).expiresAt)
        yield* age("sign_in_links", links[0]!.id, LINK_MILLIS)
        yield* age("sign_in_links", links[1]!.id, LINK_MILLIS - MINUTE)
        assert.strictEqual((yield* Effect.flip(redeem(links[0]!)))._tag, "LinkRefused")
        assert.strictEqual(yield* redeem(links[1]!), address)
        assert.isDefined((yield* link(address)).expiresAt)
        assert.isUndefined((yield* link(address)).expiresAt)
      })
    )

    it.effect("a session ends 30 days after it was last used", () =>
      Effect.gen(function* () {
        const { id: personId } = yield* person()
        const { noteUsed } = yield* SessionStore
        const { id } = yield* session(personId)
        const left = Effect.map(find(id), (stored) => stored!.validMillis)
        yield* age("sessions", id, NOTED_MILLIS - MINUTE)
        yield* noteUsed(id)
        assert.isBelow(Math.abs((yield* left) - (SESSION_MILLIS - NOTED_MILLIS + MINUTE)), TOLERANCE_MILLIS)
        yield* age("sessions", id, SESSION_MILLIS - NOTED_MILLIS - MINUTE)
        yield* noteUsed(id)
        assert.isBelow(Math.abs((yield* left) - SESSION_MILLIS), TOLERANCE_MILLIS)
        yield* age("sessions", id, SESSION_MILLIS)
        yield* noteUsed(id)
        assert.strictEqual(yield* left, 0)
        assert.deepStrictEqual(yield* everySession(personId), [])
      })
    )

    it.effect("what has ended is swept, and nothing else", () =>
      Effect.gen(function* () {
        const { id: personId } = yield* person()
        const [over, valid] = [yield* session(personId), yield* session(personId)]
        const [ended, made] = [yield* link(somebody()), yield* link(somebody())]
        yield* redeem(made)
        yield* age("sessions", over.id, SESSION_MILLIS)
        yield* age("sign_in_links", ended.id, LINK_MILLIS)
        const { forgetLinks, forgetSessions } = yield* SessionStore
        for (const step of [forgetLinks, forgetSessions])
          yield* Effect.repeat(step, { until: ({ isThrough }) => isThrough })
        const sql = yield* SqlClient.SqlClient
        const links = yield* sql<{ id: string }>`SELECT id FROM turnout.sign_in_links`
        const ids = links.map(({ id }) => id)
        assert.include(ids, made.id, "one that was used counts for its address still")
        assert.notInclude(ids, ended.id)
        assert.isUndefined(yield* find(over.id))
        assert.isDefined(yield* find(valid.id))
      })
    )
  })
})
