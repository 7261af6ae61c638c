/**
 * The pages of the server in a real browser: each loads without a violation of its policy, which allows no inline style or script that is
 * not named, and no code that is made of text.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Browser from "../support/Browser.ts"
import * as Http from "../support/HttpServerFixture.ts"

/** Text that a page shows once it is rendered. */
const PAGES = [
  ["/", "Live-event registration"],
  ["/docs", "Create an event, as a draft"],
  ["/admin/docs", "Add an organization"],
  ["/sign-in", "Enter your e-mail address"]
] as const

const policyOf = (url: string) =>
  Effect.promise(async () => (await fetch(url)).headers.get("content-security-policy") ?? "")

describe("the pages of the server, in a browser", { timeout: 120_000 }, () => {
  it.live("keep to their policies, and are styled all the same", () =>
    Effect.gen(function* () {
      const { url } = yield* Http.TestServer
      const context = yield* Browser.context
      for (const [path, shown] of PAGES) {
        const policy = yield* policyOf(url + path)
        assert.match(policy, /^default-src 'none'; /, path)
        assert.notMatch(policy, /unsafe|\*|https?:/, path)
        yield* Effect.promise(async () => {
          const { complaints, page } = await Browser.open(context, url + path)
          await page.getByText(shown).first().waitFor()
          // What it loads after that is a part of the page as well.
          await page.waitForLoadState("networkidle")
          assert.deepStrictEqual(complaints, [], path)
          if (!path.endsWith("/docs")) return
          const count = "document.adoptedStyleSheets.reduce((sum, one) => sum + one.cssRules.length, 0)"
          assert.isAbove(Number(await page.evaluate(count)), 1_000)
          // The list of operations stands beside the text, and not above it.
          const list = page.locator(".t-doc__sidebar").first()
          assert.isBelow(await list.evaluate((one) => one.getBoundingClientRect().width), 500)
          await page.close()
        })
      }
    }).pipe(Effect.scoped, Effect.provide(Http.layer()))
  )
})
