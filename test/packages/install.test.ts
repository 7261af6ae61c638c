/**
 * The packages as users install them: with npm and pnpm, with the oldest and the newest peers that their ranges allow. The code of
 * the READMEs runs, and a program of a user compiles with declarations.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, inject, it } from "vitest"
import { blocksOf, ROOT } from "../support/Docs.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as GeneratedClient from "./GeneratedClient.ts"
import * as Hover from "./Hover.ts"
import * as Project from "./Project.ts"

let tarballs: ReadonlyMap<string, string>
let packed: string

beforeAll(async () => {
  packed = mkdtempSync(join(tmpdir(), "turnout-packed-"))
  tarballs = await Project.pack(packed)
})

afterAll(() => rmSync(packed, { recursive: true, force: true }))

/** The ranges of all peers, and those that all packages agree on. */
const peers = (): ReadonlyMap<string, string> => {
  const ranges = new Map<string, string>()
  for (const { name, peerDependencies = {} } of Project.MANIFESTS) {
    for (const [peer, range] of Object.entries(peerDependencies)) {
      assert.strictEqual(ranges.get(peer) ?? range, range, `${name} has another range of ${peer} than the others`)
      ranges.set(peer, range)
    }
  }
  return ranges
}

/** The version that a caret range begins at. */
const oldest = (range: string): string => {
  assert.match(range, /^\^\d+\.\d+\.\d+$/)
  return range.slice(1)
}

const manifest = (dependencies: Readonly<Record<string, string>>, more: object = {}): string =>
  JSON.stringify({ name: "a-host", private: true, type: "module", dependencies, ...more })

const ours = () => Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]))

const README_OF = new Map(Project.MANIFESTS.map(({ folder, name }) => [name, `${folder.slice(ROOT.length)}/README.md`]))

/** Runs the first example of a README, which says in comments what it prints. */
const runReadme = async (project: Project.Project, name: string) => {
  const [code = ""] = blocksOf(README_OF.get(name)!, "ts")
  project.write("readme.ts", code)
  const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)\n/g)].map(([, printed]) => `${printed}\n`)
  assert.isNotEmpty(expected, name)
  assert.strictEqual(await project.run(process.execPath, "readme.ts"), expected.join(""), name)
}

/** A program that gives values of ours on, which needs names for their types in its declarations. */
const PROGRAM = `import { createTurnout, isTurnoutError, type Event, type GivenEvent, type Turnout } from "turnout"

export const turnout = createTurnout({ database: process.env["DATABASE"] ?? "memory:" })
export const load = (id: string) => turnout.getEvent(id)
export const make = async (given: GivenEvent): Promise<Event> => turnout.publishEvent((await turnout.createEvent(given)).id)
export const register = async (id: string) => {
  try {
    return await turnout.register(id, { attendee: { email: "ada@example.com" } })
  } catch (error) {
    if (isTurnoutError(error) && error._tag === "CapacityFull") return { error }
    throw error
  }
}
export const all = async (turnout: Turnout) => (await turnout.listRegistrations("")).items
`

const compile = async (project: Project.Project, typescript: string) => {
  project.write("program.ts", PROGRAM)
  project.write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        declaration: true,
        outDir: "out",
        rootDir: ".",
        module: "nodenext",
        target: "es2023",
        lib: ["es2023", "esnext.disposable", "dom"],
        types: ["node"]
      },
      files: ["program.ts"]
    })
  )
  await project.run("npx", "--no-install", "tsc", "--version").then((version) => assert.include(version, typescript))
  await project.run("npx", "--no-install", "tsc", "-p", ".")
  assert.include(readFileSync(join(project.folder, "out/program.d.ts"), "utf8"), "Promise<Event>")
}

/** How many versions of a package there are in the folders of npm. */
const versionsOf = (folder: string, name: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(join("node_modules", name, "package.json")))
    .map((path) => (JSON.parse(readFileSync(join(folder, path), "utf8")) as { version: string }).version)

