/**
 * Three processes with caches and limits in one Redis of the test, under a mixed load, while that Redis is emptied, hangs, is killed and
 * comes back. Checks C1 to C5 of the invariants, by what was acknowledged before each read began, and by a recount at the end.
 */
import { randomUUID } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as RedisServer from "../support/RedisServer.ts"

const PROCESSES = 3
const CLIENTS = 12
const EVENTS = 4
const CAPACITY = 40
/** No request may take as long as its deadline; these are far from it. */
const LATEST_MILLIS = 5_000

/** The most looks at waitlists in an hour, in which the test is. Nothing else has a limit. */
const LIMIT = 60
const LIMITS = [
  ...["anonymous", "anonymous-registrations"].map((name) => ({ name, operations: [] })),
  { name: "waitlists", countedBy: "address", operations: ["listWaitlist"], limit: LIMIT, windowSeconds: 3_600 }
]

interface Registration {
  readonly id: string
  readonly eventId: string
  readonly state: string
}

interface EventSeen {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly capacity: number
  readonly counts: { readonly confirmed: number; readonly waitlisted: number }
}

/** What clients were told about an event. */
interface Acknowledged {
  registered: number
  titles: number
}

/** Three servers, what they were asked and what they have answered. */
class Load {
  readonly urls: ReadonlyArray<string>
  readonly wrong: Array<string> = []
  readonly events: Array<string> = []
  readonly told = new Map<string, Acknowledged>()
  slowest = 0
  reads = 0
  people = 0
  /** The looks at waitlists that the limit has let pass, and all of them. */
  passed = 0
  offered = 0
  isOver = false

  constructor(urls: ReadonlyArray<string>) {
    this.urls = urls
  }

