/**
 * The caller of a command who may not do everything: what the policy says of them, asked under the lock of the event. A command
 * without a caller is that of somebody who may do everything, such as a program that embeds the library.
 */
import type { Command } from "../model/Command.ts"
import type { Event, EventNotFound } from "../model/Event.ts"
import type { Registration, RegistrationNotFound } from "../model/Registration.ts"
import type { Refused } from "../../../kernel/domain/access/Refusals.ts"

/** What a command is about, as it is when the command is decided. */
export interface Subject {
  readonly event: Event
  /** The registration that the command names; `undefined` if it names none, or there is none. */
  readonly registration: Registration | undefined
  readonly now: Date
}

export interface Caller {
  /** Why the caller may not; `undefined` if they may. What they may not know of is not found. */
  readonly refusalOf: (command: Command, subject: Subject) => Refused | EventNotFound | RegistrationNotFound | undefined
  /** The digest of the secret that the caller is given for the registration that the command makes. */
  readonly linkDigest?: string
}
