/**
 * A Postgres that is there and takes no writes, in each of the ways in which that happens: two servers, a relay and a worker
 * on it, under load, and everything recounted afterwards.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import type { Message } from "@turnout/core/delivery/domain/Message"
import { Context, Effect, Fiber, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { execFileSync, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"
import * as Invariants from "../support/Invariants.ts"
import * as PostgresServer from "../support/PostgresServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const SEATS = 100
const CALLERS = 8
const PASSWORD = "right"
/** How long each state lasts once both servers say so: longer than the five seconds for which a transaction is tried again. */
const STATE_MILLIS = 7_000

let server: PostgresServer.OwnServer
beforeAll(async () => {
  server = await PostgresServer.start(PostgresServer.findBinaries()!)
  if (smallDisk === undefined) return
  const { gid, uid } = statSync(server.data)
  chownSync(smallDisk, uid, gid)
  await Effect.runPromise(administer(`CREATE TABLESPACE small LOCATION '${smallDisk}'`))
}, 60_000)
afterAll(() => server.stop())

/** A folder on a disk of its own that is soon full; `undefined` where that may not be made. */
const makeSmallDisk = (): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-small-disk-"))
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], { stdio: "pipe" })
    return folder
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
}
const smallDisk = makeSmallDisk()
afterAll(() => {
  if (smallDisk === undefined) return
  execFileSync("umount", [smallDisk])
  rmSync(smallDisk, { recursive: true })
})

/** Runs statements on a connection of their own, and gives the rows of the last. */
const runOn = <Row extends object>(url: string, ...statements: ReadonlyArray<string>) =>
  Effect.flatMap(TestDatabase.client(url), (sql) =>
    Effect.forEach(statements, (statement) => sql.unsafe<Row>(statement))
  ).pipe(
    Effect.map((all) => all.at(-1)!),
    Effect.scoped,
    Effect.orDie
  )

/** Runs statements as whoever administers the server. */
const administer = (...statements: ReadonlyArray<string>) => Effect.asVoid(runOn(server.url, ...statements))

interface Place {
  readonly database: string
  readonly role: string
  /** For the role, and for whoever made the database. */
  readonly url: string
  readonly owner: string
}

interface State {
  readonly name: string
  readonly enter: (place: Place) => Effect.Effect<unknown>
  readonly leave: (place: Place) => Effect.Effect<unknown>
  /** What the log says. */
  readonly words: RegExp
}

