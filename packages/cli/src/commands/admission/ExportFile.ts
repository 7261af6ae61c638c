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
import type * as PlatformError from "effect/PlatformError"
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

/** Joins the pieces that come together, and tells the number of rows so far. */
const counting = (text: Exports.Export, onRows: (rows: number) => void): Exports.Export => {
  // The first piece is the header.
  let rows = -1
  return Stream.mapArray(text, (pieces) => {
    rows += pieces.length
    onRows(rows)
    return [pieces.join("")]
  })
}

const cannotWrite = (file: string) => (error: PlatformError.PlatformError) =>
  Effect.fail(
    new CliError(
      `${file} cannot be written: ${error.reason._tag === "NotFound" ? "there is no such folder" : error.message}`
    )
  )

const toFile = Effect.fnUntraced(function* (file: string, text: Exports.Export) {
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

/** Writes an export of an event to where the options say. */
export const write = async (
  options: Database.GlobalOptions & ExportOptions,
  eventId: string,
  read: (turnout: TurnoutService) => Effect.Effect<Exports.Export, Exports.ExportError>
): Promise<boolean> => {
  const { json, output: file = STDOUT } = options
  if (json === true && file === STDOUT)
    throw new WrongUsage("--json needs --output FILE: without it, the CSV itself goes to stdout")
  let rows = 0
  const work = Effect.gen(function* () {
    const turnout = yield* Turnout
    const text = counting(yield* read(turnout), (now) => (rows = now))
    if (file === STDOUT) yield* Stream.runForEach(text, (part) => Effect.promise(() => Streams.writePart(part)))
    else yield* Effect.catchTag(toFile(file, text), "PlatformError", cannotWrite(file))
  }).pipe(Effect.provide([Database.turnout(options), NodeFileSystem.layer]))
  await Steps.run(options, work, () => undefined)
  if (file !== STDOUT) Output.result(options, { eventId, file, rows }, () => [`${count(rows)} rows in ${file}.`])
  return true
}
