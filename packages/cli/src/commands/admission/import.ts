/**
 * `turnout import`: registers the people of a CSV file, in the order of its lines.
 *
 * Every row has an idempotency key made from its fields, so importing a file again within a year changes nothing, and importing
 * a longer version of it adds the new rows. A new event likewise has an id made from the file and its options. A bad or refused
 * row is reported with its line number, and the import goes on.
 */
import type { Command as Declaration } from "commander"
import type { Action } from "../../Action.ts"
import { instant } from "../../options/Instants.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { AttendeeInput } from "@turnout/core/admission/domain/model/Attendee"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import * as Register from "@turnout/core/admission/domain/model/Register"
import { Notes } from "@turnout/core/admission/domain/model/Registration"
import { InvalidInput, decoder } from "@turnout/core/kernel/application/InvalidInput"
import { Turnout, type TurnoutService } from "@turnout/core/admission/application/Turnout"
import { CsvError, parse } from "csv-parse/sync"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { CliError } from "../../CliError.ts"
import { lineBreaksIn, swallowedBy } from "./SwallowedRows.ts"
import * as Database from "../../Database.ts"
import { count } from "../../Operating.ts"
import * as Output from "../../output/Output.ts"
import * as Progress from "../../output/Progress.ts"
import * as Steps from "../../Steps.ts"
import type { SoFar, Warning } from "../../Stopped.ts"

export interface ImportOptions {
  readonly event?: string
  readonly title?: string
  readonly capacity?: number
  readonly organizer: string
  readonly startsAt?: Date
  readonly endsAt?: Date
  readonly timeZone: string
}

/** The number of rows in one commit. */
const BATCH = 250
const DAY_MILLIS = 24 * 60 * 60 * 1_000
const ACTOR = "import"
/** The time for which the idempotency keys of rows are remembered: a year. */
const REMEMBERED_MILLIS = 365 * DAY_MILLIS

/** The names that a column may have, with the field that each stands for. */
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
  /** The reason why the row itself is refused, such as a wrong number of fields. */
  readonly problem?: string
}

