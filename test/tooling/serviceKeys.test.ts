import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const PACKAGES = fileURLToPath(new URL("../../packages/", import.meta.url))

/** The keys of services, references, middleware and brands: whatever is called after the project and is not imported. */
const KEY = /(?<!from )(?<!import\()"(@turnout\/[^"]*)"/g

const keysIn = (text: string): ReadonlyArray<string> => [...text.matchAll(KEY)].map(([, key]) => key!)

const sources = readdirSync(PACKAGES).flatMap((name) =>
  readdirSync(join(PACKAGES, name, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(PACKAGES, name, "src", file), "utf8"))
)
const keys = sources.flatMap(keysIn)

const isName = (key: string): boolean => /^@turnout\/[A-Z]\w*$/.test(key)

describe("a key of a service", () => {
  it("is a name, and no path of a file, which may move", () => {
    assert.isAbove(keys.length, 20)
    assert.deepStrictEqual(
      keys.filter((key) => !isName(key)),
      []
    )
    const planted = 'class X extends Context.Service<X, Y>()("@turnout/core/ports/X") {}'
    assert.deepStrictEqual(keysIn(planted).map(isName), [false])
  })

  it("is the key of one service", () => {
    assert.deepStrictEqual(
      keys.filter((key, index) => keys.indexOf(key) !== index),
      []
    )
  })
})
