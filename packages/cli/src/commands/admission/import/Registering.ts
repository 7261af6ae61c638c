/**
 * Registering the people of a file, in the order of its lines and in batches, each of which is one commit.
 *
 * Every row has an idempotency key, so importing a file again within a year changes nothing. A bad or refused row is noted with
 * its line number, and the import goes on.
 */
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import { AttendeeInput } from "@turnout/core/admission/domain/model/Attendee"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import * as Register from "@turnout/core/admission/domain/model/Register"
import { Notes } from "@turnout/core/admission/domain/model/Registration"
import { InvalidInput, decoder } from "@turnout/core/kernel/application/InvalidInput"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Steps from "../../../Steps.ts"
import type { Import, Outcome, Problem } from "./Report.ts"
import type { Line, Table } from "./Rows.ts"

/** The principal of imports. */
export const ACTOR = "import"
/** The number of rows in one commit. */
const BATCH = 250

const Row = Schema.Struct({
  ...AttendeeInput.fields,
  notes: Schema.optionalKey(Notes),
  registeredAt: Schema.optionalKey(Instant)
})
const decodeRow = decoder(Schema.toCodecJson(Row))

const refuse = (field: string, rule: string) => Effect.fail(new InvalidInput({ issues: [{ field, rule }] }))

const toCommand = (eventId: EventId, { fields, problem }: Line): Effect.Effect<Command, InvalidInput> => {
  if (problem !== undefined) return refuse("", problem)
  if (fields["email"] === undefined) return refuse("email", "is missing")
  return Effect.flatMap(
    decodeRow(fields),
    ({ notes, registeredAt = null, ...attendee }): Effect.Effect<Command, InvalidInput> =>
      registeredAt !== null && registeredAt.getTime() > Date.now()
        ? refuse("registeredAt", "must not be in the future")
        : Effect.succeed(Register.fromInput(eventId, { attendee, notes }, registeredAt))
  )
}

/** Registers the people of some lines in one commit. */
const importBatch = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  eventId: EventId,
  columns: Table["columns"],
  lines: ReadonlyArray<Line>,
  progress: Import
) {
  const problems: Array<Problem> = []
  const batch: Array<{ readonly line: number; readonly key: string; readonly command: Command }> = []
  for (const line of lines) {
    const command = yield* Effect.result(toCommand(eventId, line))
    if (Result.isSuccess(command)) {
      batch.push({ ...line, command: command.success })
      continue
    }
    const reasons = command.failure.issues.map(({ field, rule }) =>
      field === "" ? rule : `${columns[field] ?? field}: ${rule}`
    )
    problems.push({ line: line.line, reason: reasons.join("; ") })
  }
  const outcomes: Array<Outcome> = problems.map(() => "invalid")
  progress.underWay = lines.length
  const replies = yield* turnout.executeAll(
    batch.map(({ command, key }) => ({ command, options: { idempotencyKey: `${key} ${eventId}`, actor: ACTOR } }))
  )
  replies.forEach(({ answer, replayed }, index) => {
    if (Result.isFailure(answer)) {
      outcomes.push("refused")
      problems.push({ line: batch[index]!.line, reason: answer.failure.message })
    } else if (replayed) outcomes.push("unchanged")
    else if ("registration" in answer.success && answer.success.registration.state === "confirmed")
      outcomes.push("confirmed")
    else outcomes.push("waitlisted")
  })
  progress.underWay = 0
  progress.done += lines.length
  progress.hasChanged ||= outcomes.some((outcome) => outcome === "confirmed" || outcome === "waitlisted")
  for (const outcome of outcomes) progress.counts[outcome] += 1
  progress.problems.push(...problems)
})

/** Notes that the batch under way has changed nothing, unless its outcome is unknown. */
const noteFailure = (progress: Import) => (cause: Cause.Cause<unknown>) =>
  Effect.sync(() => {
    if (!Steps.isUnknown(cause)) progress.underWay = 0
  })

/** Registers the people of a table, and notes how far it has come. */
export const registerAll = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  eventId: EventId,
  { columns, lines }: Table,
  progress: Import,
  onProgress: (done: number) => void
) {
  for (let start = 0; start < lines.length; start += BATCH) {
    const batch = importBatch(turnout, eventId, columns, lines.slice(start, start + BATCH), progress)
    yield* Effect.uninterruptible(Effect.onError(batch, noteFailure(progress)))
    onProgress(progress.done)
  }
})
