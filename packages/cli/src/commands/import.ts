/**
 * `turnout import`: registers the people of a CSV file, in the order of its lines.
 *
 * Every row has an idempotency key of its own, made from what it says, so importing a file again changes nothing, and
 * importing a longer version of it adds what is new. A new event likewise has an id made from the file and its options.
 * A bad or refused row is reported with its line number, and the rest goes on.
 */
import { fromInput, AttendeeInput } from "@turnout/core/domain/Attendee"
import type { Command } from "@turnout/core/domain/Command"
import { EventId } from "@turnout/core/domain/Event"
import { Instant } from "@turnout/core/domain/Instant"
import { Notes } from "@turnout/core/domain/Registration"
import { InvalidInput, type InputIssue, decoder } from "@turnout/core/application/InvalidInput"
import type { TurnoutService } from "@turnout/core/application/Turnout"
import { SingleBar } from "cli-progress"
import { CsvError, parse } from "csv-parse/sync"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { CliError } from "../CliError.ts"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"

export interface ImportOptions {
  readonly event?: string
  readonly title?: string
  readonly capacity?: number
  readonly organizer: string
  readonly startsAt?: Date
  readonly endsAt?: Date
  readonly timeZone: string
}

/** Rows in one commit. */
const BATCH = 250
/** Problems that are shown to people one by one. */
const SHOWN = 20
const DAY_MILLIS = 24 * 60 * 60 * 1_000
const ACTOR = "import"

/** Columns by the names that they may have. */
const COLUMNS: Record<string, string> = {
  email: "email",
  attendee: "email",
  id: "id",
  attendee_id: "id",
  name: "name",
  notes: "notes",
  registered_at: "registeredAt"
}

const Row = Schema.Struct({
  ...AttendeeInput.fields,
  notes: Schema.optionalKey(Notes),
  registeredAt: Schema.optionalKey(Instant)
})
const decodeRow = decoder(Schema.toCodecJson(Row))

interface Line {
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
  readonly key: string
}

interface Problem {
  readonly line: number
  readonly reason: string
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url")

const readLines = (file: string): { readonly lines: ReadonlyArray<Line>; readonly content: string } => {
  let content: string
  try {
    content = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    throw new CliError(
      error instanceof TypeError
        ? `${file} is not text in UTF-8`
        : `${file} cannot be read: ${(error as Error).message}`
    )
  }
  try {
    const records = parse(content, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
      columns: (header: ReadonlyArray<string>) => header.map(toField)
    }) as unknown as ReadonlyArray<{ record: Record<string, string>; info: { lines: number } }>
    const seen = new Map<string, number>()
    return {
      content,
      lines: records.map(({ info, record }) => {
        const fields = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ""))
        const said = JSON.stringify(fields)
        const time = (seen.get(said) ?? 0) + 1
        seen.set(said, time)
        return { line: info.lines, fields, key: `import ${digest(said)} ${time}` }
      })
    }
  } catch (error) {
    if (error instanceof CsvError) throw new CliError(`${file} is not CSV: ${error.message}`)
    throw error
  }
}

const toField = (name: string): string => {
  const field = COLUMNS[name.trim().toLowerCase()]
  if (field === undefined) {
    throw new CliError(`column ${JSON.stringify(name)} is not known; columns are ${Object.keys(COLUMNS).join(", ")}`)
  }
  return field
}

