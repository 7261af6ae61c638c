/**
 * The event that people are imported into: the one that the options name, or the one for the file, which an import makes and
 * publishes.
 */
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { CliError } from "../../../CliError.ts"
import { ACTOR } from "./Registering.ts"

export interface EventOptions {
  readonly event?: string
  readonly title?: string
  readonly capacity?: number
  readonly organizer: string
  readonly startsAt?: Date
  readonly endsAt?: Date
  readonly timeZone: string
}

const DAY_MILLIS = 24 * 60 * 60 * 1_000

/** A UUID of version 8 that is the same for the same text. */
const uuidOf = (text: string): string => {
  const hex = createHash("sha256").update(text).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The event to import into: the given one, or the one for this file, which is created and published if it is not there. */
export const find = (
  turnout: TurnoutService,
  options: EventOptions,
  content: string,
  onMade: (eventId: EventId) => void
): Effect.Effect<
  Event,
  Effect.Error<ReturnType<TurnoutService["getEvent"] | TurnoutService["createEvent"] | TurnoutService["publishEvent"]>>
> => {
  if (options.event !== undefined) return turnout.getEvent(options.event)
  const { capacity, organizer, timeZone, title } = options
  if (title === undefined || capacity === undefined) {
    throw new CliError("say which event: --event ID, or --title and --capacity for a new one")
  }
  const id = uuidOf(JSON.stringify([content, title, capacity, organizer]))
  const startsAt = options.startsAt ?? new Date(Date.now() + 30 * DAY_MILLIS)
  const endsAt = options.endsAt ?? new Date(startsAt.getTime() + DAY_MILLIS)
  const create = turnout.createEvent(
    { id: EventId.make(id), title, capacity, organizer, timeZone, startsAt, endsAt },
    { actor: ACTOR }
  )
  return turnout.getEvent(id).pipe(
    Effect.catchTag("EventNotFound", () => Effect.tap(create, (event) => Effect.sync(() => onMade(event.id)))),
    Effect.flatMap((event) =>
      event.status === "draft" ? turnout.publishEvent(event.id, { actor: ACTOR }) : Effect.succeed(event)
    ),
    Effect.uninterruptible
  )
}