/** Ends every connection: what is set for a database or a role counts from the next on. */
const disconnect = ({ database }: Place) =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND pid <> pg_backend_pid()`

/** A state that statements make and end; `isOfSessions` if it counts for new connections only. */
const byStatements = (
  name: string,
  enter: (place: Place) => string,
  leave: (place: Place) => string,
  words: RegExp,
  isOfSessions = true
): State => ({
  name,
  enter: (place) => administer(...enter(place).split("; "), ...(isOfSessions ? [disconnect(place)] : [])),
  // Whoever is connected stays so.
  leave: (place) => administer(...leave(place).split("; ")),
  words
})

const GRANTS = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA turnout"

const READ_ONLY = /SQLSTATE 25006: .*read-only transaction/

const beStandby = () => writeFileSync(join(server.data, "standby.signal"), "")

/** The file of the journal, which is named in the database itself. */
const journalFile = ({ owner }: Place) =>
  Effect.map(runOn<{ path: string }>(owner, "SELECT pg_relation_filepath('turnout.journal') AS path"), ([row]) =>
    join(server.data, row!.path)
  )

const hba = (change: (text: string) => string) =>
  Effect.gen(function* () {
    const file = join(server.data, "pg_hba.conf")
    yield* Effect.sync(() => writeFileSync(file, change(readFileSync(file, "utf8"))))
    yield* administer("SELECT pg_reload_conf()")
    yield* Effect.sleep(200)
  })

const STATES: ReadonlyArray<State> = [
  byStatements(
    "a database that is read-only",
    ({ database }) => `ALTER DATABASE ${database} SET default_transaction_read_only = on`,
    ({ database }) => `ALTER DATABASE ${database} RESET default_transaction_read_only`,
    READ_ONLY
  ),
  byStatements(
    "a server that is read-only",
    () => "ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()",
    () =>
      "SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()",
    READ_ONLY,
    false
  ),
  byStatements(
    "a role that only reads",
    ({ role }) => `ALTER ROLE ${role} SET default_transaction_read_only = on`,
    ({ role }) => `ALTER ROLE ${role} RESET default_transaction_read_only`,
    READ_ONLY
  ),
  {
    name: "a role without rights",
    enter: ({ owner, role }) => runOn(owner, `REVOKE INSERT ON turnout.journal, turnout.inbox FROM ${role}`),
    leave: ({ owner, role }) => runOn(owner, `GRANT ${GRANTS} TO ${role}`),
    words: /SQLSTATE 42501: .*permission denied for table journal/
  },
  byStatements(
    "a role without log-in",
    ({ role }) => `ALTER ROLE ${role} NOLOGIN`,
    ({ role }) => `ALTER ROLE ${role} LOGIN`,
    /SQLSTATE 28000: .*is not permitted to log in/
  ),
  byStatements(
    "a database that is closed",
    ({ database }) => `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`,
    ({ database }) => `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`,
    /SQLSTATE 55000: .*not currently accepting connections/
  ),
  {
    name: "a database that is gone",
    enter: (place) =>
      administer(
        `ALTER DATABASE ${place.database} ALLOW_CONNECTIONS false`,
        disconnect(place),
        `ALTER DATABASE ${place.database} RENAME TO ${place.database}_gone`,
        `ALTER DATABASE ${place.database}_gone ALLOW_CONNECTIONS true`
      ),
    leave: (place) => administer(`ALTER DATABASE ${place.database}_gone RENAME TO ${place.database}`),
    words: /SQLSTATE 3D000: .*does not exist/
  },
  byStatements(
    "too many connections",
    ({ role }) => `ALTER ROLE ${role} CONNECTION LIMIT 0`,
    ({ role }) => `ALTER ROLE ${role} CONNECTION LIMIT -1`,
    /SQLSTATE 53300: .*too many connections for role/
  ),
  {
    name: "a password that is not the right one",
    enter: (place) =>
      Effect.gen(function* () {
        yield* hba((text) => `host all ${place.role} 127.0.0.1/32 scram-sha-256\n${text}`)
        yield* administer(`ALTER ROLE ${place.role} PASSWORD 'another'`, disconnect(place))
      }),
    leave: ({ role }) => administer(`ALTER ROLE ${role} PASSWORD '${PASSWORD}'`),
    words: /SQLSTATE 28P01: .*password authentication failed/
  },
  {
    name: "a server that recovers",
    enter: () => Effect.promise(() => server.restart(["hot_standby=off"], beStandby, false)),
    leave: () => Effect.promise(() => server.restart([], () => rmSync(join(server.data, "standby.signal")))),
    words: /not accepting connections|starting up|SQLSTATE 57P03/
  },
  {
    name: "a standby, which is promoted",
    enter: () => Effect.promise(() => server.restart([], beStandby)),
    leave: () => runOn(server.url, "SELECT pg_promote()"),
    words: /read-only transaction|during recovery/
  },
  {
    name: "a file that is gone",
    enter: (place) =>
      Effect.gen(function* () {
        const file = yield* journalFile(place)
        renameSync(file, `${file}.gone`)
        // Whoever has it open still finds it.
        yield* administer(disconnect(place))
      }),
    leave: (place) =>
      Effect.gen(function* () {
        const file = yield* journalFile(place)
        renameSync(`${file}.gone`, file)
      }),
    words: /SQLSTATE 58P01: .*could not open file/
  },
  ...(smallDisk === undefined
    ? []
    : [
        {
          name: "a disk that is full",
          enter: () =>
            Effect.sync(() => {
              const chunk = Buffer.alloc(64 * 1024)
              try {
                while (true) appendFileSync(join(smallDisk, "filler"), chunk)
              } catch {}
            }),
          leave: () => Effect.sync(() => rmSync(join(smallDisk, "filler"))),
          // Where half a block still fits, the server says how much of it it has written.
          words: /SQLSTATE 53100: .*(?:No space left on device|wrote only)/
        } satisfies State
      ])
]

/** A database with a role that may do in it what Turnout does, and no more. */
const makePlace = Effect.gen(function* () {
  const database = `turnout_refusing_${randomUUID().slice(0, 8)}`
  const role = `${database}_role`
  const where = smallDisk === undefined ? "" : "TABLESPACE small"
  yield* administer(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`, `CREATE DATABASE ${database} ${where}`)
  yield* Effect.addFinalizer(() =>
    administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`, `DROP ROLE IF EXISTS ${role}`)
  )
  const own = new URL(server.url)
  own.pathname = `/${database}`
  const owner = own.href
  own.username = role
  own.password = PASSWORD
  yield* Effect.scoped(Layer.build(TestDatabase.migrated(PostgresStore.layerClient({ url: owner, poolSize: 2 }))))
  yield* runOn(
    owner,
    "CREATE TABLE turnout.effects (n bigserial PRIMARY KEY, stream uuid NOT NULL, version bigint NOT NULL)",
    `GRANT USAGE ON SCHEMA turnout TO ${role}`,
    `GRANT ${GRANTS} TO ${role}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA turnout TO ${role}`
  )
  return { database, role, url: own.href, owner }
})

const until = (what: string, holds: Effect.Effect<boolean, unknown>, millis = 20_000) =>
  Effect.gen(function* () {
    const end = performance.now() + millis
    while (!(yield* Effect.orDie(holds))) {
      assert.isBelow(performance.now(), end, `waited in vain: ${what}`)
      yield* Effect.sleep(50)
    }
  })

/** Whatever a server answers while it may not do its work: never a failure of its own, and nothing of the inside. */
const assertRefusal = (reply: Http.Reply) => {
  assert.include([503, 504], reply.status, reply.text)
  if (reply.status === 504) return
  assert.include(["store_unavailable", "outcome_unknown", "not_ready"], reply.body.code)
  assert.isNotNull(reply.headers.get("retry-after"))
  assert.notMatch(reply.text, /SQLSTATE|role|read-only|turnout_refusing|No space/)
}

/** A line to a server that leads new connections to another one when it is told to, and leaves those that there are. */
const makeLine = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<Socket>()
      let target = new URL(url)
      const line = createServer((from) => {
        const to = connect(Number(target.port), target.hostname)
        for (const [one, other] of [
          [from, to],
          [to, from]
        ] as const) {
          sockets.add(one)
          one.on("error", () => {})
          one.on("close", () => other.destroy())
          one.pipe(other)
        }
      })
      await new Promise<void>((resolve) => line.listen(0, "127.0.0.1", resolve))
      return {
        port: (line.address() as AddressInfo).port,
        leadTo: (next: string) => {
          target = new URL(next)
        },
        close: () => {
          for (const socket of sockets) socket.destroy()
          line.close()
        }
      }
    }),
    ({ close }) => Effect.sync(close)
  )

/** A standby of the server, which follows it closely. */
const startReplica = Effect.acquireRelease(
  Effect.promise(async () => {
    const { gid, uid } = statSync(server.data)
    const binaries = PostgresServer.findBinaries()!
    const folder = mkdtempSync(join(tmpdir(), "turnout-replica-"))
    const data = join(folder, "data")
    const tablespaces = join(folder, "tablespaces")
    mkdirSync(tablespaces)
    for (const path of [folder, tablespaces]) chownSync(path, uid, gid)
    const mapping = smallDisk === undefined ? [] : ["-T", `${smallDisk}=${tablespaces}`]
    execFileSync(join(binaries, "pg_basebackup"), ["-d", server.url, "-D", data, "-R", "-c", "fast", ...mapping], {
      uid,
      gid,
      cwd: folder,
      stdio: "pipe"
    })
    const port = await PostgresServer.freePort()
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`]
    const replica = spawn(
      join(binaries, "postgres"),
      ["-D", data, ...[...settings, "fsync=off", "max_connections=200"].flatMap((setting) => ["-c", setting])],
      { uid, gid, cwd: folder, stdio: "ignore" }
    )
    const url = new URL(server.url)
    url.port = String(port)
    const stop = async () => {
      const exited = new Promise<void>((resolve) => replica.once("exit", () => resolve()))
      replica.kill("SIGQUIT")
      await exited
      rmSync(folder, { recursive: true, force: true })
    }
    return { url: url.href, port: url.port, stop }
  }),
  ({ stop }) => Effect.promise(stop)
).pipe(
  Effect.tap(({ url }) =>
    until(
      "the replica is up",
      Effect.match(runOn(url, "SELECT 1").pipe(Effect.catchDefect(Effect.fail)), {
        onFailure: () => false,
        onSuccess: () => true
      })
    )
  )
)

