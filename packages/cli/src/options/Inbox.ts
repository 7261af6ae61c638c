/**
 * Options about the inbox of consumers.
 */
import { Option } from "commander"
import { MAX_INBOX_TTL_MILLIS, MIN_INBOX_TTL_MILLIS } from "@turnout/core/consumer/application/InboxSweep"
import { wholeNumber } from "./Numbers.ts"

export const inboxTtl = (): Option =>
  new Option(
    "--inbox-ttl <millis>",
    "time for which the inbox remembers a message; one that comes again later is dealt with again"
  ).argParser(wholeNumber(MIN_INBOX_TTL_MILLIS, MAX_INBOX_TTL_MILLIS))
