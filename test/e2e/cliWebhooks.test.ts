/**
 * `turnout webhooks`, and posting to them with `turnout serve`; `turnout sales`; the API for operators of `turnout serve`.
 */
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Webhook as Verifier } from "standardwebhooks"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

interface Documents {
  readonly webhook: Record<string, unknown> & { readonly id: string }
  readonly secret: string
  readonly items: ReadonlyArray<Record<string, unknown>>
  readonly rebuilt: number
  readonly error: { readonly _tag: string; readonly message: string }
}

const json = async (turnout: CommandLine.CommandLine, ...args: ReadonlyArray<string>) => {
  const { code, document } = await turnout.json(...args)
  return { code, document: document as unknown as Documents & Record<string, unknown> }
}

const event = async (turnout: CommandLine.CommandLine, people: number) => {
  const emails = CommandLine.upTo(people).map((n) => `person-${n}@example.com\n`)
  const file = turnout.write("people.csv", `email\n${emails.join("")}`)
  return (await turnout.json("import", file, "--title", "Party", "--capacity", "2")).document.eventId
}

describe("turnout webhooks", { timeout: 180_000 }, () => {
  it.concurrent("adds one that turnout serve posts to, and shows what was posted", async () => {
    await using turnout = await CommandLine.onPostgres()
    const requests: Array<{ body: string; headers: Record<string, string> }> = []
    const endpoint = createServer((incoming, response) => {
      let body = ""
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()))
      incoming.on("end", () => {
        requests.push({ body, headers: incoming.headers as Record<string, string> })
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve))
    try {
      const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`
      const added = await json(
        turnout,
        "webhooks",
        "add",
        url,
        "--allow-private-webhooks",
        "--type",
        "AttendeeRegistered",
        "--as",
        "ada"
      )
      assert.strictEqual(added.code, 0)
      const { secret, webhook } = added.document
      const server = await turnout.serve("--allow-private-webhooks")
      await event(turnout, 2)
      await CommandLine.until(() => requests.length === 2, "the requests")
      for (const { body, headers } of requests) new Verifier(secret).verify(body, headers)
      const attempts = async () => (await json(turnout, "webhooks", "attempts", webhook.id)).document.items
      while ((await attempts()).length < 2) await new Promise((resolve) => setTimeout(resolve, 50))
      assert.deepInclude((await attempts())[0], { status: 204, error: null, type: "AttendeeRegistered" })
      assert.match((await turnout.run("webhooks", "attempts", webhook.id)).stdout, /delivered +204/)
      const tested = await turnout.run("webhooks", "test", webhook.id, "--allow-private-webhooks")
      assert.strictEqual(tested.code, 0)
      assert.match(tested.stdout, /^HTTP 204 from http:.* after \d+ ms\n[^]*would count the message as delivered\.\n$/)
      const message = new Verifier(secret).verify(requests.at(-1)!.body, requests.at(-1)!.headers) as { type: string }
      assert.deepStrictEqual([requests.length, message.type], [3, "turnout.test"])
      await server.stop("SIGTERM")
    } finally {
      endpoint.closeAllConnections()
      endpoint.close()
    }
  })

  it.concurrent("shows, changes, rotates, disables, enables and removes them", async () => {
    await using turnout = await CommandLine.onPostgres()
    assert.include((await turnout.run("webhooks", "list")).stdout, "There are no webhooks")
    const added = await turnout.run("webhooks", "add", "https://example.com/a", "--description", "the shop")
    assert.match(added.stdout, /Requests are signed with whsec_/)
    const { document } = await json(turnout, "webhooks", "list")
    const id = document.items[0]!["id"] as string
    const changed = await json(
      turnout,
      "webhooks",
      "update",
      id,
      "--url",
      "https://example.com/b",
      "--type",
      "EventCreated"
    )
    assert.deepInclude(changed.document.webhook, {
      url: "https://example.com/b",
      types: ["EventCreated"],
      description: "the shop"
    })
    assert.isNull((await json(turnout, "webhooks", "update", id, "--all-types")).document.webhook["types"])
    const rotated = await turnout.run("webhooks", "rotate", id, "--overlap", "60000")
    assert.match(rotated.stdout, /signed with replaced secrets as well, .*:\n {2}20\S+Z\n$/)
    assert.match((await turnout.run("webhooks", "rotate", id)).stdout, /:\n {2}20\S+Z\n {2}20\S+Z\n$/)
    assert.match((await turnout.run("webhooks", "show", id)).stdout, /:\n {2}20\S+Z\n {2}20\S+Z\n/)
    assert.include((await turnout.run("webhooks", "disable", id, "--as", "grace")).stdout, "disabled: by grace")
    assert.include((await turnout.run("webhooks", "enable", id)).stdout, "enabled")
    const later = "clock_timestamp() + interval '1 hour'"
    await CommandLine.sql(turnout.database!, `UPDATE turnout.webhooks SET left_alone_until = ${later}`)
    assert.match((await turnout.run("webhooks", "list")).stdout, /left alone until 20\S+Z/)
    await CommandLine.sql(turnout.database!, "UPDATE turnout.webhooks SET failing_since = clock_timestamp()")
    assert.match((await turnout.run("webhooks", "show", id)).stdout, /failing since 20\S+Z, left alone until 20\S+Z/)
    assert.notInclude((await turnout.run("webhooks", "enable", id)).stdout, "left alone")
    assert.include((await turnout.run("webhooks", "show", id)).stdout, `webhook:${id}`)
    assert.strictEqual((await turnout.run("webhooks", "remove", id)).code, 0)
    const gone = await json(turnout, "webhooks", "show", id)
    assert.deepStrictEqual([gone.code, gone.document.error._tag], [1, "WebhookNotFound"])
    const wrong = await json(turnout, "webhooks", "add", "example.com")
    assert.deepStrictEqual([wrong.code, wrong.document.error._tag], [2, "WrongUsage"])
    assert.strictEqual((await turnout.run("webhooks", "add", "https://example.com", "--type", "Nothing")).code, 2)
    const audit = await json(turnout, "audit", "list")
    assert.deepStrictEqual(
      audit.document.items.map(({ action }) => action),
      [
        "outbox.forget",
        "webhooks.remove",
        "webhooks.enable",
        "webhooks.enable",
        "webhooks.disable",
        "webhooks.rotate",
        "webhooks.rotate",
        "webhooks.update",
        "webhooks.update",
        "webhooks.create"
      ]
    )
  })
})

describe("turnout webhooks of an organization", { timeout: 180_000 }, () => {
  it.concurrent("are added for it, listed by it, and bounded, and are never private", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("organizations", "add", "music", "--name", "Music society")
    const add = (url: string, ...args: ReadonlyArray<string>) => json(turnout, "webhooks", "add", url, ...args)
    const inMusic = ["--organization", "music"]
    const { code, document } = await add("https://example.com/music", ...inMusic)
    assert.strictEqual(code, 0)
    const { id, organizationId } = document.webhook
    const music = (await json(turnout, "organizations", "show", "music")).document["organization"] as { id: string }
    assert.strictEqual(organizationId, music.id)
    const { webhook: all } = (await add("https://example.com/all")).document
    assert.isNull(all["organizationId"])
    const ids = async (...args: ReadonlyArray<string>) =>
      (await json(turnout, "webhooks", "list", ...args)).document.items.map((item) => item["id"])
    assert.deepStrictEqual(await ids(), [id, all.id])
    assert.deepStrictEqual(await ids(...inMusic), [id])
    assert.deepStrictEqual(await ids("--organization", music.id), [id])
    assert.deepStrictEqual(await ids("--organization", "default"), [])
    assert.include((await turnout.run("webhooks", "show", id)).stdout, music.id)

    for (const url of ["http://example.com/", "https://127.0.0.1/"]) {
      const refused = await add(url, ...inMusic, "--allow-private-webhooks")
      assert.deepStrictEqual([refused.code, refused.document.error._tag], [2, "WrongUsage"], url)
      assert.match(refused.document.error.message, /must (begin with https|not lead to)/)
      const changed = await json(turnout, "webhooks", "update", id, "--url", url, "--allow-private-webhooks")
      assert.notStrictEqual(changed.code, 0, url)
    }
    const nowhere = await turnout.run("webhooks", "add", "https://example.com/", "--organization", "theatre")
    assert.strictEqual(nowhere.code, 1)
    assert.include(nowhere.stderr, '"turnout organizations list" lists them.')

    await CommandLine.sql(
      turnout.database!,
      `INSERT INTO turnout.webhooks (id, url, description, secret, organization_id)
       SELECT gen_random_uuid(), url, description, secret, organization_id FROM turnout.webhooks, generate_series(1, 19)
       WHERE organization_id IS NOT NULL`
    )
    const more = await add("https://example.com/more", ...inMusic)
    assert.deepStrictEqual([more.code, more.document.error._tag], [1, "TooManyWebhooks"])
    assert.include(more.document.error.message, `"turnout webhooks list --organization ${music.id}" lists them.`)
  })
})

describe("turnout sales", { timeout: 180_000 }, () => {
  it.concurrent("is kept up to date by turnout serve --sales, and made anew from the journal", async () => {
    await using turnout = await CommandLine.onPostgres()
    const id = await event(turnout, 3)
    assert.include((await turnout.run("sales", "list")).stdout, "Nothing has been counted yet")
    const missing = await json(turnout, "sales", "show", id)
    assert.include(missing.document.error.message, `turnout sales rebuild ${id}`)
    const server = await turnout.serve("--sales")
    const counted = async () => (await json(turnout, "sales", "show", id)).document
    while ((await counted())["version"] !== 5) await new Promise((resolve) => setTimeout(resolve, 50))
    await server.stop("SIGTERM")
    const before = await counted()
    assert.deepInclude(before, { title: "Party", capacity: 2, promotions: 0, cancellations: 0 })
    assert.isNumber(before["millisToSellOut"])
    await CommandLine.sql(turnout.database!, "UPDATE turnout.projections SET state = '{}', version = 99")
    const rebuilt = await json(turnout, "sales", "rebuild", "--as", "ada")
    assert.deepInclude(rebuilt.document, { rebuilt: 1, pruned: [] })
    assert.deepStrictEqual(await counted(), before)
    assert.match((await turnout.run("sales", "list")).stdout, /Party +2 +2 +1 /)
    const audit = await json(turnout, "audit", "list", "--limit", "1")
    assert.deepInclude(audit.document.items[0], {
      action: "sales.rebuild",
      who: "ada",
      resource: `event:${id}`,
      organizationId: DEFAULT_ORGANIZATION
    })
    await CommandLine.sql(turnout.database!, "DELETE FROM turnout.journal WHERE version = 1")
    const pruned = await turnout.run("sales", "rebuild", id)
    assert.deepStrictEqual([pruned.code, pruned.stdout.includes("has been pruned")], [1, true])
    const unknown = await json(turnout, "sales", "rebuild", "00000000-0000-4000-8000-000000000000")
    assert.strictEqual(unknown.document.error._tag, "EventNotFound")
  })
})

describe("turnout serve", { timeout: 180_000 }, () => {
  it.concurrent("has an API for operators, which the token opens", async () => {
    await using turnout = await CommandLine.onPostgres()
    const short = await turnout.run("serve", "--port", "0", "--admin-token", "short")
    assert.deepStrictEqual([short.code, short.stderr.includes("at least 16 characters")], [2, true])
    const token = "0123456789abcdef"
    const server = await turnout.serve("--admin-token", token)
    const status = await fetch(`${server.url}/admin/outbox`, { headers: { authorization: `Bearer ${token}` } })
    assert.deepStrictEqual(
      [status.status, Object.keys((await status.json()) as object)],
      [200, ["at", "written", "sinks"]]
    )
    assert.strictEqual((await fetch(`${server.url}/admin/outbox`)).status, 401)
    await server.stop("SIGTERM")
  })
})