/** Two servers, a relay to a queue, a worker that takes from it, and callers who ask for as long as they are not told. */
const begin = Effect.fnUntraced(function* ({ owner, url }: Pick<Place, "owner" | "url">) {
  const servers = yield* Effect.forEach([1, 2], () =>
    Http.start({ store: Layer.orDie(PostgresStore.layer({ url, poolSize: 6 })) })
  )
  const queue = yield* MemoryQueue.make({ visibilityMillis: 3_000, maxReceiveCount: 3, waitMillis: 200 })
  const client = yield* Layer.build(Layer.orDie(PostgresStore.layerClient({ url, poolSize: 6 })))
  const onClient = Layer.provide(Layer.succeedContext(client))
  const services = yield* Layer.build(
    Layer.mergeAll(onClient(PostgresOutbox.layerFromClient()), onClient(PostgresInbox.layerFromClient()))
  )
  const record = (_: unknown, { eventId, version }: Message) =>
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`INSERT INTO turnout.effects (stream, version) VALUES (${eventId}::uuid, ${version}::bigint)`
    ).pipe(
      // A handler may tell nothing of why it has failed.
      Effect.mapError(() => new Error("there is no effect"))
    )
  const handlers = Object.fromEntries(JournalEventType.literals.map((type) => [type, record])) as Consumer.Handlers<
    unknown,
    SqlClient.SqlClient
  >
  const logged: Array<string> = []
  const logging = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
  const relay = Relay.run(queue.sink, { ttlMillis: 2_000, pollMillis: 100 })
  const worker = Consumer.run(queue, handlers, {
    consumer: "recorder",
    retryPolicy: { firstPauseMillis: 100, longestPauseMillis: 200 }
  })
  const inPlace = Effect.provide(Context.mergeAll(services, client))
  yield* Effect.forkScoped(Effect.provide(inPlace(relay), logging))
  yield* Effect.forkScoped(Effect.provide(inPlace(worker), logging))

  const [first, second] = servers as [Http.Started, Http.Started]
  const created = yield* Http.post("/events", Http.eventJson({ capacity: SEATS })).pipe(Effect.provide(first.context))
  const { id } = created.body
  yield* Http.post(`/events/${id}/publish`, {}).pipe(Effect.provide(first.context))

  const acknowledged = new Set<string>()
  const refused: Array<Http.Reply> = []
  const load = { isOver: false, servedAt: 0 }
  const caller = (n: number) =>
    Effect.gen(function* () {
      for (let k = 0; !load.isOver; k++) {
        const key = randomUUID()
        const attendee = { email: `caller-${n}-${k}@example.com` }
        const ask = ({ context }: Http.Started) =>
          Http.post(`/events/${id}/registrations`, { attendee }, { key }).pipe(Effect.provide(context))
        let reply = yield* ask(n % 2 === 0 ? first : second)
        while (reply.status !== 201) {
          if (reply.body.code !== "idempotency_key_in_flight") refused.push(reply)
          yield* Effect.sleep(100)
          reply = yield* ask(k % 2 === 0 ? first : second)
        }
        acknowledged.add(reply.body.registration.id)
        load.servedAt = performance.now()
        yield* Effect.sleep(20)
      }
    })
  const callers = yield* Effect.forEach(Array.from({ length: CALLERS }), (_, n) => Effect.forkScoped(caller(n)))
  const ready = Effect.forEach(servers, ({ context }) => Http.get("/health/ready").pipe(Effect.provide(context)))
  const untilAllAre = (status: number) =>
    until(
      `both answer ${status}`,
      Effect.map(ready, (all) => all.every((reply) => reply.status === status))
    )
  yield* untilAllAre(200)
  yield* Effect.sleep(500)

  /** Lets callers come to their end, and counts again. */
  const finish = (recounted = owner) =>
    Effect.gen(function* () {
      const servedAt = performance.now()
      yield* until(
        "callers are served",
        Effect.sync(() => load.servedAt > servedAt)
      )
      yield* Effect.sleep(300)
      load.isOver = true
      yield* Effect.forEach(callers, Fiber.join)
      refused.forEach(assertRefusal)
      // Everything is there that was acknowledged, nobody too many, and every message had its effect, once and in order.
      const { event, journal, registrations } = yield* Invariants.hold(id as never).pipe(Effect.provide(first.context))
      assert.isAtMost(event.counts.confirmed, SEATS)
      const stored = new Set(registrations.map((registration) => registration.id as string))
      assert.isEmpty([...acknowledged].filter((one) => !stored.has(one)))
      assert.strictEqual(stored.size, acknowledged.size)
      const effects = runOn<{ version: number }>(
        recounted,
        `SELECT version::integer FROM turnout.effects WHERE stream = '${id}' ORDER BY n`
      )
      yield* until(
        "every message has had its effect",
        Effect.map(effects, (rows) => rows.length >= journal.length),
        40_000
      )
      assert.deepStrictEqual(
        (yield* effects).map(({ version }) => version),
        journal.map(({ version }) => version)
      )
      assert.strictEqual(yield* queue.deadLetters.count, 0)
    })
  /** Lines of the log. They are one process: whoever comes first tells. */
  const lines = (words: RegExp) =>
    [logged, ...servers.map((server) => server.logged)].flat().filter((line) => words.test(line)).length

  return { servers, ready, untilAllAre, refused, load, lines, finish }
})

