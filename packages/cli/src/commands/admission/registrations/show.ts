/**
 * `turnout registrations show` and `position`: one registration, and the place of one who waits.
 */
import type { Cancellation, Registration } from "@turnout/core/admission/domain/model/Registration"
import type { Command } from "commander"
import type { Action } from "../../../Action.ts"
import * as Database from "../../../Database.ts"
import * as Ids from "../../../options/Ids.ts"
import type * as Line from "../../../output/Line.ts"
import * as Output from "../../../output/Output.ts"
import * as Table from "../../../output/Table.ts"
import { count, time } from "../../../output/Words.ts"

const REASONS: Readonly<Record<Cancellation["reason"], string>> = {
  requested: "cancelled by itself",
  eventCancelled: "the event was cancelled",
  seatReleased: "the seat was released"
}

/** A registration in words. */
export const inWords = (registration: Registration): ReadonlyArray<Line.Line> => {
  const { attendee, cancellation, changedAt, eventId, id, notes, registeredAt, state } = registration
  return Table.facts([
    ["id", id],
    ["event", eventId],
    ["attendee", attendee.id],
    ["e-mail", attendee.email],
    ["name", attendee.name],
    ["notes", notes],
    ["state", state],
    ["registered", time(registeredAt)],
    ["in this state since", time(changedAt)],
    ...(cancellation === undefined
      ? []
      : [["cancelled", `${REASONS[cancellation.reason]}; it was ${cancellation.from}`] as const])
  ])
}

export const show = async (
  options: Database.GlobalOptions,
  eventId: string,
  registrationId: string
): Promise<boolean> => {
  const registration = await Database.withTurnout(options, (turnout) =>
    turnout.getRegistration(eventId, registrationId)
  )
  Output.result(options, registration, () => inWords(registration))
  return true
}

export const position = async (
  options: Database.GlobalOptions,
  eventId: string,
  registrationId: string
): Promise<boolean> => {
  const place = await Database.withTurnout(options, (turnout) => turnout.waitlistPosition(eventId, registrationId))
  Output.result(options, place, () => [`${count(place.position)} of ${count(place.length)} who wait`])
  return true
}

/** Declares the commands and their options. */
export const declare = (registrations: Command, action: Action): void => {
  registrations
    .command("show")
    .description("show one registration")
    .addArgument(Ids.event())
    .addArgument(Ids.registration())
    .action(action(show))
  registrations
    .command("position")
    .description("show the place of one who waits; 1 is next")
    .addArgument(Ids.event())
    .addArgument(Ids.registration())
    .action(action(position))
}
