/**
 * Errors print as errors: with a message, the place, and the facts.
 */
import { Rejection } from "@turnout/core/admission/domain/model/Rejection"
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { assert, describe, it } from "vitest"
import { ROOT } from "../support/Docs.ts"

const HOME = "packages/core/src/kernel/domain/TaggedError.ts"

describe("an error", () => {
  it("prints its message, its place and its facts", () => {
    const printed = inspect(new InvalidInput({ issues: [{ field: "title", rule: "is required" }] }))
    assert.match(printed, /^InvalidInput: title: is required\n {4}at .*errors\.test\.ts:\d+.*_tag: 'InvalidInput'/s)
  })

  it("prints so whichever class it is of", () => {
    assert.isAbove(Rejection.members.length, 10)
    for (const { identifier, prototype } of Rejection.members)
      assert.isUndefined((prototype as { readonly [inspect.custom]?: unknown })[inspect.custom], identifier)
    const files = globSync("packages/*/src/**/*.ts", { cwd: ROOT }).filter((file) => file !== HOME)
    assert.isAbove(files.length, 100)
    const others = files.filter((file) =>
      /extends (?:Schema|Data)\.\w*Error\b/.test(readFileSync(join(ROOT, file), "utf8"))
    )
    assert.deepStrictEqual(others, [])
  })
})
