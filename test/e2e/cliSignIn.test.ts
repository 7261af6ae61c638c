/**
 * Signing in by mail at `turnout serve`: mails that are printed, mails that a mail server takes, and none.
 */
import { Effect, Exit, Scope } from "effect"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as SmtpServer from "../support/SmtpServer.ts"

const post = async (url: string, body: unknown) => {
  const headers = { "content-type": "application/json" }
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })
  const text = await response.text()
  const read = (text === "" ? {} : JSON.parse(text)) as { readonly code?: string; readonly text?: string }
  return { status: response.status, body: read }
}

const addressesOf = async (url: string, token: string) => {
  const response = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })
  return ((await response.json()) as { readonly addresses: ReadonlyArray<string> }).addresses
}

describe("turnout serve, signing in", { timeout: 120_000 }, () => {
  it.concurrent("prints mails on the terminal of an embedded database, apart from its result", async () => {
    await using turnout = await CommandLine.embedded()
    const { printed, url } = await turnout.serve()
    assert.include(printed.stdout, `  Sign in   ${url}/sign-in (mails are printed here)\n`)
    assert.strictEqual((await post(`${url}/sign-in`, { address: "ada@example.com" })).status, 202)
    await CommandLine.until(() => printed.stderr.includes("#tm_"), "the mail")
    assert.include(printed.stderr, "\n  To: ada@example.com\n")
    assert.notInclude(printed.stdout, "tm_")
    const link = printed.stderr.split(`\n  ${url}/sign-in#`)[1]!.split("\n")[0]!
    const { body } = await post(`${url}/sign-in/redeem`, { link })
    assert.deepStrictEqual(await addressesOf(url, body.text!), ["ada@example.com"])
  })

  it.concurrent("mails links to the public URL by SMTP, the last of them before it ends", async () => {
    const scope = await Effect.runPromise(Scope.make())
    const smtp = await Effect.runPromise(Scope.provide(SmtpServer.make(), scope))
    await using turnout = await CommandLine.onPostgres()
    const { stop, url } = await turnout.serve(
      "--smtp",
      `smtp://127.0.0.1:${smtp.port}`,
      "--mail-from",
      "Tickets <tickets@example.com>",
      "--public-url",
      "https://tickets.example.com",
      "--base-path",
      "/turnout"
    )
    assert.strictEqual((await post(`${url}/turnout/sign-in`, { address: "ada@example.com" })).status, 202)
    assert.strictEqual((await stop("SIGTERM")).code, 0)
    await CommandLine.until(() => smtp.mails.length > 0, "the mail")
    const [{ from, parsed, to } = assert.fail()] = smtp.mails
    assert.deepStrictEqual([from, to], ["tickets@example.com", ["ada@example.com"]])
    assert.match(parsed.text!, /\nhttps:\/\/tickets\.example\.com\/turnout\/sign-in#tm_[0-9a-f]{32}_[\w-]{43}\n/)
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })

  it.concurrent("lets nobody sign in by mail on a server without a mail server", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { printed, url } = await turnout.serve()
    assert.notInclude(printed.stdout, "Sign in")
    const reply = await post(`${url}/sign-in`, { address: "ada@example.com" })
    assert.deepStrictEqual([reply.status, reply.body.code], [404, "sign_in_disabled"])
  })
})
