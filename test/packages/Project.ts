/**
 * A project of a user, in a temp folder, into which the packages are installed as they would be from a registry.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { ROOT } from "../support/Docs.ts"

const run = promisify(execFile)

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** The packages, with the folders of their sources. */
export const MANIFESTS: ReadonlyArray<Manifest & { readonly folder: string }> = readdirSync(join(ROOT, "packages")).map(
  (name) => {
    const folder = join(ROOT, "packages", name)
    return { ...(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest), folder }
  }
)

/** The environment of a user: nothing of the npm that runs this test. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS|VITEST|NODE_ENV)/i.test(name))
)

/** Packs the packages, and returns the paths of the tarballs by name. They have to be built. */
export const pack = async (into: string): Promise<ReadonlyMap<string, string>> => {
  const folders = MANIFESTS.map(({ folder }) => folder)
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", into, ...folders], {
    cwd: ROOT,
    maxBuffer: 2 ** 26
  })
  const packed = Object.values(JSON.parse(stdout) as Record<string, { name: string; filename: string }>)
  return new Map(packed.map(({ filename, name }) => [name, join(into, filename)]))
}

export interface Project extends AsyncDisposable {
  readonly folder: string
  readonly write: (path: string, text: string) => void
  /** Runs a program in the folder, and returns what it printed. Rejects with what it printed if it fails. */
  readonly run: (program: string, ...args: ReadonlyArray<string>) => Promise<string>
}

export const make = (files: Readonly<Record<string, string>> = {}): Project => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-project-"))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  return {
    folder,
    write,
    run: async (program, ...args) => {
      const options = { cwd: folder, env: environment, maxBuffer: 2 ** 26 }
      const { stdout } = await run(program, args, options).catch((error: Error & { stdout: string }) => {
        throw new Error(`${error.message}\n${error.stdout}`, { cause: error })
      })
      return stdout
    },
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true })
  }
}
