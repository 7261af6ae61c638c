/**
 * Registering the people of a file, in the order of its lines and in batches, each of which is one commit.
 *
 * Every row has an idempotency key, so importing a file again within a year changes nothing. A bad or refused row is noted with
 * its line number, and the import goes on.
 */
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import { AttendeeInput } from "@turnout/core/admission/domain/model/Attendee"
import * as Register from "@turnout/core/admission/domain/model/Register"
import { Notes } from "@turnout/core/admission/domain/model/Registration"
import { InvalidInput, decoder } from "@turnout/core/kernel/application/InvalidInput"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Steps from "../../../Steps.ts"
import * as ExportedRows from "./ExportedRows.ts"
import type { Import, Outcome, Problem } from "./Report.ts"
import type { Batch, Line, Table } from "./Rows.ts"

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

const toCommand = (eventId: EventId, { fields, problem }: Line): Effect.Effect<Register.Register, InvalidInput> => {
  if (problem !== undefined) return refuse("", problem)
  if (fields["email"] === undefined) return refuse("email", "is missing")
  return Effect.flatMap(
    decodeRow(fields),
    ({ notes, registeredAt = null, ...attendee }): Effect.Effect<Register.Register, InvalidInput> =>
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
  { lines, next }: Batch,
  progress: Import
) {
  const problems: Array<Problem> = []
  const outcomes: Array<Outcome> = []
  const decoded: Array<ExportedRows.Decoded> = []
  for (const line of lines) {
    const command = yield* Effect.result(toCommand(eventId, line))
    if (Result.isSuccess(command)) {
      decoded.push({ ...line, command: command.success })
      continue
    }
    const reasons = command.failure.issues.map(({ field, rule }) =>
      field === "" ? rule : `${columns[field] ?? field}: ${rule}`
    )
    outcomes.push("invalid")
    problems.push({ line: line.line, reason: reasons.join("; ") })
  }
  const { fresh: batch, known } = yield* ExportedRows.divide(turnout, eventId, columns, decoded)
  for (const { line, reason } of known) {
    outcomes.push(reason === undefined ? "unchanged" : "refused")
    if (reason !== undefined) problems.push({ line, reason })
  }
  Object.assign(progress, { underWay: lines.length, from: lines[0]!.line, to: lines.at(-1)!.line, next })
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
  progress.from = next
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
  { batches, columns }: Table,
  progress: Import,
  onProgress: (done: number) => void
) {
  yield* Stream.runForEach(batches(BATCH), (batch) => {
    const imported = importBatch(turnout, eventId, columns, batch, progress)
    return Effect.uninterruptible(Effect.onError(imported, noteFailure(progress))).pipe(
      Effect.andThen(Effect.sync(() => onProgress(progress.done)))
    )
  })
})
