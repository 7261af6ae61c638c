/**
 * A data folder has one holder, whoever comes, from wherever, and whatever was left behind in it.
 *
 * `TURNOUT_LOCK_ROUNDS` says how many rounds of starts at the same moment there are; a few show what is right, and more what is
 * rare.
 */
import { createTurnout } from "turnout"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, it } from "vitest"
import * as FolderHolders from "../support/FolderHolders.ts"

const ROUNDS = Number(process.env["TURNOUT_LOCK_ROUNDS"] ?? 1)
const ROUND_MILLIS = 60_000
/** More than are there at any time, and none that a system gives out. */
const NOBODY = "999999999"

let base: string
let folder: string
let started: Array<FolderHolders.Holder>
/** A database without events, which is copied: setting one up takes seconds. */
let empty: string

beforeAll(async () => {
  empty = mkdtempSync(join(tmpdir(), "turnout-empty-"))
  const turnout = createTurnout({ database: empty })
  await turnout.ready()
  await turnout.close()
  rmSync(join(empty, "turnout.lock"), { force: true })
})
afterAll(() => rmSync(empty, { recursive: true, force: true }))

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "turnout-lock-"))
  folder = join(base, "data")
  started = []
})
afterEach(async () => {
  for (const holder of started) await holder.kill()
  rmSync(base, { recursive: true, force: true })
})

const track = async (kind: () => Promise<FolderHolders.Holder>) => {
  const holder = await kind()
  started.push(holder)
  return holder
}
const aProcess = () => track(FolderHolders.startProcess)
const aThread = () => track(FolderHolders.startThread)
const aContainer = () => track(FolderHolders.startInNamespace)

/** Files that a holder may have left behind, or somebody else. */
const LEFT_BEHIND: ReadonlyArray<readonly [what: string, leave: () => void]> = [
  ["nothing", () => {}],
  ["the number of no process", () => writeFileSync(join(folder, "turnout.pid"), NOBODY)],
  ["an empty file", () => writeFileSync(join(folder, "turnout.pid"), "")],
  ["the number of another program", () => writeFileSync(join(folder, "turnout.pid"), `${process.pid}\n`)],
  ["the number of the first process", () => writeFileSync(join(folder, "turnout.pid"), "1\n")],
  ["no number", () => writeFileSync(join(folder, "turnout.pid"), "turnout\u0000\n\n")],
  ["a folder", () => mkdirSync(join(folder, "turnout.pid"))],
  ["a link to nowhere", () => symlinkSync("nowhere", join(folder, "turnout.pid"))],
  ["an empty lock file", () => writeFileSync(join(folder, "turnout.lock"), "")],
  ["a journal of the lock file", () => writeFileSync(join(folder, "turnout.lock-journal"), "what is this")]
]

describe("the holder of a data folder is whoever comes", { timeout: 120_000 }, () => {
  let first: FolderHolders.Holder
  let second: FolderHolders.Holder
  beforeAll(async () => {
    first = await FolderHolders.startProcess()
    second = await FolderHolders.startProcess()
  })
  afterAll(async () => {
    await first.kill()
    await second.kill()
  })

  for (const [what, leave] of LEFT_BEHIND)
    it(`where ${what} was left behind`, async () => {
      cpSync(empty, folder, { recursive: true })
      leave()
      assert.strictEqual(await first.tell({ open: folder }), "held")
      assert.match(await second.tell({ open: folder }), /in use by /)
      assert.strictEqual(await first.tell("close"), "closed")
      assert.strictEqual(await second.tell({ open: folder }), "held")
      await second.tell("close")
    })
})

