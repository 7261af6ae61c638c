/**
 * Plants bugs in a copy of the code, one at a time, and shows that simulations find each of them.
 *
 *     npm run mutants -- [--seeds N] [--only TEXT …] [--json]
 *
 * The exit code is 1 if a bug is not found within the number of seeds, which is 10,000 by default.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { mutations } from "./mutations.ts"

const ROOT = fileURLToPath(new URL("../../", import.meta.url))
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    only: { type: "string", multiple: true, default: [""] },
    json: { type: "boolean", default: false }
  }
})

interface Caught {
  readonly name: string
  readonly breaks: string
  /** The seed that found it; `null` if none did. */
  readonly seed: number | null
  readonly by: string
}

interface Report {
  readonly bad: ReadonlyArray<{ readonly seed: number; readonly violations: ReadonlyArray<string> }>
}

/** Copies the code that simulations need, with links to the packages of others. */
const copy = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-mutants-"))
  for (const part of ["package.json", "packages/core", "packages/adapters", "test/simulation", "test/support"])
    cpSync(join(ROOT, part), join(folder, part), {
      recursive: true,
      filter: (path) => !/[\\/](dist|\.tsbuild|node_modules)([\\/]|$)/.test(path.slice(ROOT.length))
    })
  const modules = join(folder, "node_modules")
  mkdirSync(join(modules, "@turnout"), { recursive: true })
  for (const name of readdirSync(join(ROOT, "node_modules")))
    if (name !== "@turnout" && !name.startsWith(".")) symlinkSync(join(ROOT, "node_modules", name), join(modules, name))
  for (const name of ["core", "adapters"]) symlinkSync(join(folder, "packages", name), join(modules, "@turnout", name))
  return folder
}

const folder = copy()
/** Runs simulations of the copy. Throws if they do not run. */
const simulate = (seeds: string): Report => {
  const args = ["--conditions=@turnout/source", "test/simulation/simulate.ts", "--json", "--first", "--seeds", seeds]
  const { stderr, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", timeout: 60 * 60_000 })
  if (!stdout.startsWith("{")) throw new Error(`the simulation does not run: ${stderr}`)
  return JSON.parse(stdout) as Report
}

/**
 * The number of seeds of the copy without a bug. If these found a violation, or did not run, every bug would seem to be
 * found.
 */
const AS_IT_IS = "50"

const caught: Array<Caught> = []
try {
  if (simulate(AS_IT_IS).bad.length > 0) throw new Error("the code as it is violates something: npm run simulate")
  for (const { breaks, file, from, name, to } of mutations) {
    if (!values.only.some((text) => name.includes(text))) continue
    const path = join(folder, file)
    const original = readFileSync(path, "utf8")
    if (original.split(from).length !== 2) throw new Error(`${name}: not there exactly once in ${file}: ${from}`)
    writeFileSync(
      path,
      original.replace(from, () => to)
    )
    const [first] = simulate(values.seeds).bad
    writeFileSync(path, original)
    const one: Caught = { name, breaks, seed: first?.seed ?? null, by: first?.violations[0] ?? "nothing" }
    caught.push(one)
    if (!values.json)
      process.stdout.write(
        `${one.seed === null ? "NOT CAUGHT" : `seed ${one.seed}`}\t${breaks}\t${name}: ${one.by.slice(0, 120)}\n`
      )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const count = caught.filter(({ seed }) => seed !== null).length
if (values.json) process.stdout.write(`${JSON.stringify({ planted: caught.length, caught: count, mutants: caught })}\n`)
else process.stdout.write(`${caught.length} planted, ${count} caught\n`)
process.exit(count === caught.length ? 0 : 1)
