/**
 * A parked stream in the database of a command line.
 */
import { PgClient } from "@effect/sql-pg"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Effect, Layer, Redacted } from "effect"
import type * as CommandLine from "./CommandLine.ts"

/**
 * Makes an event with three people, whose stream is parked for the sink `mail` from the second entry on. The sink has been
 * given the rest of the journal. Gives the id of the event, which is the same in every database.
 */
export const make = async (turnout: CommandLine.Filling): Promise<string> => {
  const file = turnout.write("people.csv", "email\nada@example.com\nbob@example.com\ncarl@example.com\n")
  const { eventId } = (await turnout.json("import", file, "--title", "Party", "--capacity", "2")).document
  const url = turnout.database!
  const layer = PostgresOutbox.layerFromClient().pipe(Layer.provide(PgClient.layer({ url: Redacted.make(url) })))
  await Effect.gen(function* () {
    const outbox = yield* Outbox
    yield* outbox.register("mail", "beginning")
    yield* outbox.announce("mail", "worker-1", 60_000)
    const claims = yield* outbox.claim("mail", { owner: "worker-1", ttlMillis: 60_000, limit: 64 })
    const slices = yield* outbox.read("mail", claims, 100)
    const slice = slices.find(({ deliveries }) => deliveries.length > 0)
    const lease = claims.find(({ slot }) => slot === slice!.slot)!
    const block = { attempts: 20, error: "550 no such mailbox", retryAfterMillis: null }
    const blocked = [{ stream: eventId as never, version: 2, ...block }]
    yield* outbox.acknowledge("mail", [{ ...lease, position: slice!.position, blocked }])
  }).pipe(Effect.provide(layer), Effect.runPromise)
  return eventId
}
