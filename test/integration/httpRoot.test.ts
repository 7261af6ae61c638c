/**
 * The page at the root: it names the product, and leads to everything that the server has.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Server from "@turnout/http/Server"
import { VERSION } from "@turnout/http/internal/document/Info"
import * as MediaTypes from "@turnout/http/internal/requests/MediaTypes"
import { Effect, Layer, Logger, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { TOKEN } from "../support/AdminClient.ts"

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))

const withServer = (basePath: string, work: (root: string) => Promise<void>) =>
  HttpServer.HttpServer.use(({ address }) =>
    Effect.promise(() => work(`${HttpServer.formatAddress(address)}${basePath}/`))
  ).pipe(
    Effect.provide(
      Server.layer({ port: 0, basePath, adminToken: Redacted.make(TOKEN) }).pipe(Layer.provideMerge(services))
    ),
    Effect.provide(Logger.layer([]))
  )

interface Root {
  readonly name: string
  readonly version: string
  readonly links: Readonly<Record<string, string>>
}

const ask = async (url: string, accept: string) => {
  const response = await fetch(url, { headers: { accept } })
  return { response, text: await response.text() }
}

describe("the page at the root", () => {
  it.live.each(["", "/turnout"])("leads to what there is, under the base path %j too", (basePath) =>
    withServer(basePath, async (root) => {
      const html = await ask(root, "text/html,application/xhtml+xml,*/*;q=0.8")
      assert.strictEqual(html.response.status, 200)
      assert.strictEqual(html.response.headers.get("content-type"), "text/html; charset=utf-8")
      assert.strictEqual(html.response.headers.get("vary"), "accept, accept-encoding")
      assert.match(html.text, /<html lang="en">[^]*<main>[^]*<h1>Turnout<\/h1>/)
      assert.include(html.text, VERSION)
      assert.notMatch(html.text, /<script|\sstyle=|\son\w+=|https?:/)

      const json = await ask(root, "application/json")
      const { links, name, version } = JSON.parse(json.text) as Root
      assert.deepStrictEqual([name, version], ["Turnout", VERSION])
      assert.notStrictEqual(json.response.headers.get("etag"), html.response.headers.get("etag"))

      const hrefs = Array.from(html.text.matchAll(/href="([^"]+)"/g), ([, href]) => href!)
      assert.sameMembers(hrefs, Object.values(links))
      assert.includeMembers(hrefs, ["docs", "openapi.json", "health/ready", "health/live", "admin/docs"])
      for (const href of hrefs) assert.isTrue((await fetch(new URL(href, root))).ok, href)
    })
  )

  it.live("is found without the slash of the base path", () =>
    withServer("/turnout", async (root) => {
      const without = root.slice(0, -1)
      const redirected = await fetch(without, { redirect: "manual" })
      assert.deepStrictEqual([redirected.status, redirected.headers.get("location")], [308, "/turnout/"])
      assert.strictEqual((await fetch(without)).status, 200)
    })
  )

  it.each([
    [undefined, false],
    ["*/*", false],
    ["text/html", false],
    ["application/json", true],
    ["application/*", true],
    ["text/html;q=0.5, application/json", true],
    ["text/html, application/json;q=0.9", false],
    ["text/*;q=0.3, */*;q=0.8", true],
    ["application/json;q=nonsense", false],
    ["APPLICATION/JSON;charset=utf-8;q=1", true],
    ["", false]
  ] as const)("is JSON for Accept: %s: %s", (accept, expected) => {
    assert.strictEqual(MediaTypes.prefers(accept, "application/json", "text/html"), expected)
  })
})
