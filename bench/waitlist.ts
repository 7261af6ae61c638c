/**
 * The cost of a waitlist of a million, compared with one of a thousand.
 *
 *     npm run bench:waitlist -- [--rounds N] [--samples N] [--small N] [--large N] [--json]
 *
 * One caller uses an event with a short list and an event with a long one in turns. It registers (at the end of the list),
 * cancels a seat (which promotes the first), asks for a place in the last tenth of the list, and reads the first page. Then
 * the capacity of the event with the long list is raised by a tenth of the list, at most 100,000, and people register one
 * after the other while that promotes.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { promotionsDue } from "@turnout/core/admission/domain/model/Seats"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rec from "effect/Record"
import { randomUUID } from "node:crypto"
import { alternate, median, percentile } from "./support/Contest.ts"
import * as Database from "./support/Database.ts"
import { print, progress } from "./support/Report.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({ rounds: 7, samples: 100, small: 1_000, large: 1_000_000 })
const { large, rounds, samples, small } = settings
/** The number of people of each list who ask for their place. */
const PLACES = Math.ceil(small / 10)
/** The most seats by which the capacity is raised. */
const MOST_RAISED = 100_000
/** The number of seats to cancel, one in each sample of each round, warm-up included. */
const SEATS = samples * (rounds + 1)

const registrationId = (event: number, n: number) =>
  `01900000-0000-7000-9${String(event).padStart(3, "0")}-${n.toString(16).padStart(12, "0")}`

/** Brings the n-th event into the state with all of its seats taken and `waiting` people on its waitlist. */
const fill = async (database: Database.Database, event: number, waiting: number) => {
  const id = Database.eventId(event)
  const prefix = registrationId(event, 0).slice(0, 24)
  await database.sql(`INSERT INTO turnout.registrations
    SELECT ('${prefix}' || lpad(to_hex(n), 12, '0'))::uuid, '${id}', 'person-' || n || '@example.com', 'Ada Lovelace',
      'person-' || n || '@example.com', '', CASE WHEN n <= ${SEATS} THEN 'confirmed' ELSE 'waitlisted' END, n + 2, now(),
      now()
    FROM generate_series(1, ${SEATS + waiting}) AS n`)
  await database.sql(`INSERT INTO turnout.waitlist_blocks
    SELECT event_id, level, sequence >> (4 * level + 2), count(*)
    FROM turnout.registrations, generate_series(1, 4) AS level
    WHERE event_id = '${id}' AND state = 'waitlisted' GROUP BY 1, 2, 3`)
  await database.sql(`UPDATE turnout.events
    SET capacity = ${SEATS}, confirmed = ${SEATS}, waitlisted = ${waiting}, version = ${SEATS + waiting + 2}
    WHERE id = '${id}'`)
}

const lists = { small: { event: 1, waiting: small }, large: { event: 2, waiting: large } } as const
type Size = keyof typeof lists

