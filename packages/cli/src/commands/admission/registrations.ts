/**
 * `turnout registrations`: lists, exports and cancels registrations.
 */
import { type Command, Option } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/Actor.ts"
import { given } from "../../options/Given.ts"
import { instant } from "../../options/Instants.ts"
import { cursor, limit, total } from "../../options/Paging.ts"
import * as Exports from "@turnout/core/admission/application/Exports"
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { GivenRegistrationQuery } from "@turnout/core/admission/application/Queries"
import { Turnout, type TurnoutService } from "@turnout/core/admission/application/Turnout"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { type Registration, RegistrationId, RegistrationState } from "@turnout/core/admission/domain/model/Registration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Database from "../../Database.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import { more, type Paging, toQuery, totalOf } from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import * as Steps from "../../Steps.ts"
import * as ExportFile from "./ExportFile.ts"

interface StateOption {
  readonly state?: ReadonlyArray<RegistrationState>
}

interface ListOptions extends Paging, StateOption {
  readonly search?: string
  readonly attendee?: string
  readonly registeredFrom?: Date
  readonly registeredUntil?: Date
  readonly changedFrom?: Date
  readonly changedUntil?: Date
  readonly newestFirst?: true
  readonly total?: true
}

/** The query of the options. */
const queryOf = (options: ListOptions): GivenRegistrationQuery => {
  const { attendee, changedFrom, changedUntil, newestFirst, registeredFrom, registeredUntil, search, state, total } =
    options
  return {
    ...toQuery(options),
    ...given({
      state,
      search,
      attendeeId: attendee,
      registeredFrom,
      registeredUntil,
      changedFrom,
      changedUntil,
      total
    }),
    ...(newestFirst === undefined ? {} : { order: "newest" })
  }
}

const state = (): Option =>
  new Option("--state <state...>", "only those in one of these").choices(RegistrationState.literals)

export const exportAll = (
  options: Database.GlobalOptions & ExportFile.ExportOptions & StateOption,
  eventId: string
): Promise<boolean> =>
  ExportFile.write(options, eventId, (turnout) =>
    Exports.ofRegistrations(turnout, eventId, options.state === undefined ? {} : { state: options.state })
  )

export const list = async (options: Database.GlobalOptions & ListOptions, eventId: string): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) => turnout.listRegistrations(eventId, queryOf(options)))
  Output.result(options, page, () => [
    ...Table.lines(
      ["id", "attendee", "name", "state", "registered"],
      page.items.map(({ attendee, id, registeredAt, state }) => [
        id,
        attendee.email,
        attendee.name,
        state,
        registeredAt.toISOString()
      ])
    ),
    ...totalOf(page),
    ...more(page)
  ])
  return true
}

const isEventId = Schema.is(EventId)
const isRegistrationId = Schema.is(RegistrationId)

/** Reads the ids of arguments, each once, and checks all of them before the command changes anything. */
const toIds = (eventId: string, given: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, InvalidInput> => {
  const ids = [...new Set(given.map((id) => id.toLowerCase()))]
  const issues = [
    ...(isEventId(eventId.toLowerCase()) ? [] : [{ field: "eventId", rule: "must be a UUID" }]),
    ...ids
      .filter((id) => !isRegistrationId(id))
      .map((id) => ({ field: `registration ${JSON.stringify(id)}`, rule: "must be a UUID" }))
  ]
  return issues.length === 0 ? Effect.succeed(ids) : Effect.fail(new InvalidInput({ issues }))
}

interface Failed {
  readonly id: string
  readonly reason: string
}

/** The registrations that the event does not have, each with the reason. */
const missing = (turnout: TurnoutService, eventId: string, ids: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(ids, (id) =>
      turnout.getRegistration(eventId, id).pipe(
        Effect.as([]),
        Effect.catchTag("RegistrationNotFound", ({ message }) => Effect.succeed([{ id, reason: message }]))
      )
    ),
    (found) => found.flat()
  )

export const cancel = async (
  options: Database.GlobalOptions & ActorOptions,
  eventId: string,
  registrationIds: ReadonlyArray<string>
): Promise<boolean> => {
  const ids = await Logs.runPromise(options, toIds(eventId, registrationIds))
  const who = whoOf(options)
  const steps = Steps.each(ids)
  const cancelled: Array<Registration> = []
  const failed: Array<Failed> = []
  const lines = () => cancelled.map(({ attendee, id }) => `cancelled ${id} of ${attendee.email}`)
  const warnings = () => failed.map(({ id, reason }) => [id, reason] as const)
  const soFar = () =>
    cancelled.length === 0 && steps.unknown().length === 0
      ? undefined
      : {
          document: { cancelled, failed, ...Steps.left(steps) },
          lines: lines(),
          warnings: warnings(),
          next: `${Steps.leftInWords(steps)} The same command goes on with the rest: what is cancelled stays so.`
        }
  const step = (turnout: TurnoutService) => (id: string) =>
    turnout.cancelRegistration(eventId, id, { actor: who }).pipe(
      Effect.map((registration) => void cancelled.push(registration)),
      // An error about one registration does not keep the command from cancelling the others. Any other error ends it.
      Effect.catchTags({
        RegistrationNotFound: ({ message }) => Effect.succeed(void failed.push({ id, reason: message })),
        RegistrationStateConflict: ({ message }) => Effect.succeed(void failed.push({ id, reason: message }))
      })
    )
  const work = Effect.gen(function* () {
    const turnout = yield* Turnout
    failed.push(...(yield* missing(turnout, eventId, ids)))
    if (failed.length === 0) yield* steps.carryOut(step(turnout))
  }).pipe(Effect.provide(Database.turnout(options)))
  await Steps.run(options, work, soFar)
  Output.warnings(warnings())
  const notDone = steps.notDone().filter((id) => failed.every((one) => one.id !== id))
  if (notDone.length > 0) Output.notice("Nothing has changed: correct the ids, and cancel them all again.")
  Output.changed(options, { cancelled, failed, ...(notDone.length === 0 ? {} : { notDone }) }, lines)
  return failed.length === 0
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const registrations = program.command("registrations").description("look at registrations, export and cancel them")
  registrations
    .command("list")
    .description("list the registrations of an event in the order of entry")
    .argument("<event>", "id of the event")
    .addOption(state())
    .option("--search <text>", "only those whose address, or a word of whose name, begins with this")
    .option("--attendee <id>", "only those of this attendee: an id of yours, or mailto: and an address")
    .option("--registered-from <time>", "only those registered at this time or later", instant)
    .option("--registered-until <time>", "only those registered before this time", instant)
    .option("--changed-from <time>", "only those in their state since this time or later", instant)
    .option("--changed-until <time>", "only those in their state since before this time", instant)
    .option("--newest-first", "the other way round")
    .addOption(total())
    .addOption(limit())
    .addOption(cursor())
    .action(action(list))
  registrations
    .command("export")
    .description("write the registrations of an event as CSV, in the order of entry")
    .argument("<event>", "id of the event")
    .addOption(state())
    .addOption(ExportFile.output())
    .action(action(exportAll))
  registrations
    .command("cancel")
    .description("cancel registrations; each seat that becomes free goes to the first in the waitlist")
    .argument("<event>", "id of the event")
    .argument("<registration...>", "ids of the registrations")
    .addOption(as())
    .action(action(cancel))
}
