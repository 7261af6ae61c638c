/**
 * The commands about an event. Commands are plain decoded values: they hold what the caller wants and nothing else.
 */
import type { AttendanceCommand } from "./Attendance.ts"
import type { EventCommand } from "./Event.ts"
import type { RegisterCommand } from "./Register.ts"
import type { RegistrationCommand } from "./Registration.ts"

export type Command =
  | EventCommand // Includes the commands about its seats.
  | RegisterCommand
  | RegistrationCommand
  | AttendanceCommand

/** The name of a command, as it appears in idempotency scopes and rejections. */
export type Operation = Command["_tag"]
