/**
 * Durations go by `MonotonicTime`. Wall time that looks monotonic is read by nobody.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const packages = fileURLToPath(new URL("../../packages", import.meta.url))

const sources = readdirSync(packages).flatMap((name) =>
  readdirSync(join(packages, name, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file: `${name}/src/${file}`, text: readFileSync(join(packages, name, "src", file), "utf8") }))
)

/** Code without its comments. */
const codeOf = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*/g, "")

describe("the sources", () => {
  it("read effect's `currentTimeNanos`, which is wall time, nowhere", () => {
    assert.isAbove(sources.length, 100)
    const found = sources.filter(({ text }) => codeOf(text).includes("currentTimeNanos")).map(({ file }) => file)
    assert.deepStrictEqual(found, [])
  })
})
