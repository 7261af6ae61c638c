/**
 * What operators decide leaves the same entries in the audit log, whether they decide it over HTTP or on the command line.
 */
import { assert, describe, it } from "vitest"
import { request, TOKEN } from "../support/AdminClient.ts"
import * as CommandLine from "../support/CommandLine.ts"
import * as ParkedStream from "../support/ParkedStream.ts"

const BEFORE = "2020-01-01T00:00:00.000Z"
const WEBHOOK = "https://example.com/hook"

/** Every decision, as one way of making them carries it out. */
interface Way {
  readonly retry: () => Promise<unknown>
  readonly retryAll: () => Promise<unknown>
  readonly skip: () => Promise<unknown>
  readonly discard: () => Promise<unknown>
  readonly startReplay: () => Promise<string>
  readonly cancelReplay: (id: string) => Promise<unknown>
  readonly rebuild: () => Promise<unknown>
  readonly addWebhook: () => Promise<string>
  readonly disableWebhook: (id: string) => Promise<unknown>
  readonly removeWebhook: (id: string) => Promise<unknown>
  readonly addOrganization: () => Promise<string>
  readonly renameOrganization: () => Promise<unknown>
  readonly makeKey: (organizationId: string) => Promise<string>
  readonly replaceKey: (id: string) => Promise<string>
  readonly revokeKey: (id: string) => Promise<unknown>
  readonly forget: () => Promise<unknown>
  readonly prune: () => Promise<unknown>
}

const onCommandLine = (turnout: CommandLine.CommandLine, stream: string): Way => {
  const run = async (...args: ReadonlyArray<string>) => {
    const { code, document, stderr } = await turnout.json(...args, "--as", "operator")
    assert.strictEqual(code, 0, `${args.join(" ")}: ${stderr}`)
    // oxlint-disable-next-line typescript/no-explicit-any -- documents of all kinds
    return document as any
  }
  const parked = (what: string, ...args: ReadonlyArray<string>) =>
    run("outbox", "parked", what, "--sink", "mail", ...args)
  return {
    retry: () => parked("retry", stream),
    retryAll: () => parked("retry", "--all"),
    skip: () => parked("skip", stream),
    discard: () => parked("discard", stream),
    startReplay: async () =>
      (await run("outbox", "replay", "--sink", "mail", "--stream", stream, "--no-wait")).replay.id,
    cancelReplay: (id) => run("outbox", "replay", "cancel", id),
    rebuild: () => run("sales", "rebuild", stream),
    addWebhook: async () => (await run("webhooks", "add", WEBHOOK)).webhook.id,
    disableWebhook: (id) => run("webhooks", "disable", id),
    removeWebhook: (id) => run("webhooks", "remove", id),
    addOrganization: async () => (await run("organizations", "add", "music", "--name", "Music")).organization.id,
    renameOrganization: () => run("organizations", "update", "music", "--slug", "choir"),
    makeKey: async () =>
      (await run("keys", "create", "--name", "Door", "--role", "checkin", "--organization", "choir")).key.id,
    replaceKey: async (id) => (await run("keys", "rotate", id, "--overlap", "60000")).key.id,
    revokeKey: (id) => run("keys", "revoke", id),
    forget: () => run("outbox", "forget", "--sink", "mail"),
    prune: () => run("outbox", "prune", "--before", BEFORE)
  }
}

