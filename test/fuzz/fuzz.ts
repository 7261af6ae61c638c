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
import * as Scratch from "./Scratch.ts"

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

/** Half of the requests go to a server on Postgres, the other half to one in memory, which is faster. */
const onPostgres = Math.floor(requests / 2)
const inMemory = await withBar("requests, in memory", requests - onPostgres, (onProgress) =>
  fuzz({ requests: requests - onPostgres, seed, database: "memory:", onProgress })
)
const server = await provide()
const onServer = async () => {
  await using scratch = await Scratch.make(server.url)
  const overHttp = await withBar("requests, on Postgres", onPostgres, (onProgress) =>
    fuzz({ requests: onPostgres, seed: seed + 1, database: scratch.url, onProgress })
  )
  const byCommand = await withBar("commands", commands, (onProgress) =>
    fuzzCommands({ commands, seed, server: server.url, onProgress })
  )
  return { overHttp, byCommand }
}
const { byCommand, overHttp } = await onServer().finally(() => server.stop())

const unexpected = [...inMemory.unexpected, ...overHttp.unexpected, ...byCommand.unexpected]
const show = ({ number, request, what }: Unexpected) => process.stdout.write(`#${number} ${request}\n  ${what}\n`)
if (values.json) process.stdout.write(`${JSON.stringify({ inMemory, onPostgres: overHttp, commandLine: byCommand })}\n`)
else {
  unexpected.slice(0, 20).forEach(show)
  for (const counts of [inMemory.byStatus, overHttp.byStatus, byCommand.byCode])
    process.stdout.write(`${JSON.stringify(counts)}\n`)
  process.stdout.write(`${requests} requests, ${commands} commands, ${unexpected.length} unexpected\n`)
}
process.exit(unexpected.length === 0 ? 0 : 1)