describe("the holder of a data folder", { timeout: 120_000 }, () => {
  it("is named for as long as it is there, and leaves the lock file", async () => {
    cpSync(empty, folder, { recursive: true })
    const [holder, other] = [await aProcess(), await aProcess()]
    assert.strictEqual(await holder.tell({ open: folder }), "held")
    assert.strictEqual(readFileSync(join(folder, "turnout.pid"), "utf8").split("\n")[0], String(holder.pid))
    assert.include(await other.tell({ open: folder }), `in use by process ${holder.pid}; stop it, `)
    await holder.tell("close")
    assert.deepStrictEqual(
      [existsSync(join(folder, "turnout.pid")), existsSync(join(folder, "turnout.lock"))],
      [false, true]
    )
  })

  it("stays so when others are refused, fail and stop", async () => {
    cpSync(empty, folder, { recursive: true })
    const holder = await aProcess()
    await holder.tell({ open: folder })
    for (const kind of [aProcess, aThread]) {
      const refused = await kind()
      assert.match(await refused.tell({ open: folder }), /in use by process/)
      await refused.tell("close")
      await refused.kill()
    }
    assert.isTrue(existsSync(join(folder, "turnout.pid")))
    await holder.tell("write")
    const last = await aProcess()
    assert.include(await last.tell({ open: folder }), `in use by process ${holder.pid}`)
    assert.strictEqual(await holder.tell("count"), "1")
  })

  it("is gone with kill -9, and the next one has what it answered", async () => {
    cpSync(empty, folder, { recursive: true })
    for (let events = 0; events < 3; events++) {
      const holder = await aProcess()
      const next = await aProcess()
      assert.strictEqual(await holder.tell({ open: folder }), "held")
      assert.strictEqual(await holder.tell("count"), String(events))
      await holder.tell("write")
      await holder.kill()
      assert.strictEqual(await next.tell({ open: folder }), "held")
      assert.strictEqual(await next.tell("count"), String(events + 1))
      await next.tell("close")
    }
  })

  it("is one among threads", async () => {
    cpSync(empty, folder, { recursive: true })
    const [thread, other, elsewhere] = [await aThread(), await aThread(), await aProcess()]
    assert.strictEqual(await thread.tell({ open: folder }), "held")
    assert.include(await other.tell({ open: folder }), "in use by this process")
    await other.kill()
    assert.include(await elsewhere.tell({ open: folder }), `in use by process ${process.pid}`)
    await thread.tell("write")
    await thread.kill()
    assert.strictEqual(await elsewhere.tell({ open: folder }), "held")
    assert.strictEqual(await elsewhere.tell("count"), "1")
  })

  it("is one, by whatever path the folder is reached", async () => {
    cpSync(empty, folder, { recursive: true })
    symlinkSync("data", join(base, "link"))
    symlinkSync(base, join(base, "around"))
    const holder = await aProcess()
    assert.strictEqual(await holder.tell({ open: join(base, "link") }), "held")
    const data = join(base, "other")
    mkdirSync(data)
    symlinkSync(join(folder, "postgres"), join(data, "postgres"))
    for (const path of [folder, join(base, "around/around/link"), data])
      assert.include(await (await aProcess()).tell({ open: path }), `in use by process ${holder.pid}`, path)
    // The same thread knows by itself.
    assert.include(await holder.tell({ open: folder }), "in use by this process")
  })

  it("is nobody where the lock file is something else", async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, "turnout.lock"), "This is a note, and no lock.\n")
    const message = await (await aProcess()).tell({ open: folder })
    assert.match(
      message,
      /turnout\.lock is not the lock file that Turnout makes: remove it once nothing uses the folder/
    )
    assert.deepStrictEqual(
      [existsSync(join(folder, "postgres")), existsSync(join(folder, "turnout.pid"))],
      [false, false]
    )
    rmSync(join(folder, "turnout.lock"))
    mkdirSync(join(folder, "turnout.lock"))
    assert.match(await (await aProcess()).tell({ open: folder }), /turnout\.lock cannot be written to/)
  })

  it.skipIf(!FolderHolders.hasNamespaces)("is one among containers that share it", async () => {
    cpSync(empty, folder, { recursive: true })
    const [first, second, outside] = [await aContainer(), await aContainer(), await aProcess()]
    for (let events = 0; events < 2; events++) {
      const [holder, other] = events % 2 === 0 ? [first, second] : [await aContainer(), await aContainer()]
      assert.strictEqual(await holder.tell({ open: folder }), "held")
      assert.strictEqual(readFileSync(join(folder, "turnout.pid"), "utf8").split("\n")[0], "1")
      for (const refused of [other, outside])
        assert.match(await refused.tell({ open: folder }), /in use by another container or machine \(/)
      await holder.tell("write")
      assert.strictEqual(await holder.tell("count"), String(events + 1))
      await holder.kill()
    }
    assert.strictEqual(await second.tell({ open: folder }), "held")
    assert.strictEqual(await second.tell("count"), "2")
  })
})

describe(`starts at the same moment, ${ROUNDS} rounds`, { timeout: ROUNDS * ROUND_MILLIS }, () => {
  const kinds: ReadonlyArray<readonly [who: string, kind: () => Promise<FolderHolders.Holder>, count: number]> = [
    ["eight processes", aProcess, 8],
    ["two containers", aContainer, 2]
  ]
  for (const [who, kind, count] of kinds)
    for (const [what, content] of [
      ["a stale file", NOBODY],
      ["an empty file", ""]
    ] as const)
      it.skipIf(kind === aContainer && !FolderHolders.hasNamespaces)(
        `${who} on ${what}: one holds the folder`,
        async () => {
          const holders = await Promise.all(Array.from({ length: count }, kind))
          for (let round = 1; round <= ROUNDS; round++) {
            folder = join(base, `round-${round}`)
            mkdirSync(folder)
            for (const name of ["turnout.pid", ...(content === "" ? ["turnout.lock"] : [])])
              writeFileSync(join(folder, name), content)
            const answers = await Promise.all(holders.map((holder) => holder.tell({ open: folder })))
            const held = holders.filter((_, index) => answers[index] === "held")
            assert.lengthOf(held, 1, `round ${round}: ${answers.join("\n")}`)
            const others = answers.filter((answer) => answer !== "held" && !answer.includes("in use by "))
            assert.deepStrictEqual(others, [], `round ${round}`)
            await held[0]!.tell("write")
            await Promise.all(holders.map((holder) => holder.tell("close")))
            rmSync(folder, { recursive: true })
          }
        }
      )
})