const overHttp = (url: string, stream: string): Way => {
  const ask = async (method: string, path: string, body?: unknown) => {
    const reply = await request(url, method, path, { body })
    assert.include([200, 201, 202, 204], reply.status, `${method} ${path}: ${JSON.stringify(reply.body)}`)
    return reply.body
  }
  const blocked = (what: string, body?: unknown) => ask("POST", `/admin/sinks/mail/blocked/${stream}/${what}`, body)
  return {
    retry: () => blocked("retry"),
    retryAll: () => ask("POST", "/admin/sinks/mail/blocked/retry"),
    skip: () => blocked("skip", { version: 2 }),
    discard: () => blocked("discard"),
    startReplay: async () => (await ask("POST", "/admin/replays", { sink: "mail", stream })).id,
    cancelReplay: (id) => ask("POST", `/admin/replays/${id}/cancel`),
    rebuild: () => ask("POST", `/admin/sales/${stream}/rebuild`),
    addWebhook: async () => (await ask("POST", "/admin/webhooks", { url: WEBHOOK })).webhook.id,
    disableWebhook: (id) => ask("POST", `/admin/webhooks/${id}/disable`),
    removeWebhook: (id) => ask("DELETE", `/admin/webhooks/${id}`),
    addOrganization: async () => (await ask("POST", "/admin/organizations", { slug: "music", name: "Music" })).id,
    renameOrganization: () => ask("PATCH", "/admin/organizations/music", { slug: "choir" }),
    makeKey: async (organizationId) =>
      (await ask("POST", "/admin/keys", { name: "Door", role: "checkin", organizationId })).key.id,
    replaceKey: async (id) => (await ask("POST", `/admin/keys/${id}/replace`, { overlapMillis: 60_000 })).key.id,
    revokeKey: (id) => ask("POST", `/admin/keys/${id}/revoke`),
    forget: () => ask("DELETE", "/admin/sinks/mail"),
    prune: () => ask("POST", "/admin/outbox/prune", { before: BEFORE })
  }
}

/** The actions and details of the audit log after every decision, with the names of ids that are drawn for them. */
const decideAll = async (turnout: CommandLine.CommandLine, way: Way) => {
  await way.retryAll()
  await way.retry()
  await way.skip()
  await way.discard()
  const replay = await way.startReplay()
  await way.cancelReplay(replay)
  await way.rebuild()
  const webhook = await way.addWebhook()
  await way.disableWebhook(webhook)
  await way.removeWebhook(webhook)
  const organization = await way.addOrganization()
  await way.renameOrganization()
  const key = await way.makeKey(organization)
  const nextKey = await way.replaceKey(key)
  await way.revokeKey(nextKey)
  await way.forget()
  await CommandLine.sql(turnout.database!, "UPDATE turnout.journal SET occurred_at = '2019-01-01Z'")
  await way.prune()
  const entries = await CommandLine.sql(
    turnout.database!,
    "SELECT action, details::text AS details FROM turnout.audit_log ORDER BY id"
  )
  const named = Object.entries({ replay, webhook, organization, key, nextKey })
  return (entries as ReadonlyArray<{ readonly action: string; readonly details: string }>).map(
    ({ action, details }) =>
      [action, JSON.parse(named.reduce((text, [name, id]) => text.replaceAll(id, `the ${name}`), details))] as const
  )
}

describe("the audit log", { timeout: 180_000 }, () => {
  it("has the same entries of the same decisions over HTTP and on the command line", async () => {
    await using one = await CommandLine.onPostgres()
    await using other = await CommandLine.onPostgres()
    const stream = await ParkedStream.make(one)
    assert.strictEqual(await ParkedStream.make(other), stream)
    const server = await other.serve("--admin-token", TOKEN, "--no-relay")
    const [ofCommands, ofRequests] = await Promise.all([
      decideAll(one, onCommandLine(one, stream)),
      decideAll(other, overHttp(server.url, stream))
    ])
    assert.deepStrictEqual(ofRequests, ofCommands)
    assert.deepStrictEqual(
      ofCommands.find(([action]) => action === "sales.rebuild"),
      ["sales.rebuild", { event: stream }]
    )
    for (const action of [
      "outbox.skip",
      "outbox.replay",
      "webhooks.create",
      "keys.replace",
      "outbox.forget",
      "outbox.prune"
    ])
      assert.isTrue(
        ofCommands.some(([done]) => done === action),
        action
      )
  })
})
