/**
 * `turnout registrations cancel`, `confirm`, `reinstate`, `attended`, `no-show`, `clear-attendance` and `release-seat`: the states of
 * registrations, of one or of several.
 */
import type { UseCases } from "@turnout/core/admission/application/Turnout"
import type { Command } from "commander"
import type { Action } from "../../../Action.ts"
import type * as Database from "../../../Database.ts"
import * as Ids from "../../../options/Ids.ts"
import { withWriteOptions, type WriteOptions } from "../WriteOptions.ts"
import * as Attendees from "./Attendees.ts"
import * as Each from "./Each.ts"

type Options = Database.GlobalOptions & WriteOptions

type Simple = "cancelRegistration" | "reinstateRegistration" | "markNoShow" | "clearAttendance" | "releaseSeat"

const simple =
  (useCase: Simple & keyof UseCases, name: string, done: string) =>
  (options: Options, eventId: string, ids: ReadonlyArray<string>): Promise<boolean> =>
    Each.carryOut(
      options,
      { name, done, use: (turnout, event, id, writeOptions) => turnout[useCase](event, id, writeOptions) },
      eventId,
      ids
    )

export const cancel = simple("cancelRegistration", "cancelled", "cancelled")
export const reinstate = simple("reinstateRegistration", "reinstated", "reinstated")
export const markNoShow = simple("markNoShow", "noShow", "noted the absence of")
export const clearAttendance = simple("clearAttendance", "cleared", "cleared the attendance of")
export const releaseSeat = simple("releaseSeat", "released", "released the seat of")

export const confirm = (
  options: Options & Attendees.BeyondOptions,
  eventId: string,
  ids: ReadonlyArray<string>
): Promise<boolean> => {
  const input = options.beyond === undefined ? {} : { beyond: options.beyond }
  return Each.carryOut(
    options,
    {
      name: "confirmed",
      done: "confirmed",
      use: (turnout, event, id, writeOptions) => turnout.confirmRegistration(event, id, input, writeOptions)
    },
    eventId,
    ids
  )
}

export const markAttended = (
  options: Options & { readonly early?: true },
  eventId: string,
  ids: ReadonlyArray<string>
): Promise<boolean> => {
  const input = options.early === undefined ? {} : { early: true }
  return Each.carryOut(
    options,
    {
      name: "attended",
      done: "noted the attendance of",
      use: (turnout, event, id, writeOptions) => turnout.markAttended(event, id, input, writeOptions)
    },
    eventId,
    ids
  )
}

const SIMPLE = [
  ["cancel", "cancel registrations; each seat that becomes free goes to the first in the waitlist", cancel],
  [
    "reinstate",
    "take cancellations back: to a seat if one is free, or else to the old place in the waitlist",
    reinstate
  ],
  ["no-show", "note that attendees did not come; their seats stay taken", markNoShow],
  ["clear-attendance", "take back that attendees came, or did not come", clearAttendance],
  ["release-seat", "give the seats of those who did not come to the first in the waitlist", releaseSeat]
] as const

/** Declares the commands and their options. */
export const declare = (registrations: Command, action: Action): void => {
  const command = (name: string, description: string) =>
    registrations.command(name).description(description).addArgument(Ids.event()).addArgument(Ids.registrations())
  for (const [name, description, run] of SIMPLE) withWriteOptions(command(name, description)).action(action(run))
  withWriteOptions(
    command("confirm", "give chosen waiters a seat; those before them keep their places").addOption(Attendees.beyond())
  ).action(action(confirm))
  withWriteOptions(
    command("attended", "note that attendees came").option("--early", "even before the doors are open")
  ).action(action(markAttended))
}
