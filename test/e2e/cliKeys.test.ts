/**
 * `turnout keys`: making, listing, replacing and revoking API keys, and what such a key opens of a server.
 */
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const PATIENCE = { timeout: 180_000 }

interface Made {
  readonly text: string
  readonly key: { readonly id: string; readonly role: string; readonly organizationId: string | null }
}
const madeIn = ({ document }: { readonly document: unknown }) => document as Made

describe("turnout keys", () => {
  it.concurrent("are shown once, listed without secrets, replaced and revoked", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const printed = await turnout.run("keys", "create", "--name", "operations", "--role", "operator", "--as", "ada")
    const [, text = ""] = /Authorization: Bearer (\S+)/.exec(printed.stdout) ?? []
    assert.match(text, /^tk_[0-9a-f]{32}_[\w-]{43}$/)
    assert.include(printed.stdout, "Keep it: it is not shown again.")

    const door = ["--name", "Door", "--role", "checkin", "--organization", "default", "--expires-at", "2099-01-01"]
    const made = madeIn(await turnout.json("keys", "create", ...door))
    assert.deepInclude(made.key, { role: "checkin", organizationId: DEFAULT_ORGANIZATION })
    const listed = await turnout.run("keys", "list", "--json")
    assert.notInclude(listed.stdout, text.slice(-43))
    assert.notInclude(listed.stdout, made.text.slice(-43))
    const ids = async (...options: ReadonlyArray<string>) =>
      (await turnout.json("keys", "list", ...options)).document.items.map((item) => item.id)
    assert.deepStrictEqual(await ids(), [text.slice(3, 35), made.key.id])
    assert.deepStrictEqual(await ids("--organization", "default"), [made.key.id])

    const next = madeIn(await turnout.json("keys", "rotate", made.key.id, "--overlap", "1000"))
    assert.deepInclude(next.key, { role: "checkin", organizationId: DEFAULT_ORGANIZATION })
    const again = await turnout.run("keys", "rotate", made.key.id)
    assert.strictEqual(again.code, 1)
    assert.include(again.stderr, `API key ${made.key.id} is being replaced by ${next.key.id}`)
    const revoked = await turnout.run("keys", "revoke", next.key.id)
    assert.match(revoked.stdout, /revoked \d{4}-/)
    const unknown = await turnout.run("keys", "revoke", "f".repeat(32))
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, '"turnout keys list" lists them.')
  })

  it.concurrent("are refused with the option that is wrong", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    for (const [args, message] of [
      [["--name", "x", "--role", "operator", "--organization", "default"], "--organization must be absent"],
      [["--name", "x", "--role", "viewer"], "--organization must be there for the role viewer"],
      [["--name", " ", "--role", "operator"], "must not be empty"],
      [["--name", "x", "--role", "king"], "--role"],
      [["--name", "x"], "--role"]
    ] as const) {
      const { code, stderr } = await turnout.run("keys", "create", ...args)
      assert.strictEqual(code, 2, args.join(" "))
      assert.include(stderr, message)
    }
    assert.lengthOf((await turnout.json("keys", "list")).document.items, 0)
  })

  it.concurrent("open the API for operators of a server, until they are revoked", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const { key, text } = madeIn(await turnout.json("keys", "create", "--name", "operations", "--role", "operator"))
    const server = await turnout.serve("--admin-token", "0123456789abcdef")
    const status = async () => {
      const headers = { authorization: `Bearer ${text}` }
      return (await fetch(`${server.url}/admin/outbox`, { headers })).status
    }
    assert.strictEqual(await status(), 200)
    await turnout.run("keys", "revoke", key.id)
    const revokedAt = Date.now()
    while ((await status()) === 200 && Date.now() < revokedAt + 20_000)
      await new Promise((resolve) => setTimeout(resolve, 250))
    assert.strictEqual(await status(), 401)
    assert.isBelow(Date.now() - revokedAt, 13_000)
    const { items } = (await turnout.json("keys", "list")).document
    assert.isNotNull((items[0] as unknown as { readonly lastUsedAt: string | null }).lastUsedAt)
    assert.strictEqual((await server.stop("SIGTERM")).code, 0)
  })
})
