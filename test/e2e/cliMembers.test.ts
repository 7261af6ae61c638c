/**
 * `turnout members`: adding, listing, changing and removing members, and what is refused.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const PATIENCE = { timeout: 180_000 }

interface Shown {
  readonly member: { readonly id: string; readonly role: string; readonly subject: unknown }
}
const memberIn = ({ document }: { readonly document: unknown }) => (document as Shown).member

const IDENTITY = "https://id.example.com#248289761001"
const IN_MUSIC = ["--organization", "music"]

describe("turnout members", () => {
  it.concurrent("are added, listed, changed and removed by who they are", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    await turnout.run("organizations", "add", "music", "--name", "Music society")
    const ada = memberIn(
      await turnout.json("members", "add", "Ada@Example.com", ...IN_MUSIC, "--role", "owner", "--as", "grace")
    )
    assert.deepInclude(ada, { role: "owner", subject: { address: "ada@example.com" } })
    const door = memberIn(await turnout.json("members", "add", IDENTITY, ...IN_MUSIC, "--role", "checkin"))
    assert.deepStrictEqual(door.subject, { issuer: "https://id.example.com", subject: "248289761001" })

    const first = await turnout.json("members", "list", ...IN_MUSIC, "--limit", "1")
    assert.deepStrictEqual([...first.document.items] as ReadonlyArray<unknown>, [ada])
    const rest = await turnout.json("members", "list", ...IN_MUSIC, "--cursor", first.document.nextCursor!)
    assert.deepStrictEqual([rest.document.items, rest.document.nextCursor] as ReadonlyArray<unknown>, [[door], null])
    const printed = await turnout.run("members", "list", ...IN_MUSIC)
    assert.match(printed.stdout, /mailto:ada@example\.com +owner/)
    assert.include(printed.stdout, IDENTITY)
    const elsewhere = await turnout.run("members", "list", "--organization", "default")
    assert.include(elsewhere.stdout, "turnout members add")

    const changed = memberIn(await turnout.json("members", "change", IDENTITY, ...IN_MUSIC, "--role", "viewer"))
    assert.deepInclude(changed, { id: door.id, role: "viewer" })
    const removed = memberIn(await turnout.json("members", "remove", IDENTITY, ...IN_MUSIC))
    assert.deepStrictEqual(removed, changed)
    assert.lengthOf((await turnout.json("members", "list", ...IN_MUSIC)).document.items, 1)
    const { document } = await turnout.json("audit", "list", "--limit", "10")
    assert.deepStrictEqual(
      (document.items as unknown as ReadonlyArray<{ who: string; action: string }>)
        .filter(({ action }) => action.startsWith("members."))
        .map(({ action, who }) => [action, who === "grace"]),
      [
        ["members.remove", false],
        ["members.change", false],
        ["members.add", false],
        ["members.add", true]
      ]
    )
  })

  it.concurrent("are refused with the command that helps", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    await turnout.run("organizations", "add", "music", "--name", "Music society")
    await turnout.run("members", "add", "ada@example.com", ...IN_MUSIC, "--role", "owner")
    for (const [args, message] of [
      [["add", "mailto:ADA@example.com", ...IN_MUSIC, "--role", "viewer"], '"turnout members change"'],
      [["change", "ada@example.com", ...IN_MUSIC, "--role", "viewer"], "is the last owner"],
      [["remove", "ada@example.com", ...IN_MUSIC], '"turnout members add"'],
      [["remove", "grace@example.com", ...IN_MUSIC], 'has no member mailto:grace@example.com. "turnout members list'],
      [["change", IDENTITY, ...IN_MUSIC, "--role", "viewer"], `has no member ${IDENTITY}.`],
      [["list", "--organization", "theatre"], '"turnout organizations list" lists them.']
    ] as const) {
      const { code, stderr, stdout } = await turnout.run("members", ...args)
      assert.deepStrictEqual([code, stdout], [1, ""], args.join(" "))
      assert.include(stderr, message)
    }
    const failed = await turnout.run("members", "add", "ada@example.com", ...IN_MUSIC, "--role", "viewer", "--json")
    assert.include(failed.stdout, '"_tag":"MemberExists"')
    for (const [args, message] of [
      [["add", "nobody", ...IN_MUSIC, "--role", "viewer"], "must be an e-mail address, or the issuer"],
      [["add", "x@example.com", ...IN_MUSIC, "--role", "operator"], "--role"],
      [["add", "x@example.com", ...IN_MUSIC], "--role"],
      [["add", "x@example.com", "--role", "viewer"], "--organization"],
      [["list", "--organization", "Not A Name"], "--organization"]
    ] as const) {
      const { code, stderr } = await turnout.run("members", ...args)
      assert.strictEqual(code, 2, args.join(" "))
      assert.include(stderr, message)
    }
    assert.lengthOf((await turnout.json("members", "list", ...IN_MUSIC)).document.items, 1)
  })
})
