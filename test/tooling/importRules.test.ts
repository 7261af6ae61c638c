/**
 * The rules of the house: each refuses a violation that is planted here. The rows about subjects are made from the table in
 * `scripts/house.ts`, as the rules are.
 */
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "vitest"
import { forbiddenTo, MAX_LINES_OF_A_FUNCTION, subjects, technologies } from "../../scripts/house.ts"

const ROOT = fileURLToPath(new URL("../../", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "turnout-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Said {
  readonly code: number | null
  readonly output: string
  readonly complaints: ReadonlyArray<Complaint>
}

/** One complaint of the linter, as its JSON report has it. */
interface Complaint {
  readonly code: string
  readonly filename: string
}

/** What the linter, with the rules of this repository, says of some files. */
const lint = (name: string, files: Readonly<Record<string, string>>): Said => {
  const tree = join(folder, name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  mkdirSync(join(tree, "scripts"), { recursive: true })
  for (const file of ["oxlint.config.ts", "scripts/house.ts", "package.json"])
    copyFileSync(join(ROOT, file), join(tree, file))
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"))
  // The report for people depends on colours and on the terminal; the one in JSON does not.
  const { stderr, stdout, status } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/oxlint/bin/oxlint"), "--deny-warnings", "--format=json", "packages", "test"],
    { cwd: tree, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }
  )
  rmSync(tree, { recursive: true })
  const report: { readonly diagnostics: ReadonlyArray<Complaint> } = JSON.parse(stdout)
  return { code: status, output: `${stdout}${stderr}`, complaints: report.diagnostics }
}

/** A file that imports from a place. */
const importing = (source: string) => `import * as it from "${source}"\n\nexport const used: unknown = it\n`

type Row = readonly [file: string, source: string]

/** All rows in one run: each row is a file of its own, beside the others. */
const lintRows = (name: string, rows: ReadonlyArray<Row>) => {
  const files = rows.map(([file, source], index) => [file.replace(/X\.ts$/, `X${index}.ts`), source] as const)
  const anchor = {
    "test/nothing.ts": "export const nothing = 0\n",
    "packages/core/src/nothing.ts": "export const nothing = 0\n"
  }
  const { code, output, complaints } = lint(name, {
    ...anchor,
    ...Object.fromEntries(files.map(([file, source]) => [file, importing(source)]))
  })
  const refused = new Set(
    complaints.filter((one) => one.code.includes("no-restricted-imports")).map((one) => one.filename)
  )
  return { code, output, isRefused: (index: number) => refused.has(files[index]![0]) }
}

const core = (room: string) => `packages/core/src/${room}/X.ts`

const refused: ReadonlyArray<Row> = [
  // The domain is pure.
  ["effect", "effect/Effect", "effect/Layer", "effect/Clock", "effect/sql/SqlClient", "node:fs", "pg"].map(
    (source): Row => [core("delivery/domain"), source]
  ),
  [core("delivery/domain"), "../ports/Outbox.ts"] satisfies Row,
  [core("delivery/domain"), "../application/Relay.ts"] satisfies Row,
  [core("delivery/domain"), "../../kernel/ports/StoreError.ts"] satisfies Row,
  [core("admission/domain/model"), "../../ports/AdmissionStore.ts"] satisfies Row,
  [core("admission/domain/model"), "effect/Effect"] satisfies Row,
  // A port imports the domain and other ports.
  [core("delivery/ports"), "../application/Relay.ts"] satisfies Row,
  [core("delivery/ports"), "../../kernel/application/InvalidInput.ts"] satisfies Row,
  // The storeys of admission's domain.
  [core("admission/domain/model"), "../state/Request.ts"] satisfies Row,
  [core("admission/domain/model"), "../rules/Capacity.ts"] satisfies Row,
  [core("admission/domain/model"), "../Batch.ts"] satisfies Row,
  [core("admission/domain/state"), "../rules/Capacity.ts"] satisfies Row,
  [core("admission/domain/state"), "../Batch.ts"] satisfies Row,
  [core("admission/domain/rules"), "../Admission.ts"] satisfies Row,
  // Packages.
  [core("kernel/application"), "@turnout/adapters/memory"] satisfies Row,
  [core("kernel/application"), "@turnout/http/Api"] satisfies Row,
  [core("kernel/application"), "turnout"] satisfies Row,
  [core("kernel/application"), "@turnout/core/kernel/domain/Text"] satisfies Row,
  ["@effect/sql-pg", "@electric-sql/pglite", "ioredis", "@aws-sdk/client-sqs"].map((source): Row => [
    core("kernel/ports"),
    source
  ]),
  [core("kernel/ports"), "../../../../adapters/src/memory/Memory.ts"] satisfies Row,
  ["packages/adapters/src/memory/X.ts", "@turnout/http/Api"] satisfies Row,
  ["packages/adapters/src/memory/X.ts", "turnout/database"] satisfies Row,
  ["packages/turnout/src/X.ts", "@turnout/http/Api"] satisfies Row,
  ["packages/http/src/X.ts", "@turnout/adapters/memory"] satisfies Row,
  ["packages/http/src/X.ts", "turnout"] satisfies Row,
  // Nothing is called over HTTP that has not been through the policy.
  [
    "access/application/ApiKeys",
    "admission/application/Turnout",
    "admission/ports/AdmissionReads",
    "delivery/ports/Outbox"
  ].map((file): Row => ["packages/http/src/keys/X.ts", `@turnout/core/${file}`]),
  ["test/X.ts", "../packages/core/src/admission/domain/model/Event.ts"] satisfies Row
].flatMap((row): ReadonlyArray<Row> => (typeof row[0] === "string" ? [row as Row] : (row as ReadonlyArray<Row>)))

const allowed: ReadonlyArray<Row> = [
  [core("delivery/domain"), "effect/Schema"],
  [core("delivery/domain"), "./Lease.ts"],
  [core("delivery/domain"), "../../kernel/domain/Text.ts"],
  [core("delivery/ports"), "../domain/Lease.ts"],
  [core("delivery/ports"), "../../kernel/ports/StoreError.ts"],
  [core("delivery/application"), "effect/Effect"],
  [core("delivery/application"), "../ports/Outbox.ts"],
  [core("admission/domain/state"), "../model/Event.ts"],
  [core("admission/domain/rules"), "../state/Decision.ts"],
  [core("admission/domain"), "./rules/Capacity.ts"],
  [core("admission/application"), "../domain/Batch.ts"],
  ["packages/adapters/src/memory/X.ts", "@turnout/core/admission/domain/model/Event"],
  ["packages/turnout/src/X.ts", "@turnout/adapters/memory"],
  ["packages/http/src/keys/X.ts", "@turnout/core/guard/application/access/GuardedKeys"],
  ["packages/http/src/keys/X.ts", "@turnout/core/kernel/application/Paging"],
  ["packages/http/src/keys/X.ts", "@turnout/core/access/domain/credentials/ApiKey"],
  ["packages/cli/src/X.ts", "turnout/database"]
]

/** A file in a room, as another subject imports it. */
const fileIn = (room: string): string => `../../${room.endsWith("[A-Z]") ? `${room.slice(0, -5)}Y` : `${room}/Y`}.ts`

/** Every subject and every room that it may not import, and every one that it may. */
const tableOf = (isAllowed: boolean): ReadonlyArray<Row> =>
  subjects.flatMap((subject) => {
    const rooms = isAllowed
      ? subject.imports.map((one) => (one.includes("/") ? one : `${one}/domain`))
      : forbiddenTo(subject)
    return rooms.map((room): Row => [core(`${subject.name}/application`), fileIn(room)])
  })

const technologyRows = Object.entries(technologies).flatMap(([name, known]) =>
  Object.keys(technologies)
    .filter((other) => other !== name)
    .map((other) => ({
      isAllowed: known.includes(other),
      row: [`packages/adapters/src/${name}/X.ts`, `../${other}/Y.ts`] as Row
    }))
)
const technologiesThat = (isAllowed: boolean) =>
  technologyRows.filter((one) => one.isAllowed === isAllowed).map(({ row }) => row)

describe("the linter", () => {
  it.each([
    ["a subject of another", [...tableOf(false)]],
    ["a technology of another", technologiesThat(false)],
    ["what else is not to be imported", refused]
  ])("refuses %s", (name, rows) => {
    assert.isAbove(rows.length, 5)
    const { isRefused, output } = lintRows(`refused ${name.length}`, rows)
    for (const [index, [file, source]] of rows.entries())
      assert.isTrue(isRefused(index), `${file} may not import ${source}\n${output.slice(0, 2_000)}`)
  })

  it.each([
    ["a subject", [...tableOf(true)]],
    ["a technology", technologiesThat(true)],
    ["what else may be imported", allowed]
  ])("lets through %s", (name, rows) => {
    assert.isAbove(rows.length, 0)
    const { code, output } = lintRows(`allowed ${name.length}`, rows)
    assert.strictEqual(code, 0, output)
  })

  describe("of the command line, which writes in one place", () => {
    const effect = `import * as Effect from "effect/Effect"\n\n`
    const ways: Readonly<Record<string, string>> = {
      console: `console.log("a")\n`,
      "console of globalThis": `globalThis.console.log("a")\n`,
      stdout: `process.stdout.write("a")\n`,
      stderr: `process["stderr"].write("a")\n`,
      "stdout, picked from process": `const { stdout } = process\nstdout.write("a")\n`,
      "process of globalThis": `globalThis.process.stdout.write("a")\n`,
      "a file descriptor": `import { writeSync } from "node:fs"\n\nwriteSync(1, "a")\n`,
      "any file": `import * as fs from "node:fs"\n\nfs.writeSync(1, "a")\n`,
      "process as a module": `import { stdout } from "node:process"\n\nstdout.write("a")\n`,
      "effect's console": `import * as Console from "effect/Console"\n\nexport const used = Console.log("a")\n`,
      "a logger": `import * as Logger from "effect/Logger"\n\nexport const used = Logger.consolePretty()\n`,
      "a bar": `import { SingleBar } from "cli-progress"\n\nexport const used = new SingleBar({})\n`,
      "an effect that logs to stdout": `${effect}export const used = Effect.runPromise(Effect.log("a"))\n`,
      "an effect in the background": `${effect}export const used = Effect.runFork(Effect.log("a"))\n`
    }
    const lintCli = (files: ReadonlyArray<readonly [file: string, text: string]>) =>
      lint("command line", { "test/nothing.ts": "export const nothing = 0\n", ...Object.fromEntries(files) })

    it("refuses every way around it, in commands and in the folder of output", () => {
      const rows = Object.entries(ways).flatMap(([way, text], index) =>
        ["commands/delivery", "output"].map((folder) => [way, `packages/cli/src/${folder}/X${index}.ts`, text] as const)
      )
      const { complaints } = lintCli(rows.map(([, file, text]) => [file, text]))
      const refused = new Set(complaints.map(({ filename }) => filename))
      assert.deepStrictEqual(
        rows.filter(([, file]) => !refused.has(file)).map(([way]) => way),
        []
      )
    })

    it("lets the one place write, and others give it lines", () => {
      const line = `import * as Output from "../../output/Output.ts"\n\nOutput.notice("a")\n`
      const { code, output } = lintCli([
        ["packages/cli/src/output/Streams.ts", ways["stdout"]!],
        ["packages/cli/src/output/Logs.ts", ways["an effect that logs to stdout"]!],
        ["packages/cli/src/commands/delivery/X.ts", line]
      ])
      assert.strictEqual(code, 0, output)
    })
  })

  it("refuses a cycle, even of types", () => {
    const type = (name: string, other: string) =>
      `import type { ${other} } from "./${other}.ts"\n\nexport interface ${name} {\n  readonly other: ${other}\n}\n`
    const { code, output } = lint("cycle", {
      "test/nothing.ts": "export const nothing = 0\n",
      "packages/core/src/kernel/domain/A.ts": type("A", "B"),
      "packages/core/src/kernel/domain/B.ts": type("B", "A")
    })
    assert.notStrictEqual(code, 0)
    assert.include(output, "no-cycle")
  })

  it("refuses a function that is too long, blank lines and comments left out", () => {
    const long = (lines: number) =>
      `export const long = (): number => {\n  let sum = 0\n${"  // A comment.\n\n  sum += 1\n".repeat(lines - 4)}  return sum\n}\n`
    const say = (lines: number) =>
      lint("long", {
        "test/nothing.ts": "export const nothing = 0\n",
        "packages/core/src/kernel/domain/Long.ts": long(lines)
      })
    assert.strictEqual(say(MAX_LINES_OF_A_FUNCTION).code, 0)
    assert.include(say(MAX_LINES_OF_A_FUNCTION + 1).output, "max-lines-per-function")
  })
})
