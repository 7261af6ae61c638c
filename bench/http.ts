/**
 * Registrations per second over HTTP, compared with the same route of the same server without a database.
 *
 *     npm run bench:http -- [--rounds N] [--seconds N] [--connections N] [--json]
 *
 * Both servers have all of the middleware, read and check the same requests and write the same answers. One of them calls Turnout on
 * Postgres, with one hot event, the other a service that answers at once. Requests have no credential, or an API key. The load comes from a
 * process of its own, which has a core to itself if the machine has more than one.
 */
import * as Rec from "effect/Record"
import { load, type Turn } from "./http/Load.ts"
import { alternate, summarise } from "./support/Contest.ts"
import * as Database from "./support/Database.ts"
import { format, print, progress } from "./support/Report.ts"
import * as Script from "./support/Script.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({ rounds: 5, seconds: 4, connections: 64 })
const WARM_UP_SECONDS = Math.min(2, settings.seconds)

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
  const turns = await alternate(
    {
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
        title: `POST /events/{id}/registrations, ${settings.connections} connections`,
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
