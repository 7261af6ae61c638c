/**
 * `turnout registrations add` and `guest`: registering somebody, as the person would, or as staff do.
 */
import type { GivenGuest, RegistrationOutcome } from "@turnout/core/admission/domain/model/Register"
import type { GivenRegistration } from "@turnout/core/admission/domain/model/Registration"
import type { Command } from "commander"
import type { Action } from "../../../Action.ts"
import type * as Database from "../../../Database.ts"
import * as Ids from "../../../options/Ids.ts"
import type * as Line from "../../../output/Line.ts"
import * as Output from "../../../output/Output.ts"
import { count } from "../../../output/Words.ts"
import * as Writing from "../Writing.ts"
import { withWriteOptions, type WriteOptions } from "../WriteOptions.ts"
import * as Attendees from "./Attendees.ts"

interface AddOptions extends Attendees.AttendeeOptions, WriteOptions {
  readonly email: string
}

const inWords = ({ registration: { attendee, id, state }, waitlistPosition }: RegistrationOutcome): string =>
  `registered ${id} of ${attendee.email}: ${state}${waitlistPosition === null ? "" : `, place ${count(waitlistPosition)} in the waitlist`}`

const register = async (
  options: Database.GlobalOptions & AddOptions,
  use: Writing.Use<RegistrationOutcome>
): Promise<boolean> => {
  const documentOf = ({ answer, repeated }: Writing.Written<RegistrationOutcome>) => ({ ...answer, repeated })
  const linesOf = ({ answer, repeated }: Writing.Written<RegistrationOutcome>): ReadonlyArray<Line.Line> => [
    inWords(answer),
    ...Writing.repeatedInWords(repeated)
  ]
  const written = await Writing.run(options, use, (soFar) => ({
    document: documentOf(soFar),
    lines: linesOf(soFar),
    next: ""
  }))
  Output.changed(options, documentOf(written), () => linesOf(written))
  return true
}

export const add = (options: Database.GlobalOptions & AddOptions, eventId: string): Promise<boolean> =>
  register(options, (turnout, writeOptions) =>
    turnout.register(eventId, Attendees.toInput(options) as GivenRegistration, writeOptions)
  )

export const guest = (
  options: Database.GlobalOptions & AddOptions & Attendees.BeyondOptions,
  eventId: string
): Promise<boolean> => {
  const { beyond } = options
  const input = { ...Attendees.toInput(options), ...(beyond === undefined ? {} : { beyond }) } as GivenGuest
  return register(options, (turnout, writeOptions) => turnout.registerGuest(eventId, input, writeOptions))
}

/** Declares the commands and their options. */
export const declare = (registrations: Command, action: Action): void => {
  const adding = registrations
    .command("add")
    .description("register somebody: with a seat if one is open, or else at the end of the waitlist")
    .addArgument(Ids.event())
  const inviting = registrations
    .command("guest")
    .description(
      "register somebody for staff: outside the registration window, with the waitlist closed or full, or into a draft"
    )
    .addArgument(Ids.event())
  for (const command of [adding, inviting]) {
    command.addOption(Attendees.email().makeOptionMandatory())
    for (const option of Attendees.others()) command.addOption(option)
  }
  inviting.addOption(Attendees.beyond())
  withWriteOptions(adding).action(action(add))
  withWriteOptions(inviting).action(action(guest))
}
