/**
 * The bytes of a spreadsheet: a file, or standard input for `-`. They can be read any number of times.
 *
 * What can be read once only, such as standard input or a pipe, is kept in a file of its own in the folder for temporary files,
 * which only its owner may open, and which is removed with the scope.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as PlatformError from "effect/PlatformError"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createReadStream } from "node:fs"
import type { Readable } from "node:stream"
import { CliError } from "../CliError.ts"

/** The argument that stands for standard input. */
export const STANDARD_INPUT = "-"

const PIECE_BYTES = 256 * 1024

export interface Source {
  /** The name for messages. */
  readonly name: string
  /** Reads the bytes from the beginning, in pieces. */
  readonly read: () => AsyncIterable<Uint8Array>
}

const REASONS: Readonly<Record<string, string>> = {
  NotFound: "there is no such file",
  PermissionDenied: "this user may not read it",
  Directory: "it is a folder, not a file"
}

const cannotRead = (name: string, reason: string) =>
  new CliError(`${name} cannot be read: ${REASONS[reason] ?? reason}`)

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const ofPlatform = (name: string) => (error: PlatformError.PlatformError) =>
  cannotRead(name, error.reason._tag in REASONS ? error.reason._tag : error.message)

/** Reads a file. A file that cannot be read any more ends the reading with a `CliError`. */
const ofFile = (name: string, path: string): Source => ({
  name,
  read: async function* () {
    try {
      for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) yield piece as Uint8Array
    } catch (error) {
      throw cannotRead(name, reasonOf(error))
    }
  }
})

/** Keeps what is read once in a temporary file. */
const kept = Effect.fnUntraced(function* (name: string, readable: () => Readable) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Effect.mapError(files.makeTempFileScoped({ prefix: "turnout-" }), ofPlatform(name))
  const bytes = NodeStream.fromReadable<Uint8Array, CliError>({
    evaluate: readable,
    onError: (error) => cannotRead(name, reasonOf(error))
  })
  const file = files.sink(path)
  yield* Stream.run(bytes, file).pipe(
    Effect.mapError((error) => (error instanceof CliError ? error : cannotRead(name, error.message)))
  )
  return ofFile(name, path)
})

/** Opens a source. Fails with a `CliError` that says what is wrong with the file. */
export const open = (file: string): Effect.Effect<Source, CliError, Scope.Scope> =>
  Effect.gen(function* () {
    if (file === STANDARD_INPUT) return yield* kept("stdin", () => process.stdin)
    const files = yield* FileSystem.FileSystem
    const { type } = yield* Effect.mapError(files.stat(file), ofPlatform(file))
    if (type === "Directory") return yield* Effect.fail(cannotRead(file, "Directory"))
    return type === "File" ? ofFile(file, file) : yield* kept(file, () => createReadStream(file))
  }).pipe(Effect.provide(NodeFileSystem.layer))
