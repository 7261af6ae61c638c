import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import { blocksOf, PAGES, READMES, ROOT, textOf } from "../support/Docs.ts"

const run = promisify(execFile)

describe("a README", () => {
  it.each(READMES.flatMap((page) => blocksOf(page, "ts").map((code, index) => [page, index + 1, code] as const)))(
    "%s has an example %i that runs as it is",
    async (_page, index, code) => {
      // Within the checkout, so that packages are found; started in a temp folder, where its data may be.
      const file = join(ROOT, "examples", `.readme-${process.pid}-${index}-${randomUUID()}.ts`)
      const folder = mkdtempSync(join(tmpdir(), "turnout-test-"))
      try {
        writeFileSync(file, code)
        const { stdout } = await run(process.execPath, ["--conditions=@turnout/source", file], { cwd: folder })
        // The example says in comments what it prints.
        const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)\n/g)].map(([, printed]) => `${printed}\n`)
        assert.isNotEmpty(expected)
        assert.strictEqual(stdout, expected.join(""))
      } finally {
        rmSync(file, { force: true })
        rmSync(folder, { recursive: true, force: true })
      }
    }
  )

  it(
    "of the repository has commands that work when they are pasted, and pasted again",
    { timeout: 120_000 },
    async () => {
      const [install, requests, ...others] = blocksOf("README.md", "sh")
      const commands = others.find((block) => block.includes("npx turnout"))
      assert.strictEqual(install, "npm install\nnpm start\n")
      // `npm start` is `turnout serve`; this one is on a port of its own, and on a server, which starts faster.
      await using turnout = await CommandLine.onPostgres()
      const server = await turnout.serve()
      const pasted = requests!.replaceAll("http://127.0.0.1:3000", server.url)

      const first = await turnout.shell(`set -e\n${pasted}`)
      const second = await turnout.shell(`set -e\n${pasted}`)
      await server.stop("SIGTERM")
      const command = `${process.execPath} ${CommandLine.COMMAND} --database ${turnout.database}`
      const looked = await turnout.shell(`set -e\n${commands!.replaceAll("npx turnout", command)}`)

      assert.deepStrictEqual([first.code, second.code, looked.code], [0, 0, 0], first.stderr + looked.stderr)
      assert.match(first.stdout, /"state":"confirmed".*"state":"waitlisted".*"waitlistPosition":1/s)
      assert.strictEqual(second.stdout, first.stdout.replaceAll(/,"link":"[^"]+"/g, ""))
      assert.match(looked.stdout, /Usage: turnout.*journal_marks.*"title":"A talk"/s)
    }
  )
})

/** What the answers of the walk are told apart by. */
interface Told {
  readonly code?: string
  readonly state?: string
  readonly status?: string
  readonly kind?: string
  readonly ended?: number
  readonly items?: ReadonlyArray<{ readonly action?: string; readonly isCurrent?: boolean }>
}

describe("the guide to access", () => {
  it("has a walk that works when it is pasted", { timeout: 120_000 }, async () => {
    const [serve, ...blocks] = blocksOf("docs/guides/access.md", "sh")
    assert.match(serve!, /^npx turnout serve --no-open\n$/)
    await using turnout = await CommandLine.onPostgres()
    const server = await turnout.serve("--no-open", "--print-mail")
    const command = `${process.execPath} ${CommandLine.COMMAND} --database ${turnout.database}`
    // Somebody who pastes it looks for the link in what the server prints.
    const pasted = blocks
      .join("")
      .replaceAll("http://127.0.0.1:3000", server.url)
      .replaceAll("npx turnout", command)
      .replace("LINK=tm_…", "while [ ! -s link ]; do sleep 0.1; done\nLINK=$(cat link)")
    const walking = turnout.shell(`set -e\n${pasted}`)
    await CommandLine.until(() => server.printed.stderr.includes("/sign-in#tm_"), "the mail")
    turnout.write("link", /#(tm_\S+)/.exec(server.printed.stderr)![1]!)
    const { code, stderr, stdout } = await walking
    await server.stop("SIGTERM")
    assert.strictEqual(code, 0, stderr)
    const answers = stdout.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"))
    const told = answers.map((line) => {
      const { code: problem, ended, items, kind, state, status } = JSON.parse(line) as Told
      return problem ?? state ?? status ?? kind ?? ended ?? items?.map(({ action, isCurrent }) => action ?? isCurrent)
    })
    const [audit] = told.splice(-1)
    assert.deepStrictEqual(told, [
      "draft",
      "event_not_found",
      "published",
      "cancelled",
      "confirmed",
      "registration_not_found",
      "attended",
      "forbidden",
      "event_not_found",
      "user",
      [],
      [true],
      1
    ])
    assert.lengthOf(audit as ReadonlyArray<string>, 5)
  })
})

describe("the pages", () => {
  const pages = PAGES.filter((page) => !READMES.includes(page))
  it.each(pages.flatMap((page) => blocksOf(page, "ts").map((code) => [page, code] as const)))(
    "%s has an example that loads as it is",
    async (_page, code) => {
      const file = join(ROOT, "examples", `.guide-${process.pid}-${Math.random().toString(36).slice(2)}.ts`)
      try {
        writeFileSync(file, code)
        const { stderr } = await run(process.execPath, ["--conditions=@turnout/source", file])
        assert.strictEqual(stderr, "")
      } finally {
        rmSync(file, { force: true })
      }
    }
  )

  it.each(PAGES)("%s links to what is there", (page) => {
    for (const [, target = ""] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path = "", anchor] = target.split("#")
      const file = path === "" ? join(ROOT, page) : resolve(ROOT, dirname(page), path)
      assert.isTrue(existsSync(file), `${page} links to ${target}`)
      if (anchor !== undefined) assert.include(anchorsOf(file.slice(ROOT.length)), anchor, `${page} links to ${target}`)
    }
  })

  it("are all reached from the map, or from the README", () => {
    const reached = new Set<string>()
    const walk = (page: string) => {
      if (reached.has(page)) return
      reached.add(page)
      for (const [, target = ""] of textOf(page).matchAll(/\]\(([^)\s#]+)/g)) {
        const linked = join(dirname(page), target)
        if (PAGES.includes(linked)) walk(linked)
      }
    }
    walk("README.md")
    const unreached = PAGES.filter(
      (page) => !reached.has(page) && !READMES.includes(page) && !page.startsWith("docs/adr/")
    )
    assert.deepStrictEqual(unreached, [])
  })
})

const anchorsOf = (page: string): ReadonlyArray<string> =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-")
  )
