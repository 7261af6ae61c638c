/**
 * The command line in a few files instead of many hundreds. A process that runs it from the sources takes more than a second to load
 * them, and the tests start many processes. The bundle is made from the same sources when one of them has changed, and is kept in
 * `node_modules/.cache`.
 */
import { build } from "esbuild"
import { hash, randomUUID } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { ROOT } from "./Docs.ts"

const CACHE = join(ROOT, "node_modules/.cache/turnout-command")
const PACKAGE = join(ROOT, "packages/cli")
/** What is found beside the bundle: PGlite loads files of its own, and the others are loaded only by some commands. */
const EXTERNAL = ["@electric-sql/pglite", "@aws-sdk/client-sqs"]

/** CommonJS modules in a bundle of ES modules ask for this. */
const REQUIRE = `import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);`

/** A name for the state of the sources and of what they are bundled with. */
const state = (): string => {
  const sources = readdirSync(join(ROOT, "packages"), { recursive: true, encoding: "utf8" }).filter(
    (path) => /^[a-z]+\/(src\/.*\.ts|package\.json|bin\/.*)$/.test(path) && !path.includes("node_modules")
  )
  const files = [...sources.map((path) => join("packages", path)), "package-lock.json"].toSorted()
  const lines = files.map((path) => {
    const { mtimeMs, size } = statSync(join(ROOT, path))
    return `${path} ${mtimeMs} ${size}`
  })
  return hash("sha256", lines.join("\n"), "hex").slice(0, 16)
}

const bundle = async (folder: string): Promise<void> => {
  await build({
    entryPoints: [join(PACKAGE, "src/main.ts")],
    outdir: join(folder, "dist"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["@turnout/source"],
    external: EXTERNAL,
    banner: { js: REQUIRE },
    keepNames: true,
    logLevel: "error"
  })
  mkdirSync(join(folder, "bin"))
  copyFileSync(join(PACKAGE, "bin/turnout.js"), join(folder, "bin/turnout.js"))
  copyFileSync(join(PACKAGE, "package.json"), join(folder, "package.json"))
}

/** The file that Node runs. */
export const make = async (): Promise<string> => {
  const folder = join(CACHE, state())
  if (!existsSync(folder)) {
    const mine = join(CACHE, `.${randomUUID()}`)
    await bundle(mine)
    try {
      renameSync(mine, folder)
    } catch {
      // Another process of the tests was faster.
      rmSync(mine, { recursive: true, force: true })
    }
  }
  return join(folder, "bin/turnout.js")
}

/** Removes the bundles of sources that have changed since. */
export const removeOld = (): void => {
  if (!existsSync(CACHE)) return
  const current = state()
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name)
    // Another process of the tests may be about to make one.
    const isUnderWay = name.startsWith(".") && Date.now() - statSync(path).mtimeMs < 600_000
    if (name !== current && !isUnderWay) rmSync(path, { recursive: true, force: true })
  }
}
