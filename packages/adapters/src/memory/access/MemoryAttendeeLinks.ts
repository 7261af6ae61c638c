/**
 * Attendee links in memory. The store of registrations writes the links of those that it makes into `Links`.
 */
import { AttendeeLinkStore, type StoredAttendeeLink } from "@turnout/core/access/ports/AttendeeLinkStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Entries } from "./MemoryAuditLog.ts"

/** The links by the ids of their registrations. */
export class Links extends Context.Service<Links, Map<string, StoredAttendeeLink>>()("@turnout/MemoryAttendeeLinks") {}

/** Links of their own for each build of the layer. */
export const layerLinks: Layer.Layer<Links> = Layer.effect(
  Links,
  Effect.sync(() => new Map())
)

const make = Effect.gen(function* () {
  const links = yield* Links
  const audit = yield* Entries
  return AttendeeLinkStore.of({
    find: (registrationId) => Effect.sync(() => links.get(registrationId)),
    replace: (eventId, registrationId, digest, who) =>
      Effect.sync(() => {
        links.set(registrationId, { eventId, digest })
        audit.write(who, "links.replace", { event: eventId, registration: registrationId })
      })
  })
})

export const layer: Layer.Layer<AttendeeLinkStore, never, Entries | Links> = Layer.effect(AttendeeLinkStore, make)
