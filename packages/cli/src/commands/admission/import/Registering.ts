/**
 * Carrying out the plan of an import, in the order of the rows and in batches, each of which is one commit.
 *
 * Every registration has an idempotency key, so two imports at the same moment register nobody twice. A row that is not registered
 * is noted with its line number, and the import goes on.
 */
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Steps from "../../../Steps.ts"
import type { Step } from "./Plan.ts"
import type { Import, Outcome, Problem } from "./Report.ts"
import type { SharedAddresses } from "./SharedAddresses.ts"

/** The principal of imports. */
export const ACTOR = "import"
/** The number of rows in one commit. */
const BATCH = 250

/** Carries out some steps in one commit. */
const carryOutBatch = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  steps: ReadonlyArray<Step>,
  shared: SharedAddresses,
  progress: Import
) {
  const problems: Array<Problem> = steps.filter((step) => "reason" in step)
  const outcomes: Array<Outcome> = steps.flatMap((step) => ("outcome" in step ? [step.outcome] : []))
  const batch = steps.filter((step) => "command" in step)
  progress.underWay = steps.length
  const replies =
    batch.length === 0
      ? []
      : yield* turnout.executeAll(
          batch.map(({ command, key }) => ({ command, options: { idempotencyKey: key, actor: ACTOR } }))
        )
  replies.forEach(({ answer, replayed }, index) => {
    if (Result.isFailure(answer)) {
      outcomes.push("refused")
      problems.push({ line: batch[index]!.line, outcome: "refused", reason: answer.failure.message })
    } else if (replayed) outcomes.push("unchanged")
    else if ("registration" in answer.success) {
      const { registration } = answer.success
      outcomes.push(registration.state === "confirmed" ? "confirmed" : "waitlisted")
      const reason = shared.note(registration)
      if (reason !== undefined) progress.warnings.push({ line: batch[index]!.line, reason })
    }
  })
  progress.underWay = 0
  progress.done += steps.length
  progress.hasChanged ||= outcomes.some((outcome) => outcome === "confirmed" || outcome === "waitlisted")
  for (const outcome of outcomes) progress.counts[outcome] += 1
  progress.problems.push(...problems)
})

/** Notes that the batch under way has changed nothing, unless its outcome is unknown. */
const noteFailure = (progress: Import) => (cause: Cause.Cause<unknown>) =>
  Effect.sync(() => {
    if (!Steps.isUnknown(cause)) progress.underWay = 0
  })

/** Carries out a plan, and notes how far it has come. */
export const carryOut = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  plan: ReadonlyArray<Step>,
  shared: SharedAddresses,
  progress: Import,
  onProgress: (done: number) => void
): Effect.fn.Return<void, InvalidInput | StoreError> {
  for (let start = 0; start < plan.length; start += BATCH) {
    const batch = carryOutBatch(turnout, plan.slice(start, start + BATCH), shared, progress)
    yield* Effect.uninterruptible(Effect.onError(batch, noteFailure(progress)))
    onProgress(progress.done)
  }
})