  /** Asks one of the servers, by chance. */
  async ask<A>(method: string, path: string, body?: unknown): Promise<A> {
    const url = this.urls[Math.floor(Math.random() * this.urls.length)]! + path
    const begun = performance.now()
    const response = await fetch(url, {
      method,
      headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const text = await response.text()
    this.slowest = Math.max(this.slowest, performance.now() - begun)
    if (!response.ok) this.wrong.push(`${method} ${path} was answered with ${response.status}: ${text}`)
    return JSON.parse(text) as A
  }

  private expect(holds: boolean, what: string): void {
    this.reads += 1
    if (!holds) this.wrong.push(what)
  }

  /** Looks at an event, alone and in the list, in which everything has to be that was acknowledged before. */
  async look(id: string): Promise<void> {
    const { registered, titles } = { ...this.told.get(id)! }
    const check = (event: EventSeen, where: string) => {
      const taken = event.counts.confirmed + event.counts.waitlisted
      this.expect(taken >= registered, `${where} shows ${taken} registrations of ${registered}`)
      this.expect(Number(event.title) >= titles, `${where} shows title ${event.title} after ${titles}`)
      this.expect(event.counts.confirmed <= event.capacity, `${where} is oversold`)
    }
    check(await this.ask<EventSeen>("GET", `/events/${id}`), "an event")
    const { items } = await this.ask<{ readonly items: ReadonlyArray<EventSeen> }>("GET", "/events")
    this.expect(items.length === EVENTS, `the list has ${items.length} events`)
    const listed = items.find((event) => event.id === id)
    if (listed !== undefined) check(listed, "an event in the list")
  }

  /** Registers somebody, who then reads what they were told. */
  async register(id: string): Promise<void> {
    const email = `person-${(this.people += 1)}@example.com`
    const mine = () =>
      this.ask<{ readonly items: ReadonlyArray<Registration> }>("GET", `/attendees/mailto:${email}/registrations`)
    this.expect((await mine()).items.length === 0, `${email} is registered before`)
    const { registration } = await this.ask<{ readonly registration: Registration }>(
      "POST",
      `/events/${id}/registrations`,
      { attendee: { email } }
    )
    this.told.get(id)!.registered += 1
    this.expect(
      (await mine()).items.some((one) => one.id === registration.id),
      `${email} does not find their own`
    )
    if (registration.state === "waitlisted") {
      const path = `/events/${id}/registrations/${registration.id}/position`
      const { position } = await this.ask<{ readonly position: number }>("GET", path)
      this.expect(position >= 1, `${email} has the place ${position}`)
    }
    await this.look(id)
  }

  async rename(id: string, title: number): Promise<void> {
    await this.ask("PATCH", `/events/${id}`, { title: String(title) })
    const told = this.told.get(id)!
    told.titles = Math.max(told.titles, title)
    await this.look(id)
  }

  /** Looks at a waitlist, which the limit may refuse. */
  async lookAtWaitlist(id: string): Promise<void> {
    const url = this.urls[this.offered % this.urls.length]!
    this.offered += 1
    const { status } = await fetch(`${url}/events/${id}/waitlist?limit=1`)
    if (status === 200) this.passed += 1
    else if (status !== 429) this.wrong.push(`a waitlist was answered with ${status}`)
  }

  /** Does one thing after the other. The titles of each event are counted up by one client. */
  async client(number: number): Promise<void> {
    for (let turn = 1; !this.isOver; turn++) {
      const id = this.events[number % EVENTS]!
      if (turn % 10 === 0) await this.register(id)
      else if (number < EVENTS && turn % 7 === 0) await this.rename(id, turn)
      else await this.look(this.events[(number + turn) % EVENTS]!)
      await this.lookAtWaitlist(id)
      await pause(5)
    }
  }
}

/** The sum of a counter over the metrics of all servers. */
const sumOf = async (metrics: ReadonlyArray<string>, line: RegExp): Promise<number> => {
  const texts = await Promise.all(metrics.map(async (url) => (await fetch(url)).text()))
  return texts
    .flatMap((text) => text.split("\n").filter((one) => line.test(one)))
    .reduce((sum, one) => sum + Number(one.split(" ").at(-1)), 0)
}

const ANSWERED = /^turnout_cache_reads_total\{.*outcome="(hit|shared)"/
const BELIEVED = /^turnout_cache_reads_total\{kind="list",outcome="(hit|shared)"/

describe("three processes with caches and limits in one Redis", { timeout: 180_000 }, () => {
  it("C1, C2, C3, C4, C5: show all that was acknowledged while it is emptied, hangs, is killed and comes back", async () => {
    await using redis = await RedisServer.start()
    await using turnout = await CommandLine.onPostgres()
    const options = ["--json", "--redis", redis.url, "--metrics-port", "0", "--limits", JSON.stringify(LIMITS)]
    const servers = []
    for (let n = 0; n < PROCESSES; n++)
      servers.push(await turnout.serve(...options, ...(n === 0 ? [] : ["--no-relay"])))
    const metrics = servers.map(({ printed }) => (JSON.parse(printed.stdout) as { readonly metrics: string }).metrics)
    const load = new Load(servers.map(({ url }) => url))
    for (let n = 0; n < EVENTS; n++) {
      const { id } = await load.ask<EventSeen>("POST", "/events", Given.eventInput({ capacity: CAPACITY, title: "0" }))
      await load.ask("POST", `/events/${id}/publish`)
      load.events.push(id)
      load.told.set(id, { registered: 0, titles: 0 })
    }
    const clients = Array.from({ length: CLIENTS }, (_, number) => load.client(number))
    const untilBelieved = async () => {
      const before = await sumOf(metrics, BELIEVED)
      for (let waited = 0; (await sumOf(metrics, BELIEVED)) <= before + 20; waited += 100) {
        assert.isBelow(waited, 60_000, "the cache is not used")
        await pause(100)
      }
    }

    await untilBelieved()
    // While they count in one Redis, all of them together let no more pass than one would.
    assert.isAbove(load.offered, LIMIT)
    assert.isAtMost(load.passed, LIMIT)
    assert.isAtLeast(load.passed, LIMIT / 2)
    await redis.run("FLUSHALL")
    await redis.run("SCRIPT", "FLUSH")
    await untilBelieved()
    redis.pause()
    await pause(2_500)
    redis.resume()
    await untilBelieved()
    await redis.kill()
    await pause(2_500)
    await redis.start()
    await untilBelieved()
    load.isOver = true
    await Promise.all(clients)

    assert.deepStrictEqual(load.wrong, [])
    assert.isBelow(load.slowest, LATEST_MILLIS)
    // Without it, each keeps the limit by itself.
    assert.isAtMost(load.passed, PROCESSES * LIMIT)
    assert.isAbove(load.reads, 1_000)
    assert.isAbove(await sumOf(metrics, ANSWERED), load.reads / 10)
    // The recount: no seat too many, everybody who was told is there, and the caches say the same as the database.
    for (const id of load.events) {
      const { registered, titles } = load.told.get(id)!
      const counted = await CommandLine.sql(
        turnout.database!,
        `SELECT e.title, count(*) FILTER (WHERE r.state = 'confirmed')::int AS confirmed,
  count(*) FILTER (WHERE r.state = 'waitlisted')::int AS waitlisted
FROM turnout.events e LEFT JOIN turnout.registrations r ON r.event_id = e.id WHERE e.id = '${id}' GROUP BY e.id`
      )
      const confirmed = Math.min(CAPACITY, registered)
      assert.deepStrictEqual(counted, [{ title: String(titles), confirmed, waitlisted: registered - confirmed }])
      for (const { url } of servers) {
        const { counts, title } = (await (await fetch(`${url}/events/${id}`)).json()) as EventSeen
        assert.deepStrictEqual([{ title, confirmed: counts.confirmed, waitlisted: counts.waitlisted }], counted)
      }
    }
    // A command that knows of no Redis tells the caches all the same, by the database.
    const renamed = await turnout.run("events", "update", load.events[0]!, "--title", "Renamed")
    assert.strictEqual(renamed.code, 0)
    for (const { url } of servers) {
      const { title } = (await (await fetch(`${url}/events/${load.events[0]}`)).json()) as EventSeen
      assert.strictEqual(title, "Renamed")
    }
    for (const server of servers) assert.strictEqual((await server.stop("SIGTERM")).code, 0)
  })
})
