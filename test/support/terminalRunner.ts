/**
 * Runs commands of `turnout` on the terminal that this process has, one after the other, with a line before each that has its number.
 * The commands are the lines of the file that the first argument names.
 */
import { readFileSync } from "node:fs"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import { run } from "../../packages/cli/src/Program.ts"

const commands = readFileSync(process.argv[2]!, "utf8").split("\n")
for (const [number, command] of commands.entries()) {
  process.stdout.write(`>>> ${number}\n`)
  await run(command.split(" "))
}
process.exit(0)
