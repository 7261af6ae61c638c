/**
 * What each way in costs when a host bundles it: minified and gzipped, with everything that it brings. A budget is what was measured,
 * rounded up; whoever exceeds it looks for what came along, or raises it with a reason.
 */
import { build, type BuildOptions, type Metafile } from "esbuild"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { assert, describe, inject, it } from "vitest"
import { ROOT } from "../support/Docs.ts"
import * as MarkdownTable from "../support/MarkdownTable.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const run = promisify(execFile)

interface Way {
  readonly name: string
  readonly code: string
  readonly budgetKb: number
  /** A file that the entry loads on demand, and that counts as well. */
  readonly onDemand?: string
  /** Default `node`. */
  readonly platform?: "browser" | "node"
}

const WAYS: ReadonlyArray<Way> = [
  {
    name: "the client of pages: `@turnout/http/fetch`",
    code: `export { createClient } from "@turnout/http/fetch"`,
    budgetKb: 2.6,
    platform: "browser"
  },
  {
    name: "with Effect, in memory",
    code: `export { layer, Turnout } from "@turnout/core/admission/application/Turnout"
      export { layer as memory } from "@turnout/adapters/memory"`,
    budgetKb: 90
  },
  {
    name: "`createTurnout`, as far as memory needs it",
    code: `export { createTurnout } from "turnout"`,
    onDemand: "packages/adapters/src/memory/Memory.ts",
    budgetKb: 145
  },
  {
    name: "with Effect, on a Postgres server",
    code: `export { layer, Turnout } from "@turnout/core/admission/application/Turnout"
      export { layer as postgres } from "@turnout/adapters/postgres"`,
    budgetKb: 150
  },
  {
    name: "the server: `@turnout/http/Server`",
    code: `export { layer } from "@turnout/http/Server"`,
    budgetKb: 190
  }
]

const OPTIONS = {
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: "es2023",
  conditions: ["@turnout/source"],
  external: ["@electric-sql/pglite"],
  logLevel: "error"
} as const satisfies BuildOptions

/** The chunks that are loaded with these, by what they import at once. */
const loadedWith = ({ outputs }: Metafile, entries: ReadonlyArray<string>): ReadonlySet<string> => {
  const loaded = new Set<string>()
  const load = (path: string) => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { external, kind, path: next } of outputs[path]!.imports)
      if (kind === "import-statement" && external !== true) load(next)
  }
  entries.forEach(load)
  return loaded
}

/** The bytes that are loaded with the entry and with what it loads on demand: their chunks, and the chunks that these import at once. */
const bundled = async ({ code, onDemand, platform = "node" }: Way): Promise<number> => {
  const { metafile, outputFiles } = await build({
    ...OPTIONS,
    platform,
    stdin: { contents: code, resolveDir: ROOT, sourcefile: "entry.ts" },
    outdir: join(ROOT, "out"),
    metafile: true,
    write: false
  })
  // A chunk that is loaded on demand is an entry as well, and may come first.
  const entries = Object.entries(metafile.outputs).filter(
    ([, { entryPoint }]) => entryPoint === "entry.ts" || (entryPoint !== undefined && entryPoint === onDemand)
  )
  const loaded = loadedWith(
    metafile,
    entries.map(([path]) => path)
  )
  assert.isNotEmpty(loaded)
  return outputFiles
    .filter(({ path }) => loaded.has(path.slice(ROOT.length)))
    .reduce((total, { contents }) => total + gzipSync(contents).length, 0)
}

describe("a bundle", () => {
  it.each(WAYS)("of $name keeps to its budget", async (way) => {
    const kb = (await bundled(way)) / 1_000
    assert.isAtMost(kb, way.budgetKb)
    assert.isAtLeast(kb, way.budgetKb * 0.8, "the budget is no news any more: lower it")
  })

  it("of the command line has the server apart, which only one command needs", async () => {
    const main = "packages/cli/src/main.ts"
    const { metafile } = await build({
      ...OPTIONS,
      external: [...OPTIONS.external, "@aws-sdk/client-sqs"],
      platform: "node",
      entryPoints: [join(ROOT, main)],
      outdir: join(ROOT, "out"),
      metafile: true,
      write: false
    })
    const { outputs } = metafile
    const chunksOf = (source: string) => Object.keys(outputs).filter((path) => source in outputs[path]!.inputs)
    const loaded = loadedWith(metafile, chunksOf(main))
    const server = chunksOf("packages/http/src/server/Server.ts")
    assert.isNotEmpty(server)
    assert.isFalse(server.some((path) => loaded.has(path)))
  })

  it("has the budgets that the guide tells", () => {
    const [rows = []] = MarkdownTable.cells("docs/guides/bundling.md", "Budgets")
    assert.deepStrictEqual(
      rows.map(({ row, text }) => [row, text]),
      WAYS.map(({ budgetKb, name }) => [name, `${budgetKb} kB`])
    )
  })

  it("of createTurnout works on a server and in memory, and names PGlite as what it needs beside it", async () => {
    await using database = await TestDatabase.scratch(inject("postgresUrl"))
    const folder = mkdtempSync(join(tmpdir(), "turnout-bundle-"))
    try {
      const contents = `import { createTurnout } from "turnout"
        const on = async (database) => {
          await using turnout = createTurnout({ database })
          return (await turnout.listEvents()).items.length
        }
        console.log(await on("memory:"), await on(process.env.DATABASE))
        await on("./talks").catch((error) => console.log(error.message))`
      await build({
        ...OPTIONS,
        platform: "node",
        stdin: { contents, resolveDir: ROOT, sourcefile: "entry.ts" },
        outdir: folder,
        outExtension: { ".js": ".mjs" }
      })
      const { stdout } = await run(process.execPath, ["stdin.mjs"], {
        cwd: folder,
        env: { ...process.env, DATABASE: database.url }
      })
      assert.match(stdout, /^0 0\n.*npm install @effect\/sql-pg @electric-sql\/pglite/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
