/**
 * `turnout audit`: who did what, in pages, as CSV and as JSON lines.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

interface Entry {
  readonly id: string
  readonly who: string
  readonly action: string
  readonly resource: string | null
  readonly credential: string | null
}

const entriesOf = ({ items }: CommandLine.Document) => items as unknown as ReadonlyArray<Entry>

describe("turnout audit", { timeout: 180_000 }, () => {
  it.concurrent(
    "lists what the command line has decided and what happened to events, and writes it to files",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const added = await turnout.json("organizations", "add", "music", "--name", "Music society", "--as", "ada")
      const { id } = (added.document as unknown as { readonly organization: { readonly id: string } }).organization
      await turnout.run(
        "members",
        "add",
        "grace@example.com",
        "--organization",
        "music",
        "--role",
        "owner",
        "--as",
        "ada"
      )
      const words = ["--title", "Gala", "--organizer", "Ada", "--capacity", "5", "--time-zone", "UTC"]
      const times = ["--starts-at", "2040-05-01", "--ends-at", "2040-05-02"]
      const created = await turnout.json(
        "events",
        "create",
        ...words,
        ...times,
        "--organization",
        "music",
        "--as",
        "ada"
      )
      assert.strictEqual(created.code, 0, created.stderr)
      const event = (created.document as unknown as { readonly event: { readonly id: string } }).event.id

      const { document } = await turnout.json("audit", "list", "--organization", "music")
      assert.deepStrictEqual(
        entriesOf(document).map(({ action, credential, who }) => [who, action, credential]),
        [
          ["ada", "EventCreated", null],
          ["ada", "members.add", "cli"],
          ["ada", "organizations.create", "cli"]
        ]
      )
      const find = async (...options: ReadonlyArray<string>) =>
        entriesOf((await turnout.json("audit", "list", ...options)).document).map(({ action }) => action)
      assert.deepStrictEqual(await find("--resource", `event:${event}`), ["EventCreated"])
      assert.deepStrictEqual(await find("--principal", "ada", "--action", "members.add"), ["members.add"])
      assert.deepStrictEqual(await find("--until", "2020-01-01"), [])
      assert.deepStrictEqual(await find("--resource", `organization:${id}`, "--from", "2020-01-01"), [
        "organizations.create"
      ])
      const printed = await turnout.run("audit", "list", "--organization", "music", "--limit", "1")
      assert.match(
        printed.stdout,
        /ada +EventCreated +event:\S+ +done[^]*next page: turnout .*audit list .*--cursor \S+/
      )
      assert.strictEqual((await turnout.run("audit", "list", "--principal", "nobody")).stdout, "Nothing.\n")

      const lines = await turnout.json(
        "audit",
        "export",
        "--format",
        "jsonl",
        "--output",
        "audit.jsonl",
        "--organization",
        "music"
      )
      assert.deepInclude(lines.document as unknown, { file: "audit.jsonl", format: "jsonl", rows: 3 })
      const written = readFileSync(join(turnout.folder, "audit.jsonl"), "utf8")
      assert.deepStrictEqual(
        written
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
        [...document.items]
      )
      const csv = await turnout.run("audit", "export", "--organization", "music")
      assert.match(csv.stdout, /^\uFEFF?at,who,action,resource,/)
      assert.lengthOf(csv.stdout.trimEnd().split("\n"), 4)
      const unknown = await turnout.json("audit", "list", "--organization", "nowhere")
      assert.deepStrictEqual([unknown.code, unknown.document.error._tag], [1, "OrganizationNotFound"])
      const contradicting = await turnout.run("audit", "list", "--from", "2030-01-01", "--until", "2029-01-01")
      assert.deepStrictEqual([contradicting.code, contradicting.stderr.includes("--until")], [2, true])
    }
  )
})
