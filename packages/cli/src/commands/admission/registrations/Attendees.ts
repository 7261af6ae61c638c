/**
 * The options that say who an attendee is, and what is noted on the registration.
 */
import { BeyondCapacity } from "@turnout/core/admission/domain/model/Seats"
import type { GivenCorrection } from "@turnout/core/admission/domain/model/Registration"
import { Option } from "commander"

export interface AttendeeOptions {
  readonly attendee?: string
  /** `false` if it is to be taken away. */
  readonly name?: string | false
  readonly notes?: string | false
}

export interface BeyondOptions {
  readonly beyond?: BeyondCapacity
}

export const email = (): Option => new Option("--email <address>", "the e-mail address")
export const others = (): ReadonlyArray<Option> => [
  new Option("--name <text>", "the name"),
  new Option("--attendee <id>", "an id of yours for the person, who is known by the address without one"),
  new Option("--notes <text>", "notes on the registration")
]
export const beyond = (): Option =>
  new Option(
    "--beyond <how>",
    "give a seat even if none is free: raise adds one, overhang goes beyond the capacity"
  ).choices(BeyondCapacity.literals)

/** The input of these options; a field that is to be taken away is empty. */
export const toInput = ({
  attendee: id,
  email,
  name,
  notes
}: AttendeeOptions & { readonly email?: string }): GivenCorrection => {
  const textOf = (text: string | false) => (text === false ? "" : text)
  const attendee = {
    ...(id === undefined ? {} : { id }),
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name: textOf(name) })
  }
  return {
    ...(Object.keys(attendee).length === 0 ? {} : { attendee }),
    ...(notes === undefined ? {} : { notes: textOf(notes) })
  }
}
