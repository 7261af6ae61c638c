import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "vitest"
import { page, read } from "../../scripts/architecture.ts"
import { MAX_FILES_IN_A_FOLDER, packages, SERIES, subjects } from "../../scripts/house.ts"

const ROOT = fileURLToPath(new URL("../../", import.meta.url))

/** The folders under one that have too many files. */
const crowded = (folder: string): ReadonlyArray<string> => {
  const entries = readdirSync(folder, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const deeper = entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => crowded(join(folder, name)))
  return files.length > MAX_FILES_IN_A_FOLDER ? [`${folder}: ${files.length} files`, ...deeper] : deeper
}

const planted = mkdtempSync(join(tmpdir(), "turnout-test-"))
afterAll(() => rmSync(planted, { recursive: true }))

describe("the folders of the sources", () => {
  it("have a dozen files at most", () => {
    const found = packages.flatMap(({ name }) => crowded(join(ROOT, "packages", name, "src")))
    const isSeries = (one: string) => SERIES.some((folder) => one.startsWith(`${join(ROOT, folder)}:`))
    assert.deepStrictEqual(
      found.filter((one) => !isSeries(one)),
      []
    )
    for (const folder of SERIES)
      for (const file of readdirSync(join(ROOT, folder))) assert.match(file, /^\d{4}_\w+\.ts$/)
  })

  it("are found out if they have more", () => {
    mkdirSync(join(planted, "deep"))
    for (let n = 0; n < MAX_FILES_IN_A_FOLDER; n++) writeFileSync(join(planted, "deep", `${n}.ts`), "")
    assert.deepStrictEqual(crowded(planted), [])
    writeFileSync(join(planted, "deep", "more.ts"), "")
    assert.deepStrictEqual(crowded(planted), [`${join(planted, "deep")}: ${MAX_FILES_IN_A_FOLDER + 1} files`])
  })

  it("are those of the table", () => {
    const folders = (path: string) =>
      readdirSync(join(ROOT, path), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .toSorted()
    assert.deepStrictEqual(folders("packages/core/src"), subjects.map(({ name }) => name).toSorted())
    assert.deepStrictEqual(folders("packages"), packages.map(({ name }) => name).toSorted())
  })
})

describe("the conformance suites", () => {
  it("have 250 lines at most", () => {
    const suites = readdirSync(join(ROOT, "test/conformance"), { encoding: "utf8", recursive: true })
    const long = suites
      .filter((path) => path.endsWith("Suite.ts"))
      .filter((path) => readFileSync(join(ROOT, "test/conformance", path), "utf8").split("\n").length > 251)
    assert.isAbove(suites.length, 10)
    assert.deepStrictEqual(long, [])
  })
})

describe("the picture of the house", () => {
  it("is the one that is made from the table (npm run architecture)", () => {
    assert.strictEqual(read(), page(read()))
  })
})