interface Problem {
  readonly line: number
  readonly reason: string
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url")

/** A file as rows, and the name of the column for each field. */
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

/** Says what is wrong with the row after the last one that could be read; the parser only knows where it noticed. */
const whatIsWrong = ({ code, message }: CsvError, content: string, read: number): string => {
  const rest = content.split("\n").slice(read)
  const line = read + 1 + rest.findIndex((text) => text.trim() !== "")
  return code === "CSV_QUOTE_NOT_CLOSED"
    ? `a quote that is opened in the row of line ${line} is not closed by the end of the file. Close it, or leave it out`
    : `the row of line ${line} cannot be read. ${message}. A field with quotes in it is quoted itself, and has them doubled`
}

const readTable = (file: string): Table => {
  const content = readText(file)
  let records: ReadonlyArray<{ record: ReadonlyArray<string>; raw: string; info: { lines: number } }>
  /** The last line of the last row that could be read. */
  let read = 0
  try {
    records = parse(content, {
      on_record: (record, { lines }) => {
        read = lines
        return record
      },
      bom: true,
      info: true,
      raw: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true
    }) as never
  } catch (error) {
    if (error instanceof CsvError) throw new CliError(`${file} is not CSV: ${whatIsWrong(error, content, read)}`)
    throw error
  }
  const [header, ...rows] = records
  if (header === undefined || rows.length === 0) {
    throw new CliError(
      `${file} has no rows; it needs a header (${[...COLUMNS.keys()].join(", ")}) and a row for each person`
    )
  }
  if (header.record.some((name) => name.includes("\n"))) {
    const last = header.info.lines
    throw new CliError(
      `${file} has a header that goes on to line ${last}: a quote that is opened in its first line is closed there. Close it where the name of the column ends`
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
      const line = info.lines - lineBreaksIn(raw.trim())
      const key = `import ${digest(said)} ${time}`
      const swallowed = swallowedBy(record, line, { columns: names.length, email: names.indexOf("email") })
      if (swallowed !== undefined) return { line, fields, key, problem: swallowed }
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

/** The event to import into: the given one, or the one for this file, which is created and published if it is not there. */
const findEvent = (
  turnout: TurnoutService,
  options: ImportOptions,
  content: string,
  onMade: (eventId: EventId) => void
) => {
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
    Effect.catchTag("EventNotFound", () => Effect.tap(create, (event) => Effect.sync(() => onMade(event.id)))),
    Effect.flatMap((event) =>
      event.status === "draft" ? turnout.publishEvent(event.id, { actor: ACTOR }) : Effect.succeed(event)
    ),
    Effect.uninterruptible
  )
}

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

type Outcome = "confirmed" | "waitlisted" | "refused" | "invalid" | "unchanged"

/** The state of an import, with the outcomes of its rows so far. */
interface Import {
  eventId: EventId | undefined
  /** Whether something was changed. */
  hasChanged: boolean
  /** The number of rows that were dealt with, and of rows that are being committed. */
  done: number
  underWay: number
  /** `unchanged` counts rows that had been imported before. */
  readonly counts: Record<Outcome, number>
  readonly problems: Array<Problem>
}

const begin = (): Import => ({
  eventId: undefined,
  hasChanged: false,
  done: 0,
  underWay: 0,
  counts: { confirmed: 0, waitlisted: 0, refused: 0, invalid: 0, unchanged: 0 },
  problems: []
})

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

const importLines = Effect.fnUntraced(function* (
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

const summaryOf = ({ counts, eventId, problems }: Import, { lines }: Table) => ({
  ...counts,
  rows: lines.length,
  eventId,
  problems: problems.toSorted((a, b) => a.line - b.line)
})

const inWords = ({ counts, eventId }: Import): ReadonlyArray<string> => {
  const { confirmed, invalid, refused, unchanged, waitlisted } = counts
  const changed = confirmed + waitlisted
  return [
    changed === 0 && unchanged > 0
      ? `Nothing changed: ${unchanged} registrations had been imported before.`
      : `${confirmed} confirmed, ${waitlisted} waitlisted${unchanged > 0 ? `, ${unchanged} imported before` : ""}.`,
    ...(refused + invalid > 0 ? [`${refused} refused, ${invalid} invalid.`] : []),
    `Event ${eventId}`
  ]
}

const warningsOf = (file: string, { problems }: Import): ReadonlyArray<Warning> =>
  problems.toSorted((a, b) => a.line - b.line).map(({ line, reason }) => [`${file}:${line}`, reason])

/** The result so far of an import that was cut off, if it has changed anything. */
const soFarOf = (file: string, table: Table, progress: Import): SoFar | undefined => {
  const { done, underWay } = progress
  if (!progress.hasChanged && underWay === 0) return undefined
  const { lines } = table
  const unknown = lines.slice(done, done + underWay)
  const left = lines.slice(done + underWay)
  const toLines = (rows: ReadonlyArray<Line>) => ({
    rows: rows.length,
    fromLine: rows[0]!.line,
    toLine: rows.at(-1)!.line
  })
  return {
    document: {
      ...summaryOf(progress, table),
      rowsDone: done,
      ...(unknown.length === 0 ? {} : { unknown: toLines(unknown) }),
      ...(left.length === 0 ? {} : { notDone: toLines(left) })
    },
    lines: inWords(progress),
    warnings: warningsOf(file, progress),
    next: [
      `${count(done)} of ${count(lines.length)} rows are dealt with${done === lines.length ? "" : `, those before line ${lines[done]!.line}`}.`,
      ...(unknown.length === 0
        ? []
        : [`It is not known whether those from line ${unknown[0]!.line} to line ${unknown.at(-1)!.line} are in.`]),
      "Importing the same file again, with the same options, goes on where this stopped, and registers nobody twice."
    ].join(" ")
  }
}

export const importFile = async (options: Database.GlobalOptions & ImportOptions, file: string): Promise<boolean> => {
  const table = readTable(file)
  const bar = Progress.make(options, "{bar} {value}/{total} rows, {eta_formatted} left")
  const progress = begin()
  const onMade = (eventId: EventId) => void Object.assign(progress, { eventId, hasChanged: true })
  const importing = Effect.gen(function* () {
    const turnout = yield* Turnout
    const event = yield* findEvent(turnout, options, table.content, onMade)
    progress.eventId = event.id
    bar.start(table.lines.length, 0)
    yield* importLines(turnout, event.id, table, progress, (done) => bar.update(done))
  }).pipe(
    Effect.ensuring(Effect.sync(bar.stop)),
    Effect.provide(Database.turnout(options, { idempotencyTtlMillis: REMEMBERED_MILLIS, refusalTtlMillis: 0 }))
  )
  await Steps.run(options, importing, () => soFarOf(file, table, progress))
  Output.warnings(warningsOf(file, progress))
  Output.changed(options, summaryOf(progress, table), () => inWords(progress))
  return progress.problems.length === 0
}

/** Declares the command and its options. */
export const declare = (program: Declaration, action: Action): void => {
  program
    .command("import")
    .description("register the people of a CSV file, in the order of its lines")
    .argument(
      "<file>",
      "CSV with a header; columns: email (or attendee), and optionally id, name, notes, registered_at"
    )
    .option("--event <id>", "the event to register them for; or make one with:")
    .option("--title <text>", "title of a new, published event")
    .option("--capacity <seats>", "capacity of the new event", wholeNumber(0, 1_000_000))
    .option("--organizer <text>", "organizer of the new event", "turnout import")
    .option("--starts-at <time>", "start of the new event (default: in 30 days)", instant)
    .option("--ends-at <time>", "end of the new event (default: a day after its start)", instant)
    .option("--time-zone <zone>", "IANA time zone of the new event", "UTC")
    .action(action(importFile))
}
