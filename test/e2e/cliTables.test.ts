/**
 * Tables and facts on a terminal: no line is wider than the terminal, ids are whole, and a line says what is left out. In a pipe nothing
 * is cut.
 */
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import stringWidth from "string-width"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import * as Table from "../../packages/cli/src/output/Table.ts"
import * as CommandLine from "../support/CommandLine.ts"
import * as CommandProcess from "../support/CommandProcess.ts"
import * as FilledDatabase from "../support/FilledDatabase.ts"
import { withoutColours } from "../support/HostileText.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

/** Letters that take two cells, emojis of several characters, and accents that take none: more than any terminal is wide. */
const WIDE = "音楽会とダンス 👩‍👩‍👧‍👦🏳️‍🌈 Crème brûlée e\u0301te\u0301 ".repeat(6).trim()
const RUNNER = fileURLToPath(new URL("../support/terminalRunner.ts", import.meta.url))
const hasScript = spawnSync("script", ["--version"]).status === 0

/** Text that is printed as it is, and no part of a table: the command of the next page, errors in full, and sentences. */
const FREE = /^(?:next page: |音|Requests are|What waits|"turnout|.*"turnout outbox replay)/

/** Runs commands on a terminal with so many cells in a line, and gives the lines of each. */
const onTerminal = async (
  turnout: CommandLine.CommandLine,
  columns: number,
  commands: ReadonlyArray<string>
): Promise<ReadonlyArray<ReadonlyArray<string>>> => {
  const lines = commands.map((command) => `--database ${turnout.database!} ${command}`)
  writeFileSync(join(turnout.folder, "commands"), lines.join("\n"))
  const node = `"${process.execPath}" --conditions=@turnout/source "${RUNNER}" commands 2>/dev/null`
  const { stdout } = await turnout.shell(`TERM=xterm script -qec 'stty cols ${columns} rows 50; ${node}' /dev/null`)
  return withoutColours({ stdout, stderr: "" })
    .stdout.replaceAll("\r\n", "\n")
    .split(/^>>> \d+\n/m)
    .slice(1)
    .map((part) => part.split("\n").slice(0, -1))
}

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/

describe("tables", { timeout: 180_000 }, () => {
  it.skipIf(!hasScript)("fit the terminal, and in a pipe they have everything", async () => {
    await using turnout = await CommandLine.onPostgres()
    await using commandProcess = await CommandProcess.start(turnout.database!)
    const filled = await FilledDatabase.make(commandProcess, WIDE, WIDE)
    const { bury, dead } = sqs.deadLetterQueues()
    // SQS of the tests takes no emoji.
    bury("音楽会とダンス".repeat(20))
    const letters = `dlq list --sqs ${dead.queueUrl} ${sqs.options().join(" ")}`
    const commands = [...FilledDatabase.showing(filled), letters]

    for (const columns of [80, 40]) {
      const shown = await onTerminal(turnout, columns, commands)
      assert.lengthOf(shown, commands.length)
      for (const [index, lines] of shown.entries()) {
        const command = `${columns}: ${commands[index]}`
        assert.isAbove(lines.length, 1, command)
        const table = lines.filter((line) => !FREE.test(line))
        const tooWide = table.filter((line) => stringWidth(line) > columns)
        assert.deepStrictEqual(tooWide, [], command)
        if (columns === 80 && /^(?:events|registrations|waitlist|webhooks) (?:list|show)/.test(commands[index]!))
          assert.match(lines.join("\n"), UUID, command)
      }
    }
    const long = WIDE.slice(0, 150)
    for (const command of FilledDatabase.showing(filled)) {
      if (command === "migrate status") continue
      const { stdout } = await commandProcess.run(...command.split(" "))
      assert.include(stdout, long, command)
      assert.notInclude(stdout, "left out", command)
    }
  })

  it("say which columns are left out", () => {
    const head = [
      "id",
      Table.text("title"),
      "starts",
      Table.spare("status"),
      Table.spare("taken"),
      Table.spare("waiting")
    ]
    const row = ["01a1fcac-e082-761f-9990-337e18d190e6", WIDE, "2030-05-01T18:00:00Z", "published", "1,000", "12"]
    const [narrow, wide] = [80, 300].map((room) => Table.lines(head, [row], room).map(String))
    assert.match(narrow![0]!, /^id +title +starts +status$/)
    assert.match(narrow![1]!, /^\S{36}  \S+… +\S+Z  published$/)
    assert.include(narrow!.at(-1), "left out: taken, waiting")
    assert.match(wide![0]!, /status +taken  waiting$/)
    assert.lengthOf(wide!, 2)
  })
})
