/**
 * The commands of `turnout` as a whole: everything that the library can do has one, each has examples that can be typed, every list is
 * paged in one way, and numbers and times are written in one place.
 */
import { methods } from "@turnout/core/admission/application/Turnout"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Examples from "../../packages/cli/src/usage/Examples.ts"
import * as Commands from "../support/Commands.ts"
import { ROOT } from "../support/Docs.ts"
import { COMMANDS } from "../support/UseCaseCommands.ts"

const all = Commands.leaves(Commands.program())
const names = all.map(Commands.nameOf)

describe("the use cases of the library", () => {
  it("have a command each, and those are there", () => {
    assert.deepStrictEqual(Object.keys(COMMANDS).toSorted(), Object.keys(methods).toSorted())
    assert.includeMembers([...names], Object.values(COMMANDS))
    assert.strictEqual(new Set(Object.values(COMMANDS)).size, Object.keys(COMMANDS).length)
  })

  it("that write take an idempotency key, and a principal", () => {
    const reads = /^(?:get|list|waitlist)/
    const writing = Object.entries(COMMANDS).filter(([useCase]) => !reads.test(useCase))
    assert.isAbove(writing.length, 15)
    for (const [, name] of writing) {
      const command = all.find((one) => Commands.nameOf(one) === name)!
      const options = command.options.map(({ long }) => long)
      assert.includeMembers([...options], ["--idempotency-key", "--as"], name)
    }
  })
})

describe("the examples of the help", () => {
  const UUID = "01a1fcac-e082-761f-9990-337e18d190e6"

  it.each(names)("of %s can be typed, and end its help", async (name) => {
    const [command] = Commands.leaves(Commands.program()).filter((one) => Commands.nameOf(one) === name)
    const examples = Examples.of(command!)
    assert.isAtLeast(examples.length, 1)
    assert.isAtMost(examples.length, 2)
    let help = ""
    command!.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 200 })
    command!.outputHelp()
    for (const example of examples) {
      assert.include(help, `\n  ${example}`)
      const program = Commands.program()
      const ran: Array<string> = []
      for (const one of Commands.leaves(program)) one.action(() => void ran.push(Commands.nameOf(one)))
      const [first, ...words] = Commands.wordsOf(example.replaceAll(/\$[A-Z]+/g, UUID))
      await program.parseAsync(words, { from: "user" })
      assert.deepStrictEqual([first, ran], ["turnout", [name]], example)
    }
  })
})

describe("lists", () => {
  it("that have a limit go on with a cursor, but for that of SQS, which has none", () => {
    const options = (command: Commands.Command) => command.options.map(({ long }) => long)
    const limited = all.filter((command) => options(command).includes("--limit"))
    assert.isAbove(limited.length, 10)
    const without = limited.filter((command) => !options(command).includes("--cursor"))
    assert.deepStrictEqual(without.map(Commands.nameOf), ["dlq list"])
    assert.deepStrictEqual(all.filter((command) => options(command).includes("--after")).map(Commands.nameOf), [])
  })
})

describe("numbers and times", () => {
  const folder = join(ROOT, "packages/cli/src")
  const WRITTEN = /toISOString|toLocaleString|toLocaleTimeString|toFixed|NumberFormat|\.toJSON\(/
  /** Documents and comparisons, which have the moment itself. */
  const EXACT = ["commands/admission/import/EventDifferences.ts", "commands/admission/import/Person.ts"]

  it("are written in one place", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
    const writing = files.filter((file) => WRITTEN.test(readFileSync(join(folder, file), "utf8")))
    assert.deepStrictEqual(writing.toSorted(), [...EXACT, "output/Words.ts"].toSorted())
  })
})
