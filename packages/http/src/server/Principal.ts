/**
 * Who asks: the owner of idempotency keys, and the actor in the journal.
 */
import { ANONYMOUS } from "@turnout/core/admission/domain/state/WriteOptions"
import * as Context from "effect/Context"

/** Everybody is one principal, as long as no middleware tells requests apart and provides another. */
export const Principal: Context.Reference<string> = Context.Reference<string>("@turnout/Principal", {
  defaultValue: () => ANONYMOUS
})
