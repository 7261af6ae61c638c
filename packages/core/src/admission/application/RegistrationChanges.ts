/**
 * The use cases that change a registration: its state, who its attendee is, and attendance.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { decoder } from "../../kernel/application/InvalidInput.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import { type AttendanceCommand, AttendedInput, type GivenAttended } from "../domain/model/Attendance.ts"
import {
  ConfirmationInput,
  CorrectionInput,
  type GivenConfirmation,
  type GivenCorrection,
  type Registration,
  type RegistrationChange,
  type RegistrationCommand,
  RegistrationId
} from "../domain/model/Registration.ts"
import type { GivenWriteOptions } from "../domain/state/WriteOptions.ts"
import type { CommandOf, Commands, Write } from "./Commands.ts"

/** A registration as a write left it. */
export interface ChangedRegistration extends Registration {
  /** Whether there was anything to do; `changedAt` says since when the registration has its state. */
  readonly changed: boolean
}

type Tags = RegistrationCommand["_tag"] | AttendanceCommand["_tag"]

type ChangeRegistration<Tag extends Tags> = (
  eventId: string,
  registrationId: string,
  options?: GivenWriteOptions
) => Write<CommandOf<Tag>, ChangedRegistration>

export interface RegistrationChanges {
  /**
   * Cancels a registration, whatever the status of its event. A seat that becomes free goes to the first in line in the same commit.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `RegistrationStateConflict`, and what every write meets (`Write`)
   * @example
   * ```ts
   * const { changed } = await turnout.cancelRegistration(id, registration.id)
   * ```
   */
  readonly cancelRegistration: ChangeRegistration<"CancelRegistration">
  /**
   * Gives a chosen waiter a seat. `beyond` says what to do if none is free: `raise` adds one in the same commit, `overhang` goes beyond the
   * capacity. Those who wait before keep their places.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `EventStatusConflict`, `RegistrationStateConflict`, `CapacityFull`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.confirmRegistration(id, registration.id, { beyond: "raise" })
   * ```
   */
  readonly confirmRegistration: (
    eventId: string,
    registrationId: string,
    input?: GivenConfirmation,
    options?: GivenWriteOptions
  ) => Write<CommandOf<"ConfirmRegistration">, ChangedRegistration>
  /**
   * Takes a cancellation back: to a seat if one is free, or else to the old place in the waitlist.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `EventStatusConflict`, `RegistrationStateConflict`, `AlreadyRegistered`, and what every write meets (`Write`)
   * @example
   * ```ts
   * const { state } = await turnout.reinstateRegistration(id, registration.id)
   * ```
   */
  readonly reinstateRegistration: ChangeRegistration<"ReinstateRegistration">
  /**
   * Corrects who the attendee is, and the notes. The seat or the place in the waitlist stays as it is.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `EventStatusConflict`, `RegistrationStateConflict`, `AlreadyRegistered`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.correctRegistration(id, registration.id, { attendee: { name: "Ada Lovelace" } })
   * ```
   */
  readonly correctRegistration: (
    eventId: string,
    registrationId: string,
    input: GivenCorrection,
    options?: GivenWriteOptions
  ) => Write<CommandOf<"CorrectRegistration">, ChangedRegistration>
  /**
   * Notes that the attendee came; `changed` is false for a second scan. `early` notes it before the doors are open, 12 hours before the
   * start.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `EventStatusConflict`, `RegistrationStateConflict`, `DoorsNotOpen`, and what every write meets (`Write`)
   * @example
   * ```ts
   * const { changed, changedAt } = await turnout.markAttended(id, registration.id)
   * ```
   */
  readonly markAttended: (
    eventId: string,
    registrationId: string,
    input?: GivenAttended,
    options?: GivenWriteOptions
  ) => Write<CommandOf<"MarkAttended">, ChangedRegistration>
  /**
   * Notes that the attendee did not come, once the event has started. The seat stays taken until it is released.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `EventStatusConflict`, `RegistrationStateConflict`, `EventNotStarted`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.markNoShow(id, registration.id)
   * ```
   */
  readonly markNoShow: ChangeRegistration<"MarkNoShow">
  /**
   * Takes back that the attendee came, or did not come.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `EventStatusConflict`, `RegistrationStateConflict`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.clearAttendance(id, registration.id)
   * ```
   */
  readonly clearAttendance: ChangeRegistration<"ClearAttendance">
  /**
   * Gives the seat of somebody who did not come to the first in line.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, `EventStatusConflict`, `RegistrationStateConflict`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.releaseSeat(id, registration.id)
   * ```
   */
  readonly releaseSeat: ChangeRegistration<"ReleaseSeat">
}

/** The names of the use cases, for wiring that makes something of each. */
export const methods: Readonly<Record<keyof RegistrationChanges, true>> = {
  cancelRegistration: true,
  confirmRegistration: true,
  reinstateRegistration: true,
  correctRegistration: true,
  markAttended: true,
  markNoShow: true,
  clearAttendance: true,
  releaseSeat: true
}

const decode = {
  id: decoder(Schema.Struct({ eventId: EventId, registrationId: RegistrationId })),
  confirmation: decoder(ConfirmationInput),
  correction: decoder(CorrectionInput),
  attended: decoder(AttendedInput)
}

export const make = (commands: Commands): RegistrationChanges => {
  const change = <C extends RegistrationCommand | AttendanceCommand>(
    command: C,
    options: GivenWriteOptions | undefined
  ): Write<C, ChangedRegistration> =>
    Effect.map(commands.run(command, options), (outcome) => {
      const { changed, registration } = outcome as RegistrationChange
      return { ...registration, changed }
    })

  const changeRegistration =
    <Tag extends "CancelRegistration" | "ReinstateRegistration" | "MarkNoShow" | "ClearAttendance" | "ReleaseSeat">(
      _tag: Tag
    ): ChangeRegistration<Tag> =>
    (eventId, registrationId, options) =>
      Effect.flatMap(decode.id({ eventId, registrationId }), (id) => change({ _tag, ...id }, options)) as never

  return {
    cancelRegistration: changeRegistration("CancelRegistration"),
    confirmRegistration: Effect.fnUntraced(function* (eventId, registrationId, input = {}, options) {
      const id = yield* decode.id({ eventId, registrationId })
      const { beyond = null } = yield* decode.confirmation(input)
      return yield* change({ _tag: "ConfirmRegistration", ...id, beyond }, options)
    }),
    reinstateRegistration: changeRegistration("ReinstateRegistration"),
    correctRegistration: Effect.fnUntraced(function* (eventId, registrationId, input, options) {
      const id = yield* decode.id({ eventId, registrationId })
      const changes = yield* decode.correction(input)
      return yield* change({ _tag: "CorrectRegistration", ...id, changes }, options)
    }),
    markAttended: Effect.fnUntraced(function* (eventId, registrationId, input = {}, options) {
      const id = yield* decode.id({ eventId, registrationId })
      const { early = false } = yield* decode.attended(input)
      return yield* change({ _tag: "MarkAttended", ...id, early }, options)
    }),
    markNoShow: changeRegistration("MarkNoShow"),
    clearAttendance: changeRegistration("ClearAttendance"),
    releaseSeat: changeRegistration("ReleaseSeat")
  }
}
