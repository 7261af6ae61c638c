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
import * as TestDatabase from "../support/TestDatabase.ts"
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

/** So many of what is unexpected are shown at a time. */
const SHOWN = 20

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

/**
 * So many requests go to one server, and the next ones to another: by turns one in memory, which is faster, and one on
 * Postgres.
 */
const AT_ONE_SERVER = 10_000

const show = (unexpected: ReadonlyArray<Unexpected>) => {
  for (const { number, request, what } of unexpected.slice(0, SHOWN))
    process.stderr.write(`#${number} ${request}\n  ${what}\n`)
}
const add = (counts: Record<string, number>, more: Readonly<Record<string, number>>) => {
  for (const [name, count] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count
}

const server = await provide()

/** Sends all requests, and shows what is unexpected as soon as a server has had its part. */
const overHttp = async (onProgress: (done: number) => void) => {
  const memory: Record<string, number> = {}
  const postgres: Record<string, number> = {}
  const unexpected: Array<Unexpected> = []
  for (let round = 0; round * AT_ONE_SERVER < requests; round++) {
    const from = round * AT_ONE_SERVER
    const isInMemory = round % 2 === 0
    await using scratch = isInMemory ? undefined : await TestDatabase.scratch(server.url)
    const report = await fuzz({
      requests: Math.min(AT_ONE_SERVER, requests - from),
      seed: seed + round,
      database: scratch?.url ?? "memory:",
      onProgress: (done) => onProgress(from + done)
    })
    add(isInMemory ? memory : postgres, report.byStatus)
    unexpected.push(...report.unexpected)
    show(report.unexpected)
  }
  return { memory, postgres, unexpected }
}

const work = async () => {
  const http = await withBar("requests", requests, overHttp)
  const commandLine = await withBar("commands", commands, (onProgress) =>
    fuzzCommands({ commands, seed, server: server.url, onProgress })
  )
  show(commandLine.unexpected)
  return { http, commandLine }
}
const { commandLine, http } = await work().finally(() => server.stop())

const found = http.unexpected.length + commandLine.unexpected.length
if (values.json) process.stdout.write(`${JSON.stringify({ http, commandLine })}\n`)
else {
  for (const counts of [http.memory, http.postgres, commandLine.byCode])
    process.stdout.write(`${JSON.stringify(counts)}\n`)
  process.stdout.write(`${requests} requests, ${commands} commands, ${found} unexpected\n`)
}
process.exit(found === 0 ? 0 : 1)
