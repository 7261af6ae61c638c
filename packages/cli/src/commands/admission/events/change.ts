/**
 * `turnout events publish`, `unpublish`, `cancel`, `complete`, `reopen`, `capacity` and `delete`: the life of an event.
 */
import { Argument, Option, type Command } from "commander"
import type { UseCases } from "@turnout/core/admission/application/Turnout"
import { MAX_DEMOTIONS } from "@turnout/core/admission/domain/model/Seats"
import * as Effect from "effect/Effect"
import type { Action } from "../../../Action.ts"
import type * as Database from "../../../Database.ts"
import { given } from "../../../options/Given.ts"
import * as Ids from "../../../options/Ids.ts"
import { wholeNumber } from "../../../options/Numbers.ts"
import * as Output from "../../../output/Output.ts"
import * as Writing from "../Writing.ts"
import { type ChangeOptions, expecting, withChangeOptions } from "../WriteOptions.ts"
import * as Details from "./Details.ts"
import * as Told from "./Told.ts"

type UseCase = "publishEvent" | "unpublishEvent" | "cancelEvent" | "completeEvent" | "reopenEvent"

const change =
  (useCase: UseCase & keyof UseCases, done: string) =>
  (options: Database.GlobalOptions & ChangeOptions, eventId: string): Promise<boolean> =>
    Told.change(options, done, (turnout, writeOptions) =>
      turnout[useCase](eventId, { ...writeOptions, ...expecting(options) })
    )

export const publish = change("publishEvent", "published")
export const unpublish = change("unpublishEvent", "took back to draft")
export const cancel = change("cancelEvent", "cancelled")
export const complete = change("completeEvent", "completed")
export const reopen = change("reopenEvent", "reopened")

interface CapacityOptions extends ChangeOptions {
  readonly keepOverhang?: true
  readonly demote?: number
}

export const capacity = (
  options: Database.GlobalOptions & CapacityOptions,
  eventId: string,
  seats: number
): Promise<boolean> => {
  const { demote, keepOverhang } = options
  return Told.change(options, "changed the capacity of", (turnout, writeOptions) =>
    turnout.changeCapacity(
      eventId,
      { capacity: seats, ...given({ keepOverhang, demote }) },
      { ...writeOptions, ...expecting(options) }
    )
  )
}

export const remove = async (options: Database.GlobalOptions & ChangeOptions, eventId: string): Promise<boolean> => {
  const documentOf = (repeated: boolean) => ({ deleted: eventId, repeated })
  const linesOf = (repeated: boolean) => [`deleted ${eventId}`, ...Writing.repeatedInWords(repeated)]
  const { repeated } = await Writing.run(
    options,
    (turnout, writeOptions) =>
      Effect.as(turnout.deleteEvent(eventId, { ...writeOptions, ...expecting(options) }), undefined),
    (soFar) => ({ document: documentOf(soFar.repeated), lines: linesOf(soFar.repeated), next: "" })
  )
  Output.changed(options, documentOf(repeated), () => linesOf(repeated))
  return true
}

/** The commands that take an event to another status. */
const STATUSES = [
  ["publish", "open a draft to registrations", publish],
  ["unpublish", "make a draft again of a published event for which nobody is registered", unpublish],
  ["cancel", "cancel an event that will not take place; its registrations end with it", cancel],
  ["complete", "say that an event has taken place; attendance can be noted afterwards", complete],
  ["reopen", "take back that an event was cancelled or completed, before it ends", reopen]
] as const

/** Declares the commands and their options. */
export const declare = (events: Command, action: Action): void => {
  for (const [name, description, run] of STATUSES)
    withChangeOptions(events.command(name).description(description).addArgument(Ids.event())).action(action(run))
  const resizing = events
    .command("capacity")
    .description("set the number of seats; waiters who are due get those that become free")
    .addArgument(Ids.event())
    .addArgument(new Argument("<seats>", "the number of seats").argParser(Details.seats))
    .option("--keep-overhang", "accept that more seats are taken: nobody is promoted until that is over")
    .addOption(
      new Option(
        "--demote <n>",
        "take back this number of seats, of those who got theirs last: it has to be the number that the event has too few"
      )
        .argParser(wholeNumber(1, MAX_DEMOTIONS))
        .conflicts("keepOverhang")
    )
  withChangeOptions(resizing).action(action(capacity))
  withChangeOptions(
    events
      .command("delete")
      .description("delete a draft that nobody has ever registered for; its journal stays")
      .addArgument(Ids.event())
  ).action(action(remove))
}
