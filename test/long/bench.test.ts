/**
 * The benchmarks run, on a small scale: they print one JSON document with figures above zero and what is to be reached.
 * How fast anything is, is not tested here.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"
import { environment } from "../support/Environment.ts"

const ROOT = fileURLToPath(new URL("../../", import.meta.url))

const run = async (bench: string, ...options: ReadonlyArray<string>) => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@turnout/source", "--expose-gc", `bench/${bench}.ts`, ...options],
    // A benchmark finds its server by itself: that of the tests runs with fsync off, which it refuses.
    { cwd: ROOT, env: environment }
  )
  return stdout
}

interface Document {
  readonly figures: Readonly<Record<string, unknown>>
  readonly targets: ReadonlyArray<{ readonly what: string; readonly value: number; readonly reached: boolean }>
}

const isPlausible = ({ figures, targets }: Document) => {
  assert.isNotEmpty(figures)
  assert.isNotEmpty(targets)
  for (const { reached, value, what } of targets) {
    assert.isTrue(Number.isFinite(value) && value >= 0, what)
    assert.isBoolean(reached, what)
  }
}

describe("benchmarks", { timeout: 300_000 }, () => {
  it.each([
    ["core", "--seconds", "0.1", "--batch", "100"],
    ["waitlist", "--samples", "5", "--small", "20", "--large", "600"],
    ["policy", "--seconds", "0.1"],
    ["http", "--seconds", "1", "--connections", "8"],
    ["caches", "--operations", "2000", "--events", "100", "--readers", "8"],
    ["registrations", "--seconds", "0.3", "--callers", "1", "--burst", "300", "--spread", "20"],
    [
      "outbox",
      ..."--messages 1000 --streams 50 --few 100 --small 2000 --large 4000 --samples 5 --registrations 10 --ttl 500".split(
        " "
      )
    ]
  ])("bench:%s prints a JSON document", async (bench, ...options) => {
    isPlausible(JSON.parse(await run(bench, "--rounds", "1", "--json", ...options)) as Document)
  })

  it("without --json there are tables, and the targets", async () => {
    const printed = await run("core", "--rounds", "1", "--seconds", "0.1", "--batch", "100")
    assert.include(printed, "register, a seat is free")
    assert.match(printed, /pure decisions a second +[\d,]+ +at least 1,000,000 +(not )?reached/)
  })

  it("an option that is no number is refused", async () => {
    const error = await run("core", "--rounds", "many").then(
      () => undefined,
      (error: { readonly stderr: string }) => error
    )
    assert.include(error?.stderr, '--rounds must be a number above 0, got "many"')
  })
})