describe("a server that is there and takes no writes", { timeout: 120_000 }, () => {
  it.live.each(STATES)("$name: 503 and not ready for as long as it lasts; afterwards nothing is lost", (state) =>
    Effect.gen(function* () {
      const place = yield* makePlace
      const { finish, lines, load, ready, refused, untilAllAre } = yield* begin(place)
      const told = lines(state.words)
      yield* state.enter(place)
      yield* untilAllAre(503)
      const beganAt = performance.now()
      while (performance.now() < beganAt + STATE_MILLIS) {
        for (const reply of yield* ready) assertRefusal(reply)
        yield* Effect.sleep(100)
      }
      assert.isBelow(load.servedAt, beganAt + 1_000, "nothing was acknowledged")
      assert.isNotEmpty(refused)
      assert.isAtLeast(lines(state.words) - told, 2, "the log tells why")
      assert.isAtMost(lines(state.words) - told, STATE_MILLIS / 1_000 + 3, "once a second")
      yield* state.leave(place)
      yield* untilAllAre(200)
      yield* finish()
    }).pipe(Effect.scoped)
  )

  it.live("leaves connections that stay with it for those to its successor: nobody is lost in a failover", () =>
    Effect.gen(function* () {
      const place = yield* makePlace
      const replica = yield* startReplica
      const line = yield* makeLine(server.url)
      const through = new URL(place.url)
      through.port = String(line.port)
      const successor = new URL(place.owner)
      successor.port = replica.port
      const { finish, load, refused, servers, untilAllAre } = yield* begin({ url: through.href, owner: place.owner })
      // The old primary takes no writes from now on, and lets go of nobody.
      yield* administer("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
      yield* untilAllAre(503)
      const fencedAt = performance.now()
      const [{ lsn }] = (yield* runOn<{ lsn: string }>(server.url, "SELECT pg_current_wal_lsn()::text AS lsn")) as [
        { lsn: string }
      ]
      yield* until(
        "the replica has everything",
        Effect.map(
          runOn<{ has: boolean }>(replica.url, `SELECT pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn AS has`),
          ([row]) => row!.has
        )
      )
      yield* runOn(
        replica.url,
        "SELECT pg_promote()",
        "SET default_transaction_read_only = off",
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SELECT pg_reload_conf()"
      )
      line.leadTo(replica.url)
      yield* untilAllAre(200)
      yield* Effect.sleep(200)
      for (const server of servers)
        for (let n = 0; n < 5; n++) {
          const created = yield* Http.post("/events", Http.eventJson()).pipe(Effect.provide(server.context))
          assert.strictEqual(created.status, 201, "each of them has left the old primary")
        }
      yield* finish(successor.href)
      assert.isAbove(load.servedAt, fencedAt)
      refused.forEach(assertRefusal)
      yield* administer(
        "SET default_transaction_read_only = off",
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SELECT pg_reload_conf()"
      )
    }).pipe(Effect.scoped)
  )

  it.live("costs a transaction for each batch, and not for each command", () =>
    Effect.gen(function* () {
      const place = yield* makePlace
      const turnout = yield* Layer.build(
        Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url: place.url, poolSize: 6 }))))
      )
      const { id } = yield* Given.publishedEvent({ capacity: 10 }).pipe(Effect.provide(turnout))
      yield* administer(
        `ALTER DATABASE ${place.database} SET default_transaction_read_only = on`,
        disconnect(place),
        "SELECT pg_sleep(1)"
      )
      const transactions = Effect.map(
        runOn<{ count: number }>(
          server.url,
          "SELECT pg_sleep(1.5)",
          `SELECT (xact_commit + xact_rollback)::integer AS count FROM pg_stat_database WHERE datname = '${place.database}'`
        ),
        ([row]) => row!.count
      )
      const ask = (from: number) =>
        Effect.forEach(
          Array.from({ length: 1_000 }, (_, n) => from + n),
          (n) => Effect.flip(Given.register(id, n)),
          { concurrency: "unbounded" }
        ).pipe(Effect.provide(turnout))
      const before = yield* transactions
      for (const error of yield* ask(0)) assert.deepInclude(error, { _tag: "StoreError", isRetryable: true })
      const first = yield* transactions
      // Two batches, each tried again for five seconds; a new connection costs one as well.
      assert.isBelow(first - before, 100)
      const began = performance.now()
      yield* ask(1_000)
      assert.isBelow(performance.now() - began, 4_000, "once the server is known to refuse, nobody waits for it")
      assert.isBelow((yield* transactions) - first, 20)
    }).pipe(Effect.scoped)
  )
})
