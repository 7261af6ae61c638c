/**
 * How long a server may take to stop, and what that is made up of.
 */
import { STOP_MILLIS as MAIL_STOP_MILLIS } from "@turnout/core/access/application/SignInMails"
import * as Sinks from "../../sinks/Sinks.ts"
import type * as Mailing from "./Mailing.ts"
import type { ServeOptions } from "./ServeOptions.ts"

/** The time for commands whose requests have ended to finish, and the time that closing the database may take then. */
export const DRAIN_MILLIS = 4_000
const CLOSE_MILLIS = 1_000

/** What a process of several may take beyond that, so that the primary, which waits for all of them, is the one to say that it was too long. */
export const BEYOND_MILLIS = 1_000

/** The time after which a server that stops has stopped for certain. */
export const of = (
  { drainDelay, shutdownGrace }: Pick<ServeOptions, "drainDelay" | "shutdownGrace">,
  mailing: Mailing.Way
): number => {
  const mailMillis = mailing._tag === "None" ? 0 : MAIL_STOP_MILLIS
  return drainDelay + shutdownGrace + mailMillis + DRAIN_MILLIS + CLOSE_MILLIS + Sinks.STOP_MILLIS
}
