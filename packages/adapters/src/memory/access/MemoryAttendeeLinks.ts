/**
 * Attendee links in memory. The store of registrations writes the links of those that it makes into `Links`.
 */
import { registrationResource } from "@turnout/core/access/domain/audit/AuditEntry"
import { AttendeeLinkStore, type StoredAttendeeLink } from "@turnout/core/access/ports/AttendeeLinkStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Log } from "../journal/MemoryLog.ts"
import { Entries } from "./MemoryAuditLog.ts"
import { organizationOf } from "./MemoryAuditStore.ts"

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
  const log = yield* Log
  return AttendeeLinkStore.of({
    find: (registrationId) => Effect.sync(() => links.get(registrationId)),
    replace: (eventId, registrationId, digest, who) =>
      Effect.sync(() => {
        links.set(registrationId, { eventId, digest })
        audit.write(
          who,
          "links.replace",
          { event: eventId, registration: registrationId },
          { resource: registrationResource(registrationId), organizationId: organizationOf(log, eventId) }
        )
      })
  })
})

export const layer: Layer.Layer<AttendeeLinkStore, never, Entries | Links | Log> = Layer.effect(AttendeeLinkStore, make)
