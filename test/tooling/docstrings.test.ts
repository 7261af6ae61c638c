/**
 * What the use cases say of themselves where an editor shows it: an example, and the rejections, which are those of the types.
 */
import * as Core from "@turnout/core/admission/application/Turnout"
import { byOperation } from "@turnout/core/admission/domain/model/Rejection"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { ROOT } from "../support/Docs.ts"

const FOLDER = "packages/core/src/admission/application"
const sources = ["Events.ts", "Registrations.ts", "RegistrationChanges.ts"].map((file) =>
  readFileSync(join(ROOT, FOLDER, file), "utf8")
)

/** The docstring of a use case, as one line. */
const docOf = (method: string): string => {
  const docs = sources.flatMap((text) =>
    [...text.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+): /g)].filter(([, , name]) => name === method)
  )
  return docs.map(([, text = ""]) => text.replaceAll(/\s*\n\s*\*\s?/g, " ")).join("")
}

const operations = byOperation as Readonly<Record<string, ReadonlyArray<{ readonly identifier: string }>>>
const writes = Object.keys(Core.methods).flatMap((method) => {
  const operation = `${method[0]!.toUpperCase()}${method.slice(1)}`
  return operation in operations ? [[method, operation] as const] : []
})

describe("a use case", () => {
  it("is documented, whichever it is", () => {
    assert.deepStrictEqual(
      Object.keys(Core.methods).filter((method) => docOf(method).length < 30),
      []
    )
  })

  it.each(writes)("%s names the rejections that it can meet, and shows a call", (method, operation) => {
    const [, thrown = ""] = /@throws (.*?), and what every write meets/.exec(docOf(method)) ?? []
    assert.sameMembers(
      thrown.split(", ").map((name) => name.replaceAll("`", "")),
      operations[operation]!.map(({ identifier }) => identifier)
    )
    assert.include(docOf(method).split("@example")[1] ?? "", `turnout.${method}(`)
  })

  it("is one of many", () => {
    // The steps that a batch carries on with are asked for by nobody.
    assert.strictEqual(writes.length, Object.keys(operations).length - 1)
  })
})