/** A UUID of version 8 that is the same for the same text. */
const uuidOf = (text: string): string => {
  const hex = createHash("sha256").update(text).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The event to import into: the given one, or the one for this file, made and published if it is not there. */
const findEvent = (turnout: TurnoutService, options: ImportOptions, content: string) => {
  if (options.event !== undefined) return turnout.getEvent(options.event)
  const { capacity, organizer, timeZone, title } = options
  if (title === undefined || capacity === undefined) {
    throw new CliError("say which event: --event ID, or --title and --capacity for a new one")
  }
  const id = uuidOf(JSON.stringify([content, title, capacity, organizer]))
  const startsAt = options.startsAt ?? new Date(Date.now() + 30 * DAY_MILLIS)
  const endsAt = options.endsAt ?? new Date(startsAt.getTime() + DAY_MILLIS)
  const create = turnout.createEvent(
    { id: EventId.make(id), title, capacity, organizer, timeZone, startsAt, endsAt },
    { actor: ACTOR }
  )
  return turnout.getEvent(id).pipe(
    Effect.catchTag("EventNotFound", () => create),
    Effect.flatMap((event) =>
      event.status === "draft" ? turnout.publishEvent(event.id, { actor: ACTOR }) : Effect.succeed(event)
    )
  )
}

const issueText = (issues: ReadonlyArray<InputIssue>) => issues.map(({ field, rule }) => `${field}: ${rule}`).join("; ")

const toCommand = (eventId: EventId, { fields }: Line): Effect.Effect<Command, InvalidInput> =>
  Effect.flatMap(decodeRow(fields), ({ notes = "", registeredAt = null, ...attendee }) =>
    registeredAt !== null && registeredAt.getTime() > Date.now()
      ? Effect.fail(new InvalidInput({ issues: [{ field: "registered_at", rule: "must not be in the future" }] }))
      : Effect.succeed({ _tag: "Register", eventId, attendee: fromInput(attendee), notes, registeredAt } as const)
  )

interface Summary {
  readonly confirmed: number
  readonly waitlisted: number
  readonly refused: number
  readonly invalid: number
  /** Rows that had been imported before. */
  readonly unchanged: number
  readonly rows: number
  readonly eventId: string
  readonly problems: ReadonlyArray<Problem>
}

const importLines = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  eventId: EventId,
  lines: ReadonlyArray<Line>,
  onProgress: (done: number) => void
) {
  const counts = { confirmed: 0, waitlisted: 0, refused: 0, invalid: 0, unchanged: 0 }
  const problems: Array<Problem> = []
  for (let start = 0; start < lines.length; start += BATCH) {
    const batch: Array<{ readonly line: number; readonly key: string; readonly command: Command }> = []
    for (const line of lines.slice(start, start + BATCH)) {
      const command = yield* Effect.result(toCommand(eventId, line))
      if (Result.isSuccess(command)) batch.push({ ...line, command: command.success })
      else {
        counts.invalid += 1
        problems.push({ line: line.line, reason: issueText(command.failure.issues) })
      }
    }
    const replies = yield* turnout.executeAll(
      batch.map(({ command, key }) => ({ command, options: { idempotencyKey: `${key} ${eventId}`, actor: ACTOR } }))
    )
    replies.forEach(({ answer, replayed }, index) => {
      if (Result.isFailure(answer)) {
        counts.refused += 1
        problems.push({ line: batch[index]!.line, reason: answer.failure.message })
      } else if (replayed) counts.unchanged += 1
      else if ("registration" in answer.success && answer.success.registration.state === "confirmed") {
        counts.confirmed += 1
      } else counts.waitlisted += 1
    })
    onProgress(Math.min(start + BATCH, lines.length))
  }
  const summary: Summary = {
    ...counts,
    rows: lines.length,
    eventId,
    problems: problems.toSorted((a, b) => a.line - b.line)
  }
  return summary
})

const inWords = (summary: Summary): ReadonlyArray<string> => {
  const { confirmed, eventId, invalid, refused, unchanged, waitlisted } = summary
  const changed = confirmed + waitlisted
  return [
    changed === 0 && unchanged > 0
      ? `Nothing changed: ${unchanged} registrations had been imported before.`
      : `${confirmed} confirmed, ${waitlisted} waitlisted${unchanged > 0 ? `, ${unchanged} imported before` : ""}.`,
    ...(refused + invalid > 0 ? [`${refused} refused, ${invalid} invalid.`] : []),
    `Event ${eventId}`
  ]
}

export const importFile = async (options: Database.GlobalOptions & ImportOptions, file: string): Promise<boolean> => {
  const { content, lines } = readLines(file)
  const bar =
    process.stderr.isTTY && !options.json
      ? new SingleBar({ format: "{bar} {value}/{total} rows, {eta_formatted} left", clearOnComplete: true })
      : undefined
  try {
    const summary = await Database.withTurnout(options, (turnout) =>
      Effect.gen(function* () {
        const event = yield* findEvent(turnout, options, content)
        bar?.start(lines.length, 0)
        return yield* importLines(turnout, event.id, lines, (done) => bar?.update(done))
      })
    )
    bar?.stop()
    for (const { line, reason } of summary.problems.slice(0, SHOWN)) {
      process.stderr.write(`${Output.warning(`${file}:${line}`)} ${reason}\n`)
    }
    if (summary.problems.length > SHOWN) {
      process.stderr.write(`… and ${summary.problems.length - SHOWN} more; --json lists them all\n`)
    }
    Output.result(options, summary, () => inWords(summary))
    return summary.problems.length === 0
  } finally {
    bar?.stop()
  }
}
