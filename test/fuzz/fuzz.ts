/**
 * Fuzzes the HTTP API and the command line.
 *
 *     npm run fuzz -- [--requests N] [--commands N] [--seed S] [--json]
 *
 * Exit code 1 if anything was not as it must be. The same seed sends the same requests, and runs the same commands.
 */
import { SingleBar } from "cli-progress"
import { parseArgs } from "node:util"
import { provide } from "../support/PostgresServer.ts"
import { fuzzCommands } from "./CommandFuzzer.ts"
import { fuzz, type Unexpected } from "./HttpFuzzer.ts"

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "20000" },
    commands: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false }
  }
})
const [requests, commands, seed] = [Number(values.requests), Number(values.commands), Number(values.seed)]
if (![requests, commands].every((number) => Number.isInteger(number) && number >= 0) || !Number.isInteger(seed)) {
  process.stderr.write("--requests, --commands and --seed must be whole numbers\n")
  process.exit(2)
}

const isShown = process.stderr.isTTY && !values.json
const withBar = async <A>(
  what: string,
  total: number,
  work: (onProgress: (done: number) => void) => Promise<A>
): Promise<A> => {
  const bar = new SingleBar({ format: `{bar} {value}/{total} ${what}` })
  if (isShown) bar.start(total, 0)
  try {
    return await work((done) => isShown && bar.update(done))
  } finally {
    if (isShown) bar.stop()
  }
}

const overHttp = await withBar("requests", requests, (onProgress) => fuzz({ requests, seed, onProgress }))
const server = await provide()
const byCommand = await withBar("commands", commands, (onProgress) =>
  fuzzCommands({ commands, seed, server: server.url, onProgress })
).finally(() => server.stop())

const unexpected = [...overHttp.unexpected, ...byCommand.unexpected]
const show = ({ number, request, what }: Unexpected) => process.stdout.write(`#${number} ${request}\n  ${what}\n`)
if (values.json) process.stdout.write(`${JSON.stringify({ http: overHttp, commandLine: byCommand })}\n`)
else {
  unexpected.slice(0, 20).forEach(show)
  process.stdout.write(`${JSON.stringify(overHttp.byStatus)} ${JSON.stringify(byCommand.byCode)}\n`)
  process.stdout.write(`${requests} requests, ${commands} commands, ${unexpected.length} unexpected\n`)
}
process.exit(unexpected.length === 0 ? 0 : 1)
