/**
 * Registrations and looks at an event per second over HTTP, compared with fastify that does nothing on the same routes, and with the same
 * server without a database.
 *
 *     npm run bench:http -- [--rounds N] [--seconds N] [--connections N] [--json]
 *
 * Our servers have all of the pipeline, with its limits. One of them calls Turnout on Postgres, with one hot event, and caches in a Redis of
 * the benchmark when events are looked at; the other a service that answers at once. Requests have no credential, or an API key. fastify checks a registration by a JSON schema and answers at once; a look
 * it answers with a constant as long as an event. The load comes from a process of its own, which has a core to itself if the machine has
 * more than one.
 */
import * as Rec from "effect/Record"
import * as RedisServer from "../test/support/RedisServer.ts"
import { ask, load, look, type Turn } from "./http/Load.ts"
import { alternate, summarise } from "./support/Contest.ts"
import * as Database from "./support/Database.ts"
import { format, print, progress } from "./support/Report.ts"
import * as Script from "./support/Script.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({ rounds: 5, seconds: 4, connections: 64 })
/** A document as long as that of an event. */
const EVENT = {
  id: Database.eventId(1),
  organizationId: "default",
  title: "An evening of music",
  organizer: "Music Society",
  timeZone: "Europe/Berlin",
  startsAt: "2035-05-12T18:00:00.000Z",
  endsAt: "2035-05-12T22:00:00.000Z",
  registrationOpensAt: null,
  registrationClosesAt: null,
  selfServiceUntil: null,
  capacity: 1_000_000,
  waitlist: { isOpen: true, limit: null },
  status: "published",
  seatsTaken: 0,
  waiting: 0,
  version: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  changedAt: "2026-01-01T00:00:00.000Z"
}
const WARM_UP_SECONDS = Math.min(2, settings.seconds)

await using redis = await RedisServer.start()
await Database.use(async (database) => {
  const turn = async (behind: "turnout" | "nothing", as: "nobody" | "key" = "nobody"): Promise<Turn> => {
    await database.clear()
    await Database.insertEvents(database, 1)
    const given = { url: database.url, behind }
    await using server = await Script.start<{ readonly url: string; readonly key: string }>("http/server.ts", given)
    const credential = as === "key" ? server.told.key : undefined
    await load(server.told.url, settings.connections, WARM_UP_SECONDS, credential)
    return await load(server.told.url, settings.connections, settings.seconds, credential)
  }
  /** The same load on what a user would pick instead. */
  const instead = async (fire: typeof load | typeof look): Promise<Turn> => {
    await using server = await Script.start<{ readonly url: string }>("http/fastify.ts", { event: EVENT })
    await fire(server.told.url, settings.connections, WARM_UP_SECONDS)
    return await fire(server.told.url, settings.connections, settings.seconds)
  }
  const looking = async (fire: typeof look, shares = true): Promise<Turn> => {
    await database.clear()
    await Database.insertEvents(database, 1)
    const given = { url: database.url, behind: "turnout", ...(shares ? { redis: redis.url } : {}) }
    await using server = await Script.start<{ readonly url: string }>("http/server.ts", given)
    // A cache that processes share is used when it has settled.
    await fire(server.told.url, settings.connections, WARM_UP_SECONDS)
    return await fire(server.told.url, settings.connections, settings.seconds)
  }
  const turns = await alternate(
    {
      "fastify, registering nothing": () => instead(load),
      "fastify, a constant event": () => instead(look),
      "looks at an event": () => looking(look),
      "looks at an event, without Redis": () => looking(look, false),
      "looks by clients that have it": () => looking(ask),
      "registrations, one hot event": () => turn("turnout"),
      "registrations, with an API key": () => turn("turnout", "key"),
      "no-op": () => turn("nothing")
    },
    settings.rounds,
    (name, round) => progress(`round ${round + 1} of ${settings.rounds}: ${name}`)
  )
  progress("")

  const figures = Rec.map(turns, (all) => ({
    perSecond: summarise(all.map((one) => one.perSecond)),
    p50Millis: summarise(all.map((one) => one.p50Millis)),
    p99Millis: summarise(all.map((one) => one.p99Millis))
  }))
  print(settings, {
    bench: "HTTP",
    settings,
    figures,
    sections: [
      {
        title: `POST /events/{id}/registrations and GET /events/{id}, ${settings.connections} connections`,
        head: ["what", "a second", "lowest", "highest", "p50 ms", "p99 ms"],
        rows: Object.entries(figures).map(([name, { p50Millis, p99Millis, perSecond }]) => [
          name,
          format(perSecond.median),
          format(perSecond.min),
          format(perSecond.max),
          p50Millis.median,
          p99Millis.median
        ])
      }
    ],
    targets: [
      {
        what: "registrations / fastify, registering nothing",
        value:
          figures["registrations, one hot event"]!.perSecond.median /
          figures["fastify, registering nothing"]!.perSecond.median,
        target: 0.35
      },
      {
        what: "looks at an event / fastify, a constant event",
        value: figures["looks at an event"]!.perSecond.median / figures["fastify, a constant event"]!.perSecond.median,
        target: 0.5
      },
      {
        what: "looks by clients that have it / fastify, a constant event",
        value:
          figures["looks by clients that have it"]!.perSecond.median /
          figures["fastify, a constant event"]!.perSecond.median,
        target: 0.7
      },
      {
        what: "end to end / no-op",
        value: figures["registrations, one hot event"]!.perSecond.median / figures["no-op"]!.perSecond.median,
        target: 0.4
      },
      {
        what: "with an API key / without",
        value:
          figures["registrations, with an API key"]!.perSecond.median /
          figures["registrations, one hot event"]!.perSecond.median,
        target: 0.9
      }
    ]
  })
})
