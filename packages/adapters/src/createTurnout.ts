/**
 * Turnout for those who do not use Effect: plain async functions.
 *
 * ```ts
 * const turnout = createTurnout({ database: "postgres://localhost/app" })
 * const { registration, waitlistPosition } = await turnout.register(eventId, { attendee: { email: "ada@example.com" } })
 * await turnout.close()
 * ```
 *
 * Every function takes what the method of that name of the `Turnout` service takes, and resolves to what it succeeds
 * with. It rejects with the same errors, all of them classes with a `_tag`: a rejection of the domain
 * (`@turnout/core/domain/Rejection`), `InvalidInput`, or `StoreError`.
 */
import { InvalidInput } from "@turnout/core/application/InvalidInput"
import * as Core from "@turnout/core/application/Turnout"
import * as Rejection from "@turnout/core/domain/Rejection"
import { StoreError } from "@turnout/core/ports/StoreError"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Database from "./database.ts"

export interface CreateTurnoutOptions extends Database.DatabaseOptions, Core.TurnoutOptions {}

type Methods = Omit<Core.TurnoutService, "execute" | "executeAll" | "ready">

/** The functions of the `Turnout` service, as promises. */
export type Turnout = {
  readonly [Name in keyof Methods]: (
    ...args: Parameters<Methods[Name]>
  ) => Promise<Effect.Success<ReturnType<Methods[Name]>>>
} & {
  /** Resolves if the store can be reached and is migrated; rejects with a `StoreError` otherwise. */
  readonly ready: () => Promise<void>
  /** Waits for what is being committed, then lets go of every connection. Nothing can be called afterwards. */
  readonly close: () => Promise<void>
}

/** What the functions reject with. */
export type TurnoutError = Rejection.Rejection | InvalidInput | StoreError

const isRejection = Schema.is(Rejection.Rejection)

/** Tells the errors of Turnout from all others, so that a `switch` on `_tag` is checked by the compiler. */
export const isTurnoutError = (error: unknown): error is TurnoutError =>
  error instanceof InvalidInput || error instanceof StoreError || isRejection(error)

/** Nothing is opened before the first call; a database that cannot be opened rejects that call with a `StoreError`. */
export const createTurnout = (options: CreateTurnoutOptions = {}): Turnout => {
  const runtime = ManagedRuntime.make(Core.layer(options).pipe(Layer.provide(Database.layer(options))))
  const call =
    <Name extends keyof Methods>(name: Name) =>
    (...args: ReadonlyArray<unknown>) =>
      runtime.runPromise(
        Core.Turnout.use((service) => {
          const method = service[name] as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>
          return method(...args)
        })
      )
  const names: ReadonlyArray<keyof Methods> = [
    "createEvent",
    "updateEvent",
    "publishEvent",
    "unpublishEvent",
    "cancelEvent",
    "completeEvent",
    "changeCapacity",
    "register",
    "cancelRegistration",
    "confirmRegistration",
    "markAttended",
    "markNoShow",
    "getEvent",
    "listEvents",
    "getRegistration",
    "listRegistrations",
    "listWaitlist",
    "waitlistPosition",
    "listAttendeeRegistrations",
    "listJournal"
  ]
  const methods = Object.fromEntries(names.map((name) => [name, call(name)]))
  return {
    ...methods,
    ready: () => runtime.runPromise(Core.Turnout.use((service) => service.ready)),
    close: () => runtime.dispose()
  } as unknown as Turnout
}
