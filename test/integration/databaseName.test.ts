/**
 * What a database is named by: a name that is meant for a server never becomes a folder.
 */
import { createTurnout } from "turnout"
import * as Database from "turnout/database"
import * as DatabaseName from "@turnout/adapters/database-name"
import * as Pglite from "@turnout/adapters/pglite"
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Effect, Layer, Result } from "effect"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"

const SERVERS: ReadonlyArray<readonly [given: string, url: string]> = [
  ["postgres://127.0.0.1/x", "postgres://127.0.0.1/x"],
  ["postgresql:///x", "postgresql:///x"],
  ["POSTGRES://127.0.0.1/X", "postgres://127.0.0.1/X"],
  ["PostgreSQL://u:P@h:1/x?application_name=B", "postgresql://u:P@h:1/x?application_name=B"],
  [" postgres://127.0.0.1/x\n", "postgres://127.0.0.1/x"],
  ["\t\u00a0Postgres://127.0.0.1/x\ufeff", "postgres://127.0.0.1/x"]
]

const FOLDERS = [
  "turnout-data",
  "data 2",
  "données",
  ".data",
  ".",
  "..",
  "a/b",
  "postgres",
  "memory",
  "/srv/turnout",
  "/srv//turnout",
  "./postgres:",
  "../a@b",
  "/tmp/x=y",
  "C:\\data",
  "c:/data",
  "\\\\host\\share",
  ".\\data"
]

/** Each with a word of the rule that it breaks. */
const REFUSED: ReadonlyArray<readonly [given: string, says: string]> = [
  ["", "must not be empty"],
  [" \t\n", "must not be empty"],
  ["\u00a0\ufeff", "must not be empty"],
  ["mysql://localhost/app", "postgres://"],
  ["MYSQL://localhost/app", "postgres://"],
  ["http://localhost", "postgres://"],
  ["http:", "postgres://"],
  ["postgres:", "postgres://"],
  ["postgres:x", "postgres://"],
  ["postgres:/x", "postgres://"],
  ["postgres//x/y", "postgres://"],
  ["postgres;//x/y", "postgres://"],
  ["pg://x", "postgres://"],
  ["postgres+ssl://x", "postgres://"],
  ["jdbc:postgresql://x/y", "postgres://"],
  ["\u200bpostgres://x/y", "postgres://"],
  ["file:data", "postgres://"],
  ["file:///data", "postgres://"],
  ["sqlite:data", "postgres://"],
  [":memory:", "postgres://"],
  ["memory://", "postgres://"],
  ["memory:x", "postgres://"],
  ["idb://x", "postgres://"],
  ["localhost:5432/app", "postgres://"],
  ["127.0.0.1:5432/app", "postgres://"],
  ["[::1]:5432/app", "postgres://"],
  ["user@host/app", "postgres://"],
  ["//host/app", "postgres://"],
  ["host=127.0.0.1 dbname=app", "postgres://"],
  ["$DATABASE_URL", "postgres://"],
  ["${DATABASE_URL}", "postgres://"],
  ["%DATABASE_URL%", "postgres://"],
  ["<url>", "postgres://"],
  ['"postgres://x/y"', "postgres://"],
  ["'/srv/data'", "postgres://"],
  ["~/data", "postgres://"],
  ["C:data", "postgres://"],
  ["postgres://[bad", "valid URL"],
  ["POSTGRES://x:99999/y", "valid URL"],
  ["a\u0000b", "control characters"],
  ["a\nb", "control characters"],
  ["postgres://h/a\nb", "control characters"],
  ["a\ud800", "control characters"],
  [" data", "blank"],
  ["./data ", "blank"]
]

const RULE = { onSuccess: () => "", onFailure: (rule: string) => rule }

describe("the name of a database", () => {
  for (const [given, url] of SERVERS)
    it(`is a server: ${JSON.stringify(given)}`, () => {
      assert.deepStrictEqual(Result.getOrThrow(DatabaseName.parse(given)), { _tag: "Server", url })
    })

  for (const given of ["memory:", "Memory:", " MEMORY:\n"])
    it(`is memory: ${JSON.stringify(given)}`, () => {
      assert.deepStrictEqual(Result.getOrThrow(DatabaseName.parse(given)), { _tag: "Memory" })
    })

  for (const folder of FOLDERS)
    it(`is a folder: ${JSON.stringify(folder)}`, () => {
      assert.deepStrictEqual(Result.getOrThrow(DatabaseName.parse(folder)), { _tag: "Folder", folder })
    })

  for (const [given, says] of REFUSED)
    it(`is refused: ${JSON.stringify(given)}`, () => {
      assert.include(Result.match(DatabaseName.parse(given), RULE), says)
    })
})

describe("what is meant for a server never becomes a folder", () => {
  let before: string
  let folder: string
  beforeEach(() => {
    before = process.cwd()
    folder = mkdtempSync(join(tmpdir(), "turnout-name-"))
    process.chdir(folder)
  })
  afterEach(() => {
    process.chdir(before)
    assert.deepStrictEqual(readdirSync(folder), [])
    rmSync(folder, { recursive: true })
  })

  for (const [given] of REFUSED)
    it(`createTurnout throws InvalidInput: ${JSON.stringify(given)}`, () => {
      assert.throws(() => createTurnout({ database: given }), InvalidInput, /^database: /)
    })

  for (const [kind, open] of [
    ["stores", (database: string) => Database.layer({ database })],
    ["client", (database: string) => Database.layerClient({ database })],
    ["inbox", (database: string) => Database.layerInbox({ database })]
  ] as const)
    for (const database of ["", "mysql://localhost/app", ...(kind === "stores" ? [] : ["Memory:"])])
      it(`the ${kind} in ${JSON.stringify(database)} fail with InvalidInput`, async () => {
        const error = await Effect.runPromise(
          Effect.flip(Effect.scoped(Layer.build(open(database) as Layer.Layer<never, unknown>)))
        )
        assert.instanceOf(error, InvalidInput)
        assert.match((error as InvalidInput).message, /^database: /)
      })

  for (const folder of ["", " ", "postgres://127.0.0.1/x", "memory:"])
    it(`the embedded Postgres is not opened in ${JSON.stringify(folder)}`, async () => {
      const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(Pglite.layer({ folder })))))
      assert.include(String(error.reason.cause), "is no folder")
    })

  it("Postgres is spoken to whatever the case of the scheme, and blanks around it", async () => {
    const turnout = createTurnout({ database: " POSTGRES://nobody@127.0.0.1:1/x\n" })
    const error = await turnout.ready().then(
      () => undefined,
      (error: unknown) => error
    )
    assert.match(String((error as Error).message), /cannot be reached/)
    await turnout.close()
  })

  it("Memory: is memory", async () => {
    const turnout = createTurnout({ database: " Memory: " })
    await turnout.ready()
    await turnout.close()
  })
})
