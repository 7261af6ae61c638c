/**
 * The docs name files, commands, options and metrics: those that there are, and of commands, options and metrics all of them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import { make } from "../../packages/cli/src/Program.ts"
import { blocksOf, PAGES, ROOT, textOf } from "../support/Docs.ts"
import { cells } from "../support/MarkdownTable.ts"

type Command = ReturnType<typeof make>

const program = make(() => {})

/** Paths from the root of the repository, in a page. */
const pathsIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/`((?:packages|test|bench|docs|examples|scripts)\/[\w./-]*)`/g)].map(([, path]) => path!)

describe("the files that the docs name", () => {
  // A decision names files as they were.
  it.each(PAGES.filter((page) => !page.startsWith("docs/adr/")))("in %s are there", (page) => {
    const missing = pathsIn(textOf(page)).filter((path) => !path.includes("NNNN") && !existsSync(join(ROOT, path)))
    assert.deepStrictEqual(missing, [])
  })

  it("are many", () => {
    assert.isAbove(PAGES.flatMap((page) => pathsIn(textOf(page))).length, 100)
    assert.deepStrictEqual(pathsIn("see `packages/core/src/Gone.ts`"), ["packages/core/src/Gone.ts"])
  })
})

/** The words of a line of shell, with the quotes that they stand in taken away. */
const wordsOf = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/"(?:\$\([^)]*\)|[^"])*"|'[^']*'|\S+/g)].map(([word]) => word.replaceAll(/^["']|["']$/g, ""))

/** The commands of `turnout` in the blocks of a page. */
const commandsIn = (page: string): ReadonlyArray<string> => {
  const shell = blocksOf(page, "sh").join("\n").replaceAll("\\\n", " ").split("\n")
  const transcripts = blocksOf(page, "text").flatMap((block) => block.split("\n"))
  const typed = transcripts.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2))
  return [...shell, ...typed]
    .map((line) => line.trim().replace(/^npx turnout\b/, "turnout"))
    .filter((line) => line === "turnout" || line.startsWith("turnout "))
}

/** What is wrong with a command: a word of it names no command, or an option is none of the command. */
const wrongWith = (line: string): ReadonlyArray<string> => {
  const [, ...words] = wordsOf(line)
  let command: Command = program
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word)
    if (next === undefined) break
    command = next
  }
  const options = [...program.options, ...command.options].flatMap(({ long }) => long ?? [])
  const unknown = words.filter((word) => word.startsWith("--") && word !== "--help" && !options.includes(word))
  return [...(command === program && !line.includes("--help") ? [line] : []), ...unknown]
}

describe("the commands that the docs show", () => {
  const shown = PAGES.flatMap((page) => commandsIn(page).map((line) => [page, line] as const))

  it.each(shown)("in %s are there: %s", (_page, line) => {
    assert.deepStrictEqual(wrongWith(line), [])
  })

  it("are many, and one that is not there is found", () => {
    assert.isAbove(shown.length, 50)
    assert.deepStrictEqual(wrongWith("turnout outbox mend"), [])
    assert.deepStrictEqual(wrongWith("turnout mend"), ["turnout mend"])
    assert.deepStrictEqual(wrongWith("turnout relay --dlq X"), ["--dlq"])
  })
})

const REFERENCE = "docs/reference/commands.md"

/** The commands that do something, with the words that name them. */
const leaves = (command: Command, names: ReadonlyArray<string> = []): ReadonlyArray<readonly [string, Command]> => [
  ...(command.commands.length === 0 || command.name() === "replay"
    ? [[["turnout", ...names].join(" "), command] as const]
    : []),
  ...command.commands.flatMap((one) => leaves(one, [...names, one.name()]))
]

describe("the reference of commands", () => {
  const text = textOf(REFERENCE)
  /** A section for each of the commands right below the program, or for a few of them. */
  const sections = text.split(/^## turnout /m).slice(1)
  const all = leaves(program)

  /** Everything that is said of a command: its item of a list, and what its section says of all of its commands. */
  const entryOf = (name: string): string => {
    const section = sections.find((one) => one.split("\n")[0]!.split(/, /).includes(name.split(" ")[1]!)) ?? ""
    const [before = "", ...items] = section.split(/^- (?=`turnout )/m)
    if (items.length === 0) return before
    const own = items.filter((item) => new RegExp(`^\`${name}( [A-Z-]|\`)`).test(item))
    // The last item ends where the list does.
    const after = items.at(-1)!.split(/\n\n/).slice(1)
    return [before, ...own.map((item) => item.split(/\n\n/)[0]), ...(own.length === 0 ? [] : after)].join("\n")
  }

  it.each(all)("has %s and its options", (name, command) => {
    const entry = entryOf(name)
    assert.isAbove(entry.length, 20)
    const missing = command.options.flatMap(({ long }) =>
      long && !new RegExp(`${long}(?![a-z-])`).test(entry) ? [long] : []
    )
    assert.deepStrictEqual(missing, [])
  })

  it("has no option that no command has", () => {
    const options = new Set(
      [program, ...all.map(([, command]) => command)].flatMap((one) => one.options.map(({ long }) => long))
    )
    const named = [...text.matchAll(/`(--[a-z-]+)/g)].map(([, option]) => option!)
    assert.isAbove(named.length, 50)
    assert.deepStrictEqual(
      named.filter((option) => !options.has(option) && option !== "--help"),
      []
    )
  })
})

describe("the reference of metrics", () => {
  const sources = readdirSync(join(ROOT, "packages"), { recursive: true, encoding: "utf8" })
    .filter((file) => /^[a-z]+\/src\/.*\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, "packages", file), "utf8"))
  const NAMED = /\b(counter|gauge|histogram)\w*\(\s*"([a-z]+[._][\w.]+)"/gi
  const made = sources.flatMap((text) =>
    [...text.matchAll(NAMED)].map(([, kind, name]) => ({ name: name!, kind: kind!.toLowerCase() }))
  )
  const PAGE = "docs/reference/metrics.md"
  const told = [...textOf(PAGE).matchAll(/^## (.+)$/gm)]
    .flatMap(([, heading]) => cells(PAGE, heading!).flat())
    // The page has the spans as well, whose kinds are others.
    .filter(({ column, text }) => column === "kind" && ["counter", "gauge", "histogram"].includes(text))

  it("has all of them, each with its kind", () => {
    assert.isAbove(made.length, 10)
    assert.deepStrictEqual(
      told.map(({ row, text }) => `${row.replaceAll("`", "")} ${text}`).toSorted(),
      made.map(({ kind, name }) => `${name} ${kind}`).toSorted()
    )
  })

  it("has names by the conventions of Prometheus", () => {
    for (const { kind, name } of made) {
      assert.match(name, /^(?:turnout|process|nodejs|http_server)(?:_[a-z0-9]+)+$/)
      assert.strictEqual(name.endsWith("_total"), kind === "counter", name)
      assert.notMatch(name, /_(?:millis|ms|minutes|kib|mib|megabytes)(?:_|$)/, "times are in seconds, sizes in bytes")
    }
  })
})