await Database.use(async (database) => {
  await Database.insertEvents(database, 2)
  for (const { event, waiting } of Object.values(lists)) {
    progress(`making a list of ${waiting}`)
    await fill(database, event, waiting)
  }
  await database.sql("VACUUM ANALYZE turnout.registrations")
  await database.sql("CHECKPOINT")

  const measure = Effect.gen(function* () {
    const turnout = yield* Turnout.Turnout
    const context = yield* Effect.context<never>()
    const run = Effect.runPromiseWith(context)
    const cancelled = { small: 0, large: 0 }
    const operations: Record<string, (size: Size) => Effect.Effect<unknown, unknown>> = {
      register: (size) =>
        turnout.register(
          Database.eventId(lists[size].event),
          { attendee: { email: `${randomUUID()}@example.com` } },
          { idempotencyKey: randomUUID() }
        ),
      "cancel and promote": (size) =>
        turnout.cancelRegistration(
          Database.eventId(lists[size].event),
          registrationId(lists[size].event, ++cancelled[size]),
          { idempotencyKey: randomUUID() }
        ),
      position: (size) => {
        // The people who ask have not been promoted by now. They are as many in the short list as in the long one, so that
        // the parts of both lists that are in the server's memory are alike.
        const asked = Math.floor(Math.random() * PLACES) / PLACES
        const waiting = SEATS + Math.floor(lists[size].waiting * (0.9 + asked * 0.1))
        return turnout.waitlistPosition(Database.eventId(lists[size].event), registrationId(lists[size].event, waiting))
      },
      "first page": (size) => turnout.listWaitlist(Database.eventId(lists[size].event), { limit: 50 })
    }
    /** The median times of `samples` calls for each list, one list after the other. */
    const turn = async (operation: (size: Size) => Effect.Effect<unknown, unknown>) => {
      const millis: Record<Size, Array<number>> = { small: [], large: [] }
      for (let sample = 0; sample < samples; sample++) {
        for (const size of sample % 2 === 0 ? (["small", "large"] as const) : (["large", "small"] as const)) {
          const beganAt = performance.now()
          await run(operation(size) as Effect.Effect<unknown>)
          millis[size].push(performance.now() - beganAt)
        }
      }
      return { small: median(millis.small), large: median(millis.large) }
    }
    const contestants = Rec.map(operations, (operation) => () => turn(operation))
    yield* Effect.promise(async () => {
      for (const contestant of Object.values(contestants)) await contestant()
    })
    const turns = yield* Effect.promise(() =>
      alternate(contestants, rounds, (name, round) => progress(`round ${round + 1} of ${rounds}: ${name}`))
    )

    const { capacity, id } = yield* turnout.getEvent(Database.eventId(lists.large.event))
    const raisedBy = Math.min(Math.ceil(large / 10), MOST_RAISED)
    const beganAt = performance.now()
    let event = yield* turnout.changeCapacity(id, { capacity: capacity + raisedBy })
    const millis: Array<number> = []
    while (promotionsDue(event, new Date()) > 0) {
      const askedAt = performance.now()
      yield* turnout.register(
        id,
        { attendee: { email: `${randomUUID()}@example.com` } },
        { idempotencyKey: randomUUID() }
      )
      millis.push(performance.now() - askedAt)
      event = yield* turnout.getEvent(id)
      progress(`raising: ${promotionsDue(event, new Date())} promotions are due`)
    }
    const seconds = (performance.now() - beganAt) / 1_000
    millis.sort((a, b) => a - b)
    return {
      turns,
      raise: { raisedBy, seconds, p50Millis: percentile(millis, 0.5), p99Millis: percentile(millis, 0.99) }
    }
  })
  const { raise, turns } = await Effect.runPromise(
    measure.pipe(
      Effect.provide(Turnout.layer().pipe(Layer.provide(Layer.orDie(PostgresStore.layer({ url: database.url })))))
    )
  )
  progress("")

  const figures = Rec.map(turns, (all) => ({
    smallMillis: median(all.map((one) => one.small)),
    largeMillis: median(all.map((one) => one.large)),
    ratio: median(all.map((one) => one.large / one.small))
  }))
  print(settings, {
    bench: "Waitlists",
    settings,
    figures: { ...figures, raise },
    sections: [
      {
        title: "Milliseconds, median",
        head: ["what", `${small.toLocaleString("en")} wait`, `${large.toLocaleString("en")} wait`, "ratio"],
        rows: Object.entries(figures).map(([name, { largeMillis, ratio, smallMillis }]) => [
          name,
          smallMillis.toFixed(3),
          largeMillis.toFixed(3),
          ratio.toFixed(2)
        ])
      },
      {
        title: "Registering while a raise of the capacity promotes",
        head: ["raised by", "took seconds", "p50 ms", "p99 ms"],
        rows: [
          [
            raise.raisedBy.toLocaleString("en"),
            raise.seconds.toFixed(1),
            raise.p50Millis.toFixed(0),
            raise.p99Millis.toFixed(0)
          ]
        ]
      }
    ],
    targets: [
      ...Object.entries(figures).map(([what, { ratio }]) => ({
        what: `${what}: ${large.toLocaleString("en")} / ${small.toLocaleString("en")}`,
        value: ratio,
        target: 1.3,
        atMost: true
      })),
      { what: "registering while promoting: p99, ms", value: raise.p99Millis, target: 1_000, atMost: true }
    ]
  })
})
