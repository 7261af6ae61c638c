/**
 * What the packages say of themselves, and what is in their tarballs.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { ROOT } from "../support/Docs.ts"

interface Manifest {
  readonly name: string
  readonly license: string
  readonly description: string
  readonly keywords: ReadonlyArray<string>
  readonly repository: { readonly url: string; readonly directory: string }
  readonly [field: string]: unknown
}

const packages = readdirSync(join(ROOT, "packages"))
const read = (...path: ReadonlyArray<string>) => readFileSync(join(ROOT, ...path), "utf8")
const manifestOf = (name: string) => JSON.parse(read("packages", name, "package.json")) as Manifest
const [first = ""] = packages

describe.each(packages)("packages/%s", (name) => {
  const manifest = manifestOf(name)

  it("says who made it, where its sources are, and what it is about", () => {
    for (const field of ["author", "homepage", "bugs", "license"] as const) {
      assert.isDefined(manifest[field], field)
      assert.deepStrictEqual(manifest[field], manifestOf(first)[field], field)
    }
    assert.strictEqual(manifest.repository.url, manifestOf(first).repository.url)
    assert.strictEqual(manifest.repository.directory, `packages/${name}`)
    assert.isAbove(manifest.keywords.length, 3)
    assert.isAbove(manifest.description.length, 20)
  })

  it("has a README that names it, and the licence of the repository", () => {
    assert.include(read("packages", name, "README.md"), `# ${manifest.name}\n`)
    assert.strictEqual(read("packages", name, "LICENSE"), read("LICENSE"))
  })

  it("packs them", () => {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
        cwd: join(ROOT, "packages", name),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"]
      })
    ) as [{ readonly files: ReadonlyArray<{ readonly path: string }> }]
    const paths = packed.files.map(({ path }) => path)
    assert.includeMembers(paths, ["README.md", "LICENSE", "package.json"])
    // Tests, build notes and caches are not for users.
    assert.deepStrictEqual(
      paths.filter((path) => !/^(?:README\.md|LICENSE|package\.json|(?:src|dist|bin)\/.+)$/.test(path)),
      []
    )
  })
})
