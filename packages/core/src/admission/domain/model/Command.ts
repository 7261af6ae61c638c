/**
 * The commands about an event. Commands are plain decoded values: they hold what the caller wants and nothing else.
 */
import type { EventCommand } from "./Event.ts"
import type { RegistrationCommand } from "./Registration.ts"

export type Command =
  | EventCommand // Includes the commands about its seats.
  | RegistrationCommand

/** The name of a command, as it appears in idempotency scopes and rejections. */
export type Operation = Command["_tag"]
