/**
 * Tortures a real server, and checks the histories.
 *
 *     npm run torture -- [--minutes M] [--operations N] [--json]
 *
 * The exit code is 1 if there is a violation.
 */
import { SingleBar } from "cli-progress"
import { parseArgs } from "node:util"
import { torture } from "./Torture.ts"

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    operations: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false }
  }
})
const [minutes, operations] = [Number(values.minutes), Number(values.operations)]
if (!(minutes > 0) || !(operations > 0)) {
  process.stderr.write("--minutes and --operations must be numbers above 0\n")
  process.exit(2)
}
const isShown = process.stderr.isTTY && !values.json
const bar = new SingleBar({ format: "{bar} {value} operations, {crashes} crashes, {workerKills} kills" })
if (isShown) bar.start(operations, 0, { crashes: 0, workerKills: 0 })
const outcome = await torture({
  minutes,
  operations,
  backendKillMillis: 700,
  workerKillMillis: 3_500,
  crashMillis: 7_000,
  cutMillis: 500,
  onProgress: ({ crashes, operations: done, workerKills }) => isShown && bar.update(done, { crashes, workerKills })
})
if (isShown) bar.stop()
if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`)
else {
  for (const violation of outcome.violations.slice(0, 20)) process.stdout.write(`${violation}\n`)
  const { backendKills, crashes, cuts, events, seconds, violations, workerKills } = outcome
  process.stdout.write(`${events} events in ${Math.round(seconds)} seconds\n`)
  process.stdout.write(
    `${outcome.operations} operations, ${backendKills} backend kills, ${crashes} server crashes, ${workerKills} worker kills, ${cuts} cut connections, ${violations.length} violations\n`
  )
}
process.exit(outcome.violations.length === 0 ? 0 : 1)
