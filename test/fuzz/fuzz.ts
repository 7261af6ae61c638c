/**
 * Fuzzes the HTTP API.
 *
 *     npm run fuzz -- [--requests N] [--seed S] [--json]
 *
 * Exit code 1 if anything was not as it must be. The same seed sends the same requests.
 */
import { SingleBar } from "cli-progress"
import { parseArgs } from "node:util"
import { fuzz } from "./HttpFuzzer.ts"

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false }
  }
})
const [requests, seed] = [Number(values.requests), Number(values.seed)]
if (!Number.isInteger(requests) || requests < 1 || !Number.isInteger(seed)) {
  process.stderr.write("--requests and --seed must be whole numbers\n")
  process.exit(2)
}
const isShown = process.stderr.isTTY && !values.json
const bar = new SingleBar({ format: "{bar} {value}/{total} requests, {eta_formatted} left" })
if (isShown) bar.start(requests, 0)
const report = await fuzz({ requests, seed, onProgress: (done) => isShown && bar.update(done) })
if (isShown) bar.stop()
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
else {
  for (const { number, request, what } of report.unexpected.slice(0, 20))
    process.stdout.write(`#${number} ${request}\n  ${what}\n`)
  process.stdout.write(`${JSON.stringify(report.byStatus)}\n`)
  process.stdout.write(`${report.requests} requests, ${report.unexpected.length} unexpected\n`)
}
process.exit(report.unexpected.length === 0 ? 0 : 1)
