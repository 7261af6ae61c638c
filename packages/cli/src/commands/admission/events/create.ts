/**
 * `turnout events create` and `update`: an event with its details, and other details of one that is there.
 */
import { Option, type Command } from "commander"
import * as Effect from "effect/Effect"
import type { GivenEvent } from "@turnout/core/admission/domain/model/Event"
import type { Action } from "../../../Action.ts"
import type * as Database from "../../../Database.ts"
import * as Ids from "../../../options/Ids.ts"
import * as Organizations from "../../../options/access/Organizations.ts"
import { WrongUsage } from "../../../WrongUsage.ts"
import {
  type ChangeOptions,
  expecting,
  withChangeOptions,
  withWriteOptions,
  type WriteOptions
} from "../WriteOptions.ts"
import * as Details from "./Details.ts"
import * as Told from "./Told.ts"

interface CreateOptions extends Details.DetailOptions, Organizations.OrganizationOptions, WriteOptions {
  readonly id?: string
  readonly capacity: number
  readonly timeZone: string
}

export const create = (options: Database.GlobalOptions & CreateOptions): Promise<boolean> => {
  const { capacity, id } = options
  return Told.change(options, "created", (turnout, writeOptions) =>
    Effect.gen(function* () {
      const details = yield* Details.inZone(options, options.timeZone)
      const owner = yield* Organizations.fieldOf(options)
      // The options that an event cannot be without are mandatory.
      const event = { ...(id === undefined ? {} : { id }), ...owner, ...details, capacity } as GivenEvent
      return yield* turnout.createEvent(event, writeOptions)
    })
  )
}

const DETAILS = [...Details.needed(), ...Details.optional()].map((option) => option.attributeName())

type UpdateOptions = Details.DetailOptions & ChangeOptions

export const update = async (options: Database.GlobalOptions & UpdateOptions, eventId: string): Promise<boolean> => {
  if (DETAILS.every((detail) => options[detail as keyof UpdateOptions] === undefined))
    throw new WrongUsage("say what to change, such as --title or --starts-at")
  return Told.change(options, "updated", (turnout, writeOptions) =>
    Effect.gen(function* () {
      const zone = options.timeZone ?? (yield* turnout.getEvent(eventId)).timeZone
      const changes = yield* Details.inZone(options, zone)
      return yield* turnout.updateEvent(eventId, changes, { ...writeOptions, ...expecting(options) })
    })
  )
}

/** Declares the commands and their options. */
export const declare = (events: Command, action: Action): void => {
  const making = events.command("create").description("make an event: a draft, which is published by another command")
  for (const option of Details.needed()) making.addOption(option.makeOptionMandatory())
  making.addOption(
    new Option("--capacity <seats>", "its number of seats").argParser(Details.seats).makeOptionMandatory()
  )
  for (const option of Details.optional()) making.addOption(option)
  making.addOption(
    new Option("--id <id>", "its id, a UUID; an event is made only once under it (default: a new one)").argParser(
      Ids.id
    )
  )
  making.addOption(Organizations.organization("the organization that it belongs to, for ever (default: default)"))
  withWriteOptions(making).action(action(create))

  const changing = events
    .command("update")
    .description("change the details of a draft or a published event; others stay as they are")
    .addArgument(Ids.event())
  for (const option of [...Details.needed(), ...Details.optional(), ...Details.without()]) changing.addOption(option)
  withChangeOptions(changing).action(action(update))
}
