/**
 * Commands that change several registrations of an event in the same way, one after the other.
 *
 * All ids are checked, and found, before the first one is changed. A registration that is refused does not keep the command from the
 * others; any other error ends it.
 */
import type { ChangedRegistration } from "@turnout/core/admission/application/RegistrationChanges"
import { Turnout, type TurnoutService, type UseCases } from "@turnout/core/admission/application/Turnout"
import { Rejection } from "@turnout/core/admission/domain/model/Rejection"
import type { GivenWriteOptions } from "@turnout/core/admission/domain/state/WriteOptions"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Database from "../../../Database.ts"
import * as Ids from "../../../options/Ids.ts"
import * as Output from "../../../output/Output.ts"
import * as Steps from "../../../Steps.ts"
import * as Writing from "../Writing.ts"
import { keyOf, type WriteOptions } from "../WriteOptions.ts"

const isRejection = Schema.is(Rejection)

/** Rejections that are about one registration, and say nothing of the others. */
const OF_ONE: ReadonlySet<Rejection["_tag"]> = new Set([
  "RegistrationNotFound",
  "RegistrationStateConflict",
  "AlreadyRegistered",
  "CapacityFull",
  "IdempotencyKeyReused"
])

interface Failed {
  readonly id: string
  readonly reason: string
}

/** A registration that was changed, and whether the answer repeats an earlier one. */
type Changed = ChangedRegistration & { readonly repeated: boolean }

/** What a command does to a registration. */
export interface Change {
  /** The name of the registrations that were changed, in the document. */
  readonly name: string
  /** The change in the past tense. */
  readonly done: string
  readonly use: (
    turnout: UseCases,
    eventId: string,
    registrationId: string,
    options: GivenWriteOptions
  ) => Effect.Effect<ChangedRegistration, unknown>
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

const remarkOf = ({ changed, repeated }: Changed): string =>
  repeated ? " (done before, under the same idempotency key)" : changed ? "" : " (there was nothing to change)"

/** Carries out a change of registrations. */
export const carryOut = async (
  options: Database.GlobalOptions & WriteOptions,
  { done, name, use }: Change,
  eventId: string,
  given: ReadonlyArray<string>
): Promise<boolean> => {
  const ids = Ids.ids("registration", given)
  const key = keyOf(options)
  const steps = Steps.each(ids)
  const changed: Array<Changed> = []
  const failed: Array<Failed> = []
  const lines = () => changed.map((one) => `${done} ${one.id} of ${one.attendee.email}${remarkOf(one)}`)
  const warnings = () => failed.map(({ id, reason }) => [id, reason] as const)
  const soFar = () =>
    changed.length === 0 && steps.unknown().length === 0
      ? undefined
      : {
          document: { [name]: changed, failed, ...Steps.left(steps) },
          lines: lines(),
          warnings: warnings(),
          next: `${Steps.leftInWords(steps)} The same command goes on with the rest: what is done stays so.`
        }
  const step = (id: string) =>
    Writing.write(options, `${key} ${id}`, (turnout, writeOptions) => use(turnout, eventId, id, writeOptions)).pipe(
      Effect.map(({ answer, repeated }) => void changed.push({ ...answer, repeated })),
      Effect.catch((error) =>
        isRejection(error) && OF_ONE.has(error._tag)
          ? Effect.succeed(void failed.push({ id, reason: error.message }))
          : Effect.fail(error)
      )
    )
  const work = Effect.gen(function* () {
    const turnout = yield* Turnout
    failed.push(...(yield* missing(turnout, eventId, ids)))
    if (failed.length === 0) yield* steps.carryOut(step)
  }).pipe(Effect.provide(Database.turnoutAndStores(options)))
  await Steps.run(options, work, soFar)
  Output.warnings(warnings())
  const notDone = steps.notDone().filter((id) => failed.every((one) => one.id !== id))
  if (notDone.length > 0) Output.notice("Nothing has changed: correct the ids, and name them all again.")
  Output.changed(options, { [name]: changed, failed, ...(notDone.length === 0 ? {} : { notDone }) }, lines)
  return failed.length === 0
}
