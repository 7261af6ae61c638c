/**
 * `turnout import`: registers the people of a CSV file, in the order of its lines.
 *
 * Every row has an idempotency key of its own, made from what it says, so importing a file again within a year changes
 * nothing, and importing a longer version of it adds what is new. A new event likewise has an id made from the file and its options.
 * A bad or refused row is reported with its line number, and the rest goes on.
 */
import { AttendeeInput, fromInput } from "@turnout/core/domain/Attendee"
import type { Command } from "@turnout/core/domain/Command"
import { EventId } from "@turnout/core/domain/Event"
import { Instant } from "@turnout/core/domain/Instant"
import { Notes } from "@turnout/core/domain/Registration"
import { InvalidInput, decoder } from "@turnout/core/application/InvalidInput"
import type { TurnoutService } from "@turnout/core/application/Turnout"
import { CsvError, parse } from "csv-parse/sync"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { CliError } from "../CliError.ts"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"

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
/** For how long rows that were imported are known: a year. */
const REMEMBERED_MILLIS = 365 * DAY_MILLIS

/** Columns by the names that they may have. */
const COLUMNS: ReadonlyMap<string, string> = new Map([
  ["email", "email"],
  ["attendee", "email"],
  ["id", "id"],
  ["attendee_id", "id"],
  ["name", "name"],
  ["notes", "notes"],
  ["registered_at", "registeredAt"]
])

const Row = Schema.Struct({
  ...AttendeeInput.fields,
  notes: Schema.optionalKey(Notes),
  registeredAt: Schema.optionalKey(Instant)
})
const decodeRow = decoder(Schema.toCodecJson(Row))

interface Line {
  /** The first line of the row in the file. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
  readonly key: string
  /** What is wrong with the row as such. */
  readonly problem?: string
}

interface Problem {
  readonly line: number
  readonly reason: string
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url")

/** A file as rows, and the names that its columns have for the fields. */
interface Table {
  readonly content: string
  readonly columns: Readonly<Record<string, string>>
  readonly lines: ReadonlyArray<Line>
}

const readText = (file: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file)).replaceAll(/\r\n?/g, "\n")
  } catch (error) {
    if (error instanceof TypeError) throw new CliError(`${file} is not text in UTF-8; save or export it as UTF-8 first`)
    const { code } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = { ENOENT: "there is no such file", EISDIR: "it is a folder, not a file" }
    throw new CliError(`${file} cannot be read: ${reasons[code ?? ""] ?? (error as Error).message}`)
  }
}

const readTable = (file: string): Table => {
  const content = readText(file)
  let records: ReadonlyArray<{ record: ReadonlyArray<string>; raw: string; info: { lines: number } }>
  try {
    records = parse(content, {
      bom: true,
      info: true,
      raw: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true
    }) as never
  } catch (error) {
    if (error instanceof CsvError) throw new CliError(`${file} is not CSV: ${error.message}`)
    throw error
  }
  const [header, ...rows] = records
  if (header === undefined || rows.length === 0) {
    throw new CliError(
      `${file} has no rows; it needs a header (${[...COLUMNS.keys()].join(", ")}) and a row for each person`
    )
  }
  const names = header.record.map(toField)
  const columns: Record<string, string> = {}
  names.forEach((name, index) => {
    const column = header.record[index] ?? ""
    if (columns[name] !== undefined)
      throw new CliError(`columns ${columns[name]} and ${column} mean the same; keep one`)
    columns[name] = column
  })
  const seen = new Map<string, number>()
  return {
    content,
    columns,
    lines: rows.map(({ info, raw, record }) => {
      const fields = Object.fromEntries(
        record.flatMap((value, index) => (value === "" || names[index] === undefined ? [] : [[names[index], value]]))
      )
      const said = JSON.stringify(fields)
      const time = (seen.get(said) ?? 0) + 1
      seen.set(said, time)
      const line = info.lines - (raw.trim().match(/\n/g) ?? []).length
      const key = `import ${digest(said)} ${time}`
      return record.length === names.length
        ? { line, fields, key }
        : { line, fields, key, problem: `has ${record.length} fields, the header has ${names.length}` }
    })
  }
}

const toField = (name: string): string => {
  const field = COLUMNS.get(name.toLowerCase())
  if (field === undefined) {
    throw new CliError(`column ${JSON.stringify(name)} is not known; columns are ${[...COLUMNS.keys()].join(", ")}`)
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

const refuse = (field: string, rule: string) => Effect.fail(new InvalidInput({ issues: [{ field, rule }] }))

const toCommand = (eventId: EventId, { fields, problem }: Line): Effect.Effect<Command, InvalidInput> => {
  if (problem !== undefined) return refuse("", problem)
  if (fields["email"] === undefined) return refuse("email", "is missing")
  return Effect.flatMap(
    decodeRow(fields),
    ({ notes = "", registeredAt = null, ...attendee }): Effect.Effect<Command, InvalidInput> =>
      registeredAt !== null && registeredAt.getTime() > Date.now()
        ? refuse("registeredAt", "must not be in the future")
        : Effect.succeed({ _tag: "Register", eventId, attendee: fromInput(attendee), notes, registeredAt })
  )
}

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
  { columns, lines }: Table,
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
        const reasons = command.failure.issues.map(({ field, rule }) =>
          field === "" ? rule : `${columns[field] ?? field}: ${rule}`
        )
        problems.push({ line: line.line, reason: reasons.join("; ") })
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
  const table = readTable(file)
  const bar = Progress.make(options, "{bar} {value}/{total} rows, {eta_formatted} left")
  try {
    const importing = (turnout: TurnoutService) =>
      Effect.gen(function* () {
        const event = yield* findEvent(turnout, options, table.content)
        bar.start(table.lines.length, 0)
        return yield* importLines(turnout, event.id, table, (done) => bar.update(done))
      })
    const summary = await Database.withTurnout(options, importing, { idempotencyTtlMillis: REMEMBERED_MILLIS })
    bar.stop()
    for (const { line, reason } of summary.problems.slice(0, SHOWN)) {
      process.stderr.write(`${Output.warning(`${file}:${line}`)} ${reason}\n`)
    }
    if (summary.problems.length > SHOWN) {
      process.stderr.write(`… and ${summary.problems.length - SHOWN} more; --json lists them all\n`)
    }
    Output.result(options, summary, () => inWords(summary))
    return summary.problems.length === 0
  } finally {
    bar.stop()
  }
}
