/**
 * Where an export is written to: stdout, or the file that `--output` names.
 *
 * A file gets its name when the export is complete. Until then the rows are in a file beside it, which is removed if the export
 * fails or is stopped; a file that was there stays as it was.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type * as Exports from "@turnout/core/admission/application/Exports"
import { Turnout, type TurnoutService } from "@turnout/core/admission/application/Turnout"
import { Option } from "commander"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Layer from "effect/Layer"
import * as PlatformError from "effect/PlatformError"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { CliError } from "../../CliError.ts"
import * as Database from "../../Database.ts"
import * as Output from "../../output/Output.ts"
import * as Streams from "../../output/Streams.ts"
import { count } from "../../output/Words.ts"
import * as Steps from "../../Steps.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface ExportOptions {
  readonly output?: string
}

/** Stands for stdout, as without the option. */
const STDOUT = "-"

export const output = (): Option => new Option("--output <file>", "the file to write (default: stdout)")

/** Text in pieces, one for each row, which may come after those of a header. */
type Text<E> = Stream.Stream<string, E>

/** Joins the pieces that come together, and tells the number of rows so far. */
const counting = <E>(text: Text<E>, headers: number, onRows: (rows: number) => void): Text<E> => {
  let rows = -headers
  return Stream.mapArray(text, (pieces) => {
    rows += pieces.length
    onRows(rows)
    return [pieces.join("")]
  })
}

const isPlatformError = (error: unknown): error is PlatformError.PlatformError =>
  error instanceof PlatformError.PlatformError

const cannotWrite = (file: string) => (error: PlatformError.PlatformError) =>
  Effect.fail(
    new CliError(
      `${file} cannot be written: ${error.reason._tag === "NotFound" ? "there is no such folder" : error.message}`
    )
  )

const toFile = Effect.fnUntraced(function* <E>(file: string, text: Text<E>) {
  const files = yield* FileSystem.FileSystem
  const bytes = Stream.encodeText(text)
  const { type } = yield* Effect.catch(files.stat(file), () => Effect.succeed({ type: "File" }))
  if (type === "Directory") return yield* Effect.fail(new CliError(`${file} cannot be written: it is a folder`))
  // A device or a pipe has no other file beside it.
  if (type !== "File") return yield* Stream.run(bytes, files.sink(file))
  const part = `${file}.${randomUUID().slice(0, 8)}.part`
  yield* Stream.run(bytes, files.sink(part, { flag: "wx" })).pipe(
    Effect.andThen(files.rename(part, file)),
    Effect.onError(() => Effect.ignore(files.remove(part, { force: true })))
  )
})

/** What an export is, besides its text. */
interface About {
  /** The fields of the document beside the file and the rows. */
  readonly document: Readonly<Record<string, unknown>>
  /** The name of its form. */
  readonly form: string
  /** The number of its pieces before the first row. */
  readonly headers: number
}

/** Writes the text that is read with these services to where the options say. */
export const writeText = async <E, R, E2>(
  options: Database.GlobalOptions & ExportOptions,
  { document, form, headers }: About,
  read: Effect.Effect<Text<E>, E, R>,
  services: Layer.Layer<R, E2>
): Promise<boolean> => {
  const { json, output: file = STDOUT } = options
  if (json === true && file === STDOUT)
    throw new WrongUsage(`--json needs --output FILE: without it, the ${form} itself goes to stdout`)
  let rows = 0
  const work = Effect.gen(function* () {
    const text = counting(yield* read, headers, (now) => (rows = now))
    if (file === STDOUT) yield* Stream.runForEach(text, (part) => Effect.promise(() => Streams.writePart(part)))
    else yield* Effect.catchIf(toFile(file, text), isPlatformError, cannotWrite(file))
  }).pipe(Effect.provide([services, NodeFileSystem.layer]))
  await Steps.run(options, work, () => undefined)
  if (file !== STDOUT) Output.result(options, { ...document, file, rows }, () => [`${count(rows)} rows in ${file}.`])
  return true
}

/** Writes an export of an event to where the options say. */
export const write = (
  options: Database.GlobalOptions & ExportOptions,
  eventId: string,
  read: (turnout: TurnoutService) => Effect.Effect<Exports.Export, Exports.ExportError>
): Promise<boolean> =>
  writeText(options, { document: { eventId }, form: "CSV", headers: 1 }, Turnout.use(read), Database.turnout(options))
