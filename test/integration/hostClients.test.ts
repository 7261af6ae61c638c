/**
 * A host with a driver of its own: Turnout within its transactions, on a connection of `pg` or of postgres.js, and on its pool.
 */
import { createTurnout, type Turnout } from "turnout"
import { Client, type Pool } from "pg"
import postgres from "postgres"
import { afterAll, assert, beforeAll, describe, inject, it } from "vitest"
import * as NodePostgresPool from "../support/NodePostgresPool.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

let database: TestDatabase.Scratch
let pool: Pool

beforeAll(async () => {
  database = await TestDatabase.scratch(inject("postgresUrl"))
  pool = NodePostgresPool.make({ connectionString: database.url, max: 4 })
  await pool.query("CREATE TABLE orders (id int PRIMARY KEY)")
})

afterAll(async () => {
  await pool.end()
  await database[Symbol.asyncDispose]()
})

const rejection = async (promise: Promise<unknown>): Promise<Record<string, unknown>> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason
  )
  assert.isDefined(error, "the call was to be rejected")
  return error as Record<string, unknown>
}

const published = async (turnout: Turnout, capacity = 10) => {
  const { id } = await turnout.createEvent({
    title: "Meetup",
    organizer: "ada",
    startsAt: new Date("2100-05-04T18:00:00Z"),
    endsAt: new Date("2100-05-04T21:00:00Z"),
    timeZone: "Europe/Paris",
    capacity
  })
  return turnout.publishEvent(id)
}

const person = (name: string) => ({ attendee: { email: `${name}@example.com` } })
const emails = async (turnout: Turnout, eventId: string) =>
  (await turnout.listRegistrations(eventId)).items.map(({ attendee }) => attendee.email)
const orders = async () =>
  (await pool.query<{ id: number }>("SELECT id FROM orders ORDER BY id")).rows.map(({ id }) => id)

/** A transaction of the host, by either driver: the connection, a statement on it, and its end. */
interface Opened {
  readonly client: Parameters<Turnout["within"]>[0]
  readonly run: (text: string) => Promise<unknown>
  readonly end: (word: "COMMIT" | "ROLLBACK") => Promise<void>
}

const withPg = async (): Promise<Opened> => {
  const client = await pool.connect()
  await client.query("BEGIN")
  return {
    client,
    run: (text) => client.query(text),
    end: async (word) => {
      await client.query(word)
      client.release()
    }
  }
}

const withPostgresJs = async (): Promise<Opened> => {
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  const client = await sql.reserve()
  await client.unsafe("BEGIN")
  return {
    client,
    run: (text) => client.unsafe(text),
    end: async (word) => {
      await client.unsafe(word)
      client.release()
      await sql.end()
    }
  }
}

describe.each([
  ["pg", withPg, 1],
  ["postgres.js", withPostgresJs, 2]
] as const)("within a transaction of %s", (_name, open, number) => {
  it("I5, O4: all of it is committed with the host's own statements, and all of it is rolled back with them", async () => {
    await using turnout = createTurnout({ database: database.url })
    const { id, version } = await published(turnout)
    const undone = await open()
    const key = { idempotencyKey: `once ${number}` }
    await undone.run(`INSERT INTO orders VALUES (${number})`)
    const first = await turnout.within(undone.client).register(id, person("ada"), key)
    assert.strictEqual(first.registration.state, "confirmed")
    assert.deepStrictEqual(first.registration.registeredAt.constructor, Date)
    // What is written can be read within the transaction, and by nobody else.
    assert.strictEqual((await turnout.within(undone.client).getEvent(id)).counts.confirmed, 1)
    await undone.end("ROLLBACK")
    assert.deepStrictEqual(await emails(turnout, id), [])
    assert.strictEqual((await turnout.getEvent(id)).version, version)
    assert.strictEqual((await turnout.listJournal(id)).items.length, 2)
    assert.notInclude(await orders(), number)

    const kept = await open()
    await kept.run(`INSERT INTO orders VALUES (${number})`)
    const again = await turnout.within(kept.client).register(id, person("ada"), key)
    assert.notStrictEqual(again.registration.id, first.registration.id)
    await kept.end("COMMIT")
    assert.deepStrictEqual(await emails(turnout, id), ["ada@example.com"])
    assert.strictEqual((await turnout.getEvent(id)).counts.confirmed, 1)
    assert.strictEqual((await turnout.listJournal(id)).items.length, 3)
    assert.include(await orders(), number)
  })

  it("it goes on after a rejection, and calls at once are carried out one after the other", async () => {
    await using turnout = createTurnout({ database: database.url })
    const { id } = await published(turnout, 2)
    const { client, end, run } = await open()
    const within = turnout.within(client)
    const all = await Promise.allSettled(
      ["ada", "bob", "ada", "cy"].map((name) =>
        within.register(id, person(name), { idempotencyKey: `${name} ${number}` })
      )
    )
    assert.deepStrictEqual(
      all.map(({ status }) => status),
      ["fulfilled", "fulfilled", "fulfilled", "fulfilled"]
    )
    const refused = await rejection(within.register(id, person("ada")))
    assert.strictEqual(refused["_tag"], "AlreadyRegistered")
    await run(`INSERT INTO orders VALUES (${number + 10})`)
    await end("COMMIT")
    assert.deepStrictEqual(await emails(turnout, id), ["ada@example.com", "bob@example.com", "cy@example.com"])
    assert.include(await orders(), number + 10)
  })
})

