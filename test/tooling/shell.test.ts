/**
 * What is made of the commands for people at a shell: completion, the manual page, and the examples of the help.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import { scriptFor } from "../../packages/cli/src/commands/shell/completion.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as ManPage from "../../packages/cli/src/commands/shell/ManPage.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as Examples from "../../packages/cli/src/usage/Examples.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import { allOf, isLeaf, kindOf } from "../../packages/cli/src/usage/Kinds.ts"
import { textOf } from "../support/Docs.ts"
import { parse, program } from "../support/ParsedCommand.ts"

const all = allOf(program())
const leaves = all.filter(isLeaf)

const has = (name: string): boolean => spawnSync(name, ["--version"]).error === undefined

/** Runs a shell on a script in a file: not every shell reads a script from a pipe. */
const runShell = (shell: string, options: ReadonlyArray<string>, script: string) => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-completion-"))
  try {
    writeFileSync(join(folder, "script"), script)
    writeFileSync(join(folder, "some file.csv"), "")
    const { status, stderr, stdout } = spawnSync(shell, [...options, "script"], { cwd: folder, encoding: "utf8" })
    assert.deepStrictEqual([status, stderr], [0, ""])
    return stdout.split("\n").slice(0, -1)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What bash completes at the end of each of some lines, whose last word may be empty. */
const completedByBash = (lines: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const calls = lines.map((words) => {
    const all = ["turnout", ...words].map((word) => `'${word}'`).join(" ")
    return `COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _turnout; (IFS=,; echo "\${COMPREPLY[*]}")`
  })
  const script = [scriptFor("bash", program()), ...calls].join("\n")
  return runShell("bash", ["--norc", "--noprofile"], script).map((line) => (line === "" ? [] : line.split(",")))
}

describe("completion in bash", () => {
  it("knows the commands at every place", () => {
    const places = all.filter(({ command }) => command.commands.length > 0)
    const completed = completedByBash(places.map(({ path }) => [...path, ""]))
    assert.deepStrictEqual(
      completed,
      places.map(({ command }) => command.commands.map((one) => one.name()))
    )
    assert.isAbove(places.length, 5)
  })

  it("knows every option of every command, and those of all commands", () => {
    const everywhere = program().options.flatMap(({ long }) => (long === "--version" ? [] : [long!]))
    const completed = completedByBash(leaves.map(({ path }) => [...path, "--"]))
    for (const [index, { command, path }] of leaves.entries()) {
      const own = command.options.map(({ long }) => long!)
      assert.sameMembers([...completed[index]!], [...own, ...everywhere, "--help"], path.join(" "))
    }
  })

  it("knows the values of every option and argument that has some, also the second one", () => {
    const withChoices = leaves.flatMap(({ command, path }) =>
      command.options.flatMap((option) => {
        const { value } = kindOf(option)
        return value._tag === "Choice" ? [{ path, option, choices: value.choices }] : []
      })
    )
    assert.isAbove(withChoices.length, 5)
    const lines = withChoices.flatMap(({ choices, option, path }) => [
      [...path, option.long!, ""],
      [...path, option.long!, "=", choices[0]!.slice(0, 2)],
      [...path, option.long!, choices[0]!, ""]
    ])
    const completed = completedByBash(lines)
    for (const [index, { choices, option, path }] of withChoices.entries()) {
      const [first, afterEqual, second] = completed.slice(3 * index)
      const name = `${path.join(" ")} ${option.long!}`
      assert.deepStrictEqual(first, choices, name)
      assert.include(afterEqual!, choices[0]!, name)
      if (option.variadic) assert.deepStrictEqual(second, choices, name)
    }
    assert.deepStrictEqual(completedByBash([["completion", ""]]), [["bash", "zsh", "fish"]])
  })

  it("knows files where a file is meant, and takes no value for a command", () => {
    const [file, folder, afterValue, done] = completedByBash([
      ["import", "so"],
      ["--data", "zzz"],
      ["--schema", "outbox", ""],
      ["events", "show", "x", ""]
    ])
    assert.deepStrictEqual(file, ["some file.csv"])
    assert.deepStrictEqual(folder, [])
    assert.include(afterValue!, "serve")
    assert.deepStrictEqual(done, [])
  })
})

describe("completion in other shells", () => {
  it.each(["bash", "zsh", "fish"] as const)(
    "is printed as it is, without a character that is shown by an escape: %s",
    (shell) => {
      const lines = scriptFor(shell, program()).split("\n")
      assert.deepStrictEqual(lines.map(visible), lines)
    }
  )

  it.skipIf(!has("fish"))("knows commands, options and values in fish", () => {
    const lines = [
      "turnout outbox parked ",
      "turnout relay --start-from ",
      "turnout relay --start-from=",
      "turnout relay --le"
    ]
    const script = [
      scriptFor("fish", program()),
      ...lines.map((line) => `echo (complete -C '${line}' | string replace -r '\\t.*' '' | string join ,)`)
    ].join("\n")
    assert.deepStrictEqual(runShell("fish", ["--no-config"], script), [
      "discard,list,retry,show,skip",
      "beginning,now",
      "--start-from=beginning,--start-from=now",
      "--lease-ttl"
    ])
  })

  it.skipIf(!has("zsh"))("is a script that zsh reads", () => {
    assert.deepStrictEqual(runShell("zsh", ["-n"], scriptFor("zsh", program())), [])
  })

  it.each(["zsh", "fish"] as const)("names every command and every option: %s", (shell) => {
    const script = scriptFor(shell, program())
    for (const { command, path } of all) {
      for (const one of command.commands) assert.include(script, one.name())
      for (const { long } of command.options) assert.include(script, long!, path.join(" "))
    }
  })
})

describe("the manual page", () => {
  const page = ManPage.make(program(), "1.2.3")

  it("has every command, option, variable and example", () => {
    const plain = page
      .replaceAll(/\\f[BIR]/g, "")
      .replaceAll(String.raw`\-`, "-")
      .replaceAll(String.raw`\e`, "\\")
    for (const { command, path } of leaves) {
      assert.include(plain, `.SS "turnout ${path.join(" ")} `)
      for (const { envVar, long } of command.options)
        for (const name of [long!, ...(envVar === undefined ? [] : [envVar])]) assert.include(plain, name)
      for (const example of Examples.of(command)) assert.include(plain, example)
    }
    for (const { long } of program().options) assert.include(plain, long!)
  })

  it.skipIf(!has("groff"))("is read by groff without a warning", () => {
    const { stderr, stdout } = spawnSync("groff", ["-man", "-ww", "-Tutf8"], { input: page, encoding: "utf8" })
    assert.strictEqual(stderr, "")
    assert.include(stdout, "never oversells")
  })

  it("is where the package says, made by the build", () => {
    const manifest = JSON.parse(textOf("packages/cli/package.json")) as { readonly man: string }
    assert.strictEqual(manifest.man, "dist/turnout.1")
    assert.include(textOf("scripts/manual.ts"), "turnout.1")
    assert.match(textOf("package.json"), /"build": ".* scripts\/manual\.ts"/)
  })

  it("shows text of roff as text", () => {
    const strange = program()
    strange.description(".SH no heading \\fB")
    strange.commands[0]!.description("'no instruction\n.TH")
    const text = ManPage.make(strange, "1")
    assert.notMatch(text, /^\.SH no heading|^'no|^\.TH$/m)
  })
})

describe("the examples of the help", () => {
  const UUID = "01a1fcac-e082-761f-9990-337e18d190e6"
  /** The words of a line of shell, with the quotes that they stand in taken away. */
  const wordsOf = (line: string): ReadonlyArray<string> =>
    [...line.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replaceAll(/^["']|["']$/g, ""))

  it.each(leaves.map(({ command, path }) => [path.join(" "), command] as const))(
    "of %s end it, and can be typed",
    async (name, command) => {
      const examples = Examples.of(command)
      assert.isNotEmpty(examples)
      let help = ""
      command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 200 })
      command.outputHelp()
      assert.match(help, /\nExamples?:\n/)
      for (const example of examples) {
        assert.include(help, `\n  ${example}\n`)
        const [first, ...words] = wordsOf(example.replaceAll(/\$[A-Z]+/g, UUID))
        assert.deepStrictEqual([first, (await parse(words)).path], ["turnout", name])
      }
    }
  )
})
