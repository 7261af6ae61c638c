/**
 * The options about the limits of requests.
 */
import { type LimitChange, LimitChanges } from "@turnout/http/LimitChanges"
import { type Command, Option } from "commander"
import type * as Schema from "effect/Schema"
import * as Documents from "../../usage/Documents.ts"

export interface LimitsOptions {
  /** Changes to the policies; `false` for no limits at all. */
  readonly limits?: ReadonlyArray<LimitChange> | false
  readonly olderLimitHeaders?: boolean
}

const read = Documents.list(LimitChanges as unknown as Schema.Codec<ReadonlyArray<LimitChange>, unknown>, "LimitChange")

export const declare = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--limits <json>",
        "changes to the limits of requests: a list, as in the configuration file (default: none)"
      )
        .env("TURNOUT_LIMITS")
        .argParser(read)
    )
    .option("--no-limits", "count no requests")
    .option("--older-limit-headers", "tell limits in X-RateLimit-* as well")
