import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"

const ROOT = fileURLToPath(new URL("../../", import.meta.url))
const run = promisify(execFile)

const snippets = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(ROOT, file), "utf8").matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code)

describe("the README", () => {
  const expected = ["confirmed null\n", "waitlisted 1\n"]

  it.each(snippets("README.md").map((code, index) => [index + 1, code] as const))(
    "has an example %i that runs as it is",
    async (index, code) => {
      // Within the checkout, so that packages are found; started in a temp folder, where its data may be.
      const file = join(ROOT, "examples", `.readme-${process.pid}-${index}.ts`)
      const folder = mkdtempSync(join(tmpdir(), "turnout-test-"))
      try {
        writeFileSync(file, code)
        const { stdout } = await run(process.execPath, ["--conditions=@turnout/source", file], { cwd: folder })
        assert.strictEqual(stdout, expected[index - 1])
      } finally {
        rmSync(file, { force: true })
        rmSync(folder, { recursive: true, force: true })
      }
    }
  )
})

describe("the guides", () => {
  const guides = ["docs/guides/embedding.md", "docs/guides/http.md"]
  it.each(guides.flatMap((file) => snippets(file).map((code) => [file, code] as const)))(
    "%s has an example that loads as it is",
    async (_file, code) => {
      const file = join(ROOT, "examples", `.guide-${process.pid}-${Math.random().toString(36).slice(2)}.ts`)
      try {
        writeFileSync(file, code)
        const { stderr } = await run(process.execPath, ["--conditions=@turnout/source", file])
        assert.strictEqual(stderr, "")
      } finally {
        rmSync(file, { force: true })
      }
    }
  )
})

describe("the docs", () => {
  const pages = ["README.md", "CONTRIBUTING.md"].concat(
    readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join("docs", name))
  )

  it.each(pages)("%s links to what is there", (page) => {
    const text = readFileSync(join(ROOT, page), "utf8")
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path = "", anchor] = target.split("#")
      const file = path === "" ? join(ROOT, page) : resolve(ROOT, dirname(page), path)
      assert.isTrue(existsSync(file), `${page} links to ${target}`)
      const linked = anchor === undefined ? undefined : readFileSync(file, "utf8")
      if (linked !== undefined) {
        const anchors = [...linked.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
          heading
            .toLowerCase()
            .replaceAll(/[^\w\s-]/g, "")
            .replaceAll(" ", "-")
        )
        assert.include(anchors, anchor)
      }
    }
  })
})
