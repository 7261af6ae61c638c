/**
 * `turnout registrations correct`: who the attendee is, and what is noted. The seat, or the place in the waitlist, stays as it is.
 */
import type { ChangedRegistration } from "@turnout/core/admission/application/RegistrationChanges"
import { type Command, Option } from "commander"
import type { Action } from "../../../Action.ts"
import type * as Database from "../../../Database.ts"
import * as Ids from "../../../options/Ids.ts"
import type * as Line from "../../../output/Line.ts"
import * as Output from "../../../output/Output.ts"
import { WrongUsage } from "../../../WrongUsage.ts"
import * as Writing from "../Writing.ts"
import { withWriteOptions, type WriteOptions } from "../WriteOptions.ts"
import * as Attendees from "./Attendees.ts"
import * as Showing from "./show.ts"

interface CorrectOptions extends Attendees.AttendeeOptions, WriteOptions {
  readonly email?: string
}

const linesOf = ({ answer, repeated }: Writing.Written<ChangedRegistration>): ReadonlyArray<Line.Line> => [
  answer.changed || repeated ? `corrected ${answer.id}` : `${answer.id} is as the correction says already`,
  ...Showing.inWords(answer),
  ...Writing.repeatedInWords(repeated)
]

export const correct = async (
  options: Database.GlobalOptions & CorrectOptions,
  eventId: string,
  registrationId: string
): Promise<boolean> => {
  const input = Attendees.toInput(options)
  if (Object.keys(input).length === 0) throw new WrongUsage("say what to correct, such as --email or --notes")
  const documentOf = ({ answer, repeated }: Writing.Written<ChangedRegistration>) => ({
    registration: answer,
    repeated
  })
  const written = await Writing.run(
    options,
    (turnout, writeOptions) => turnout.correctRegistration(eventId, registrationId, input, writeOptions),
    (soFar) => ({ document: documentOf(soFar), lines: linesOf(soFar), next: "" })
  )
  Output.changed(options, documentOf(written), () => linesOf(written))
  return true
}

/** Declares the command and its options. */
export const declare = (registrations: Command, action: Action): void => {
  const command = registrations
    .command("correct")
    .description("correct who the attendee is, and the notes; others of these stay as they are")
    .addArgument(Ids.event())
    .addArgument(Ids.registration())
    .addOption(Attendees.email())
  for (const option of Attendees.others()) command.addOption(option)
  command
    .addOption(new Option("--no-name", "take the name away"))
    .addOption(new Option("--no-notes", "take the notes away"))
  withWriteOptions(command).action(action(correct))
}