describe("a connection within which nothing can be done", () => {
  const issueOf = async (promise: Promise<unknown>) => {
    const { _tag, issues } = (await rejection(promise)) as { _tag: string; issues: ReadonlyArray<object> }
    return [_tag, ...issues]
  }

  it("is refused by name and rule: no transaction, no connection, and a database of which it cannot be one", async () => {
    await using turnout = createTurnout({ database: database.url })
    const { id } = await published(turnout)
    const client = await pool.connect()
    const rule = "must be in a transaction: send BEGIN on it first"
    assert.deepStrictEqual(await issueOf(turnout.within(client).register(id, person("ada"))), [
      "InvalidInput",
      { field: "client", rule }
    ])
    assert.deepStrictEqual(await emails(turnout, id), [])
    for (const wrong of [pool, {}, null, undefined, "postgres://localhost"]) {
      const [, issue] = await issueOf(turnout.within(wrong as never).register(id, person("ada")))
      assert.match(JSON.stringify(issue), /"client".*must be a connection of pg/)
    }
    await using memory = createTurnout()
    const [, issue] = await issueOf(memory.within(client).listEvents())
    assert.match(JSON.stringify(issue), /"client".*memory/)
    client.release()
  })

  it("that is lost, fails the call with a StoreError, and the transaction with it", async () => {
    await using turnout = createTurnout({ database: database.url })
    const { id } = await published(turnout)
    const client = new Client({ connectionString: database.url })
    client.on("error", () => {})
    await client.connect()
    await client.query("BEGIN")
    await turnout.within(client).register(id, person("ada"))
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")
    await pool.query("SELECT pg_terminate_backend($1)", [rows[0]!.pid])
    const lost = await rejection(turnout.within(client).register(id, person("bob")))
    assert.strictEqual(lost["_tag"], "StoreError")
    assert.isTrue(lost["isRetryable"])
    assert.deepStrictEqual(await emails(turnout, id), [])
    await client.end().catch(() => {})
  })
})

describe("a pool of pg", () => {
  it("is all that Turnout needs, whatever types the host has taught its driver, and stays open", async () => {
    const taught = NodePostgresPool.make({
      connectionString: database.url,
      max: 4,
      types: { getTypeParser: () => () => "something of the host's own" }
    })
    const turnout = createTurnout({ pool: taught, schema: "shared" })
    const { id } = await published(turnout, 1)
    await Promise.all(["ada", "bob", "cy"].map((name) => turnout.register(id, person(name))))
    const { items } = await turnout.listRegistrations(id, { state: ["confirmed"] })
    await turnout.cancelRegistration(id, items[0]!.id)
    const event = await turnout.getEvent(id)
    assert.deepInclude(event.counts, { confirmed: 1, waitlisted: 1 })
    assert.strictEqual(event.startsAt.toISOString(), "2100-05-04T18:00:00.000Z")
    const heard: Array<string> = []
    for await (const { event: entry } of turnout.subscribe({ from: "beginning" })) {
      heard.push(entry._tag)
      if (heard.length === event.version) break
    }
    assert.deepStrictEqual([heard[0], heard.at(-1), new Set(heard).size], ["EventCreated", "RegistrationPromoted", 6])
    await turnout.ready()
    await turnout.close()
    const { rows } = await taught.query<{ n: string }>("SELECT 'still open' AS n")
    assert.strictEqual(rows.length, 1)
    assert.deepInclude(
      { idle: taught.idleCount, waiting: taught.waitingCount },
      { idle: taught.totalCount, waiting: 0 }
    )
    await taught.end()
  })

  it("works within its own transactions, with a single connection", async () => {
    const single = NodePostgresPool.make({ connectionString: database.url, max: 1 })
    await using turnout = createTurnout({ pool: single, schema: "shared" })
    const { id } = await published(turnout)
    const client = await single.connect()
    await client.query("BEGIN")
    await turnout.within(client).register(id, person("ada"))
    await client.query("ROLLBACK")
    client.release()
    assert.deepStrictEqual(await emails(turnout, id), [])
    await turnout.close()
    await single.end()
  })

  it("is refused by name beside options that say the same, and if it is none", () => {
    const fields = (options: object) => {
      try {
        createTurnout(options)
      } catch (error) {
        return (error as { issues: ReadonlyArray<{ field: string }> }).issues.map(({ field }) => field)
      }
      return []
    }
    assert.deepStrictEqual(fields({ pool, database: database.url, poolSize: 3, pooler: true }), [
      "database",
      "poolSize",
      "pooler"
    ])
    assert.deepStrictEqual(fields({ pool: {} }), ["pool"])
  })

  it("that cannot connect, fails the call with a StoreError", async () => {
    const nowhere = NodePostgresPool.make({ host: "127.0.0.1", port: 1, max: 1 })
    await using turnout = createTurnout({ pool: nowhere })
    const failed = await rejection(turnout.listEvents())
    assert.strictEqual(failed["_tag"], "StoreError")
    await nowhere.end()
  })
})
