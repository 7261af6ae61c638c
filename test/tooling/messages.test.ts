/**
 * Packages below the command line say what is wrong, and name no command of `turnout`: clients over HTTP and hosts of the
 * library have none.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import { make } from "../../packages/cli/src/Program.ts"

const packages = fileURLToPath(new URL("../../packages", import.meta.url))

const sources = ["core", "adapters", "http"].flatMap((name) =>
  readdirSync(join(packages, name, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file: `${name}/src/${file}`, text: readFileSync(join(packages, name, "src", file), "utf8") }))
)

const COMMANDS = make(() => {}).commands.map((command) => command.name())
const NAMED = new RegExp(String.raw`\bturnout (?:${COMMANDS.join("|")})\b`)

/** Lines of code, without those of comments. */
const linesOf = (text: string): ReadonlyArray<string> =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("//"))

describe("the messages of packages below the command line", () => {
  it("name none of its commands", () => {
    assert.isAbove(sources.length, 100)
    assert.includeMembers(COMMANDS, ["outbox", "webhooks", "migrate"])
    const found = sources.flatMap(({ file, text }) =>
      linesOf(text).flatMap((line) => (NAMED.test(line) ? [`${file}: ${line.trim()}`] : []))
    )
    assert.deepStrictEqual(found, [])
  })
})
