/**
 * A data folder that cannot be made or used: why is told, soon, and what to do.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

/** Setting up an embedded Postgres alone takes longer where the machine is busy; what is told at once has not begun that. */
const SOON_MILLIS = 40_000

interface Unusable {
  readonly what: string
  /** Makes what is in the way. */
  readonly make?: (at: string) => void
  readonly data: string
  readonly says: RegExp
}

const UNUSABLE: ReadonlyArray<Unusable> = [
  { what: "a file", data: "people.csv", says: /people\.csv is not a folder/ },
  { what: "a folder in a file", data: "people.csv/data/more", says: /people\.csv is not a folder/ },
  {
    what: "a link to nowhere",
    make: (at) => symlinkSync("nowhere", join(at, "link")),
    data: "link",
    says: /the symbolic links of \S*link lead nowhere/
  },
  {
    what: "a folder behind a link to nowhere",
    make: (at) => symlinkSync("nowhere", join(at, "link")),
    data: "link/data",
    says: /the symbolic links of \S*link lead nowhere/
  },
  {
    what: "links in a circle",
    make: (at) => symlinkSync("circle", join(at, "circle")),
    data: "circle",
    says: /the symbolic links of \S*circle lead nowhere/
  },
  { what: "a name that is too long", data: "x".repeat(300), says: /a name in its path is too long/ },
  { what: "a path that is too long", data: "x/".repeat(3_000), says: /a name in its path is too long/ },
  { what: "a device", data: "/dev/null", says: /\/dev\/null is not a folder/ },
  {
    what: "a folder whose postgres is a link to nowhere",
    make: (at) => {
      mkdirSync(join(at, "data"))
      symlinkSync("nowhere", join(at, "data/postgres"))
    },
    data: "data",
    says: /the symbolic links of \S*postgres lead nowhere/
  }
]

const IN_PROC: ReadonlyArray<Unusable> = ["/proc/x", "/proc/x/y", "/proc/self/x"].map((data) => ({
  what: data,
  data,
  says: /nothing can be made in \/proc/
}))

const REFUSED =
  /^error: The store failed: the data folder \S* cannot be used: .*; use another folder, or a Postgres server\n$/

const can = (program: string, ...args: ReadonlyArray<string>) => spawnSync(program, [...args, "true"]).status === 0
/** File systems of one's own, and files that even root may not read. */
const canMount = can("unshare", "-r", "-m")
const WITHOUT_RIGHTS = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
const canGiveUpRights = process.getuid?.() !== 0 || can(WITHOUT_RIGHTS[0]!, ...WITHOUT_RIGHTS.slice(1))

describe("turnout, a data folder that cannot be used", { timeout: 120_000 }, () => {
  for (const { data, make = () => {}, says, what } of [...UNUSABLE, ...(existsSync("/proc/self") ? IN_PROC : [])])
    it.concurrent(`exit code 1, soon, and why: ${what}`, async () => {
      await using turnout = await CommandLine.embedded()
      turnout.write("people.csv", "email\n")
      make(turnout.folder)
      const { code, millis, stderr, stdout } = await turnout.run("events", "list", "--data", data)
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.match(stderr, REFUSED)
      assert.match(stderr, says)
      assert.isBelow(millis, SOON_MILLIS)
      const inJson = await turnout.json("events", "list", "--data", data)
      assert.deepStrictEqual([inJson.code, inJson.document.error._tag], [1, "Unexpected"])
      assert.strictEqual(inJson.stderr, `error: ${inJson.document.error.message}\n`)
    })

  /** Runs a command in a mount namespace, where `where` is a file system of its own. */
  const mounted = async (options: string, before: string) => {
    await using turnout = await CommandLine.embedded()
    mkdirSync(join(turnout.folder, "where"))
    return await turnout.shell(
      `unshare -r -m bash -c 'mount -t tmpfs -o size=1m none where && ${before} && mount -o remount,${options} where && ` +
        `exec ${process.execPath} ${CommandLine.COMMAND} events list --data where/data'`
    )
  }

  it.skipIf(!canMount)("a file system that takes no writes", async () => {
    const none = await mounted("ro", "true")
    assert.match(none.stderr, REFUSED)
    assert.match(none.stderr, /where\/data is on a file system that takes no writes/)
    const there = await mounted("ro", "mkdir -p where/data/postgres")
    assert.match(there.stderr, /where\/data is on a file system that takes no writes/)
    assert.deepStrictEqual([none.code, there.code], [1, 1])
  })

  it.skipIf(!canMount)("a file system that is full", async () => {
    const { code, stderr } = await mounted("rw", "true")
    assert.strictEqual(code, 1)
    assert.match(stderr, REFUSED)
    assert.match(stderr, /there is no space left for \S*where\/data\/postgres/)
  })

  it.skipIf(!canGiveUpRights)("no permission", async () => {
    await using turnout = await CommandLine.embedded()
    for (const [folder, mode] of [
      ["closed", 0o000],
      ["readable", 0o555]
    ] as const) {
      const path = join(turnout.folder, folder)
      mkdirSync(path)
      mkdirSync(join(path, "postgres"))
      if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534)
      chmodSync(path, mode)
      const command = `${process.execPath} ${CommandLine.COMMAND} events list --data`
      const line = process.getuid?.() === 0 ? `${WITHOUT_RIGHTS.join(" ")} ${command}` : command
      for (const data of [folder, `${folder}/new`]) {
        const { code, stderr } = await turnout.shell(`${line} ${data}`)
        assert.strictEqual(code, 1)
        assert.match(stderr, REFUSED)
        assert.match(stderr, new RegExp(`there is no permission for \\S*${folder}`))
      }
      chmodSync(path, 0o755)
    }
  })

  it.concurrent("what is in it is no database that can be started", async () => {
    await using turnout = await CommandLine.embedded()
    mkdirSync(join(turnout.folder, "turnout-data/postgres"), { recursive: true })
    turnout.write("turnout-data/postgres/PG_VERSION", "9\n")
    const { code, stderr } = await turnout.run("events", "list")
    assert.strictEqual(code, 1)
    assert.match(stderr, REFUSED)
    assert.match(
      stderr,
      /the embedded Postgres does not start in it \(.*\); it may be damaged, or made by another version/
    )
    // It has let go of the folder.
    assert.isFalse(existsSync(join(turnout.folder, "turnout-data/turnout.pid")))
  })
})
