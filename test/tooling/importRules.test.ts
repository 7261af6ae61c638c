import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "vitest"

const ROOT = fileURLToPath(new URL("../../", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "turnout-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the linter, with the rules of this repository, says of some files. */
const lint = (name: string, files: Readonly<Record<string, string>>): { code: number | null; output: string } => {
  const tree = join(folder, name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  copyFileSync(join(ROOT, ".oxlintrc.json"), join(tree, ".oxlintrc.json"))
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/oxlint/bin/oxlint"), "--deny-warnings"],
    { cwd: tree, encoding: "utf8" }
  )
  return { code: status, output: stdout }
}

const importing = (source: string) => `import * as it from "${source}"\n\nexport const used: unknown = it\n`

const refused: ReadonlyArray<readonly [string, string, string]> = [
  ["the domain", "packages/core/src/domain/X.ts", "effect"],
  ["the domain", "packages/core/src/domain/X.ts", "effect/Effect"],
  ["the domain", "packages/core/src/domain/X.ts", "effect/Layer"],
  ["the domain", "packages/core/src/domain/X.ts", "effect/Clock"],
  ["the domain", "packages/core/src/domain/X.ts", "effect/sql/SqlClient"],
  ["the domain", "packages/core/src/domain/X.ts", "../ports/RegistrationStore.ts"],
  ["the domain", "packages/core/src/domain/X.ts", "../application/Turnout.ts"],
  ["the domain", "packages/core/src/domain/X.ts", "node:fs"],
  ["the core", "packages/core/src/application/X.ts", "@turnout/adapters/memory"],
  ["the core", "packages/core/src/application/X.ts", "@turnout/http/Api"],
  ["the core", "packages/core/src/application/X.ts", "@effect/sql-pg"],
  ["the core", "packages/core/src/ports/X.ts", "@electric-sql/pglite"],
  ["the core", "packages/core/src/ports/X.ts", "ioredis"],
  ["the core", "packages/core/src/ports/X.ts", "@aws-sdk/client-sqs"],
  ["the core", "packages/core/src/ports/X.ts", "../../../adapters/src/memory/MemoryStore.ts"],
  ["an adapter", "packages/adapters/src/memory/X.ts", "@turnout/http/Api"],
  ["an adapter", "packages/adapters/src/memory/X.ts", "@turnout/cli"],
  ["http", "packages/http/src/X.ts", "@turnout/adapters/memory"],
  ["http", "packages/http/src/X.ts", "@turnout/cli"],
  ["a test", "test/X.ts", "../packages/core/src/domain/Event.ts"]
]

const allowed: ReadonlyArray<readonly [string, string, string]> = [
  ["the domain", "packages/core/src/domain/X.ts", "effect/Schema"],
  ["the domain", "packages/core/src/domain/X.ts", "./Event.ts"],
  ["the core", "packages/core/src/application/X.ts", "effect/Effect"],
  ["the core", "packages/core/src/application/X.ts", "../domain/Event.ts"],
  ["an adapter", "packages/adapters/src/memory/X.ts", "@turnout/core/domain/Event"],
  ["the command line", "packages/cli/src/X.ts", "@turnout/adapters/database"]
]

describe("the linter", () => {
  it.each(refused)("refuses that %s (%s) imports %s", (_who, file, source) => {
    const { code, output } = lint("refused", { [file]: importing(source) })
    rmSync(join(folder, "refused"), { recursive: true })
    assert.notStrictEqual(code, 0)
    assert.include(output, "no-restricted-imports")
  })

  it.each(allowed)("lets %s (%s) import %s", (_who, file, source) => {
    const { code, output } = lint("allowed", { [file]: importing(source) })
    rmSync(join(folder, "allowed"), { recursive: true })
    assert.strictEqual(code, 0, output)
  })

  it("refuses a cycle, even of types", () => {
    const type = (name: string, other: string) =>
      `import type { ${other} } from "./${other}.ts"\n\nexport interface ${name} {\n  readonly other: ${other}\n}\n`
    const { code, output } = lint("cycle", {
      "packages/core/src/domain/A.ts": type("A", "B"),
      "packages/core/src/domain/B.ts": type("B", "A")
    })
    assert.notStrictEqual(code, 0)
    assert.include(output, "no-cycle")
  })
})