/** A host that creates and reads an event on a database. */
const onDatabase = async (project: Project.Project, database: string) => {
  project.write(
    "database.ts",
    `import { createTurnout } from "turnout"
await using turnout = createTurnout({ database: ${JSON.stringify(database)} })
const [startsAt, endsAt] = [new Date("2099-05-01T18:00:00Z"), new Date("2099-05-01T20:00:00Z")]
const { id } = await turnout.createEvent({ title: "A talk", organizer: "Ada", capacity: 1, timeZone: "Europe/London", startsAt, endsAt })
console.log((await turnout.getEvent(id)).title)
`
  )
  assert.strictEqual(await project.run(process.execPath, "database.ts"), "A talk\n")
}

const TYPES = { "@types/node": "^24.0.0" }

describe("the packages, installed", () => {
  it("with npm and the oldest peers: every README runs, on a server too, and TypeScript 7 makes declarations", async () => {
    const ranges = peers()
    const dependencies = {
      ...ours(),
      ...Object.fromEntries([...ranges].map(([name, range]) => [name, oldest(range)])),
      ...TYPES,
      typescript: "7.0.2"
    }
    await using project = Project.make({ "package.json": manifest(dependencies) })
    await project.run("npm", "install", "--no-audit", "--no-fund")
    for (const name of tarballs.keys()) if (name !== "@turnout/cli") await runReadme(project, name)
    await compile(project, "7.0")
    await using database = await TestDatabase.scratch(inject("postgresUrl"))
    await onDatabase(project, database.url)
    assert.deepStrictEqual(versionsOf(project.folder, "effect"), [oldest(ranges.get("effect")!)])
    assert.include(await project.run("npx", "--no-install", "turnout", "--help"), "Usage: turnout")
  })

  it("with npm and the newest peers: every README runs, in a folder too, and TypeScript 5.9 makes declarations", async () => {
    const dependencies = {
      ...ours(),
      ...Object.fromEntries(peers()),
      ...TYPES,
      ...GeneratedClient.DEPENDENCIES,
      typescript: "~5.9.0"
    }
    await using project = Project.make({ "package.json": manifest(dependencies) })
    await project.run("npm", "install", "--no-audit", "--no-fund")
    for (const name of tarballs.keys()) if (name !== "@turnout/cli") await runReadme(project, name)
    await compile(project, "5.9")
    for (const [path, text] of Object.entries(Hover.FILES)) project.write(path, text)
    const shown = JSON.parse(await project.run(process.execPath, "hover.mjs")) as Hover.Shown
    assert.deepStrictEqual(shown.silent, [], "an editor shows nothing about these fields")
    assert.isAbove(shown.fields, 150)
    assert.match(shown.register.text, /Promise<T\.RegistrationOutcome>/)
    assert.includeMembers([...shown.register.tags], ["throws", "example"])
    assert.strictEqual(await GeneratedClient.run(project), GeneratedClient.PRINTED)
    await onDatabase(project, "./talks")
    assert.lengthOf(versionsOf(project.folder, "effect"), 1)
    assert.include(await project.run("npx", "--no-install", "turnout", "--help"), "Usage: turnout")
  })

  it("with pnpm: turnout alone, with what its README names, and nothing of what it brings in reach", async () => {
    const ranges = peers()
    const [install = ""] = blocksOf(README_OF.get("turnout")!, "sh")
    const named = install.split("\n")[1]!.replace(/#.*/, "").trim().split(" ").slice(2)
    assert.deepStrictEqual(named, ["turnout", "effect", "@effect/sql-pg"])
    const all = ours()
    const dependencies = Object.fromEntries(named.map((name) => [name, all[name] ?? ranges.get(name)!]))
    await using project = Project.make({
      "package.json": manifest({ ...dependencies, ...TYPES, typescript: "7.0.2" }),
      "pnpm-workspace.yaml": `overrides:\n${Object.entries(all)
        .map(([name, file]) => `  "${name}": "${file}"\n`)
        .join("")}`
    })
    await project.run(join(ROOT, "node_modules/.bin/pnpm"), "--dir", project.folder, "install", "--ignore-scripts")
    await runReadme(project, "turnout")
    await compile(project, "7.0")
    await using database = await TestDatabase.scratch(inject("postgresUrl"))
    await onDatabase(project, database.url)
  })
})
