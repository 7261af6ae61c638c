/**
 * The page that sign-in links lead to, in a real browser: what its policy allows, and the way of somebody who signs in.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { hash } from "node:crypto"
import type { Page } from "playwright-core"
import * as Browser from "../support/Browser.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as Mailbox from "../support/Mailbox.ts"

const BASE_PATH = "/turnout"
const ADA = "ada@example.com"

/** A server, and a browser that nobody has used. */
const make = Effect.fnUntraced(function* (withMailer = true) {
  const { linkTo, mailer, mails } = yield* Mailbox.make
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => HttpWorld.start({ basePath: BASE_PATH, ...(withMailer ? { mailer } : {}) })),
    (server) => Effect.promise(() => server[Symbol.asyncDispose]())
  )
  const context = yield* Browser.context
  const url = `${server.address}${BASE_PATH}/sign-in`
  const open = (fragment = "") =>
    Effect.promise(() => Browser.open(context, fragment === "" ? url : `${url}#${fragment}`))
  return { context, linkTo, mails, open, url }
})

/** Waits until the page says this. */
const says = (page: Page, words: RegExp) =>
  Effect.promise(() => page.locator("#say").filter({ hasText: words }).waitFor({ timeout: 10_000 }))

/** Asks for a link. */
const ask = (page: Page, address: string) =>
  Effect.promise(async () => {
    await page.fill("#address", address)
    await page.click("#ask button")
  })

const confirm = (page: Page) => Effect.promise(() => page.click("#confirm button"))

/** The forms that can be seen. */
const shown = (page: Page) =>
  Effect.promise(async () => {
    const forms = ["confirm", "ask"]
    const visible = await Promise.all(forms.map((id) => page.locator(`#${id}`).isVisible()))
    return forms.filter((_, index) => visible[index])
  })

const between = (text: string, open: RegExp, close: string): string => {
  const begin = open.exec(text)!
  const start = begin.index + begin[0].length
  return text.slice(start, text.indexOf(close, start))
}

describe("the page that takes a sign-in link", { timeout: 120_000 }, () => {
  it.live("runs its own script and style and nothing else, and is shown in no frame", () =>
    Effect.gen(function* () {
      const { open, url } = yield* make()
      const { headers, status, text } = yield* Effect.promise(async () => {
        const response = await fetch(url)
        return { headers: response.headers, status: response.status, text: await response.text() }
      })
      assert.strictEqual(status, 200)
      assert.match(headers.get("content-type")!, /^text\/html/)
      const digest = (part: string) => `'sha256-${hash("sha256", part, "base64")}'`
      assert.deepStrictEqual(headers.get("content-security-policy")!.split("; "), [
        "default-src 'none'",
        `script-src ${digest(between(text, /<script[^>]*>/, "</script>"))}`,
        `style-src ${digest(between(text, /<style>/, "</style>"))}`,
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'"
      ])
      assert.strictEqual(headers.get("referrer-policy"), "no-referrer")
      assert.strictEqual(headers.get("x-content-type-options"), "nosniff")

      const { complaints, page } = yield* open()
      yield* says(page, /Enter your e-mail address/)
      assert.deepStrictEqual(complaints, [])
      // What somebody else has put into the page does not run.
      const script = `const script = document.createElement("script")
        script.textContent = "document.title = 'taken over'"
        document.body.append(script)`
      yield* Effect.promise(() => page.evaluate(script))
      assert.strictEqual(yield* Effect.promise(() => page.title()), "Sign in")
      assert.match(complaints.join(), /Content Security Policy/)
    }).pipe(Effect.scoped)
  )

  it.live("mails a link, uses it up by the button and not before, and signs the browser in", () =>
    Effect.gen(function* () {
      const { context, linkTo, mails, open, url } = yield* make()
      const asking = yield* open()
      assert.deepStrictEqual(yield* shown(asking.page), ["ask"])
      yield* ask(asking.page, ADA)
      yield* says(asking.page, /Look into your mail/)
      const link = yield* linkTo(ADA)
      assert.include((yield* mails.all)[0]!.text, `\n${url}#${link}\n`)

      // Somebody who opens the page and leaves it has used nothing up.
      const left = yield* open(link)
      assert.deepStrictEqual(yield* shown(left.page), ["confirm"])
      const { complaints, page } = yield* open(link)
      yield* confirm(page)
      yield* says(page, /You are signed in/)
      assert.strictEqual(new URL(page.url()).hash, "")
      assert.deepStrictEqual(complaints, [])
      const [cookie] = yield* Effect.promise(() => context.cookies())
      assert.deepInclude(cookie, { name: "__Host-turnout", httpOnly: true, secure: true, sameSite: "Lax", path: "/" })
      const me = yield* Effect.promise(() => page.evaluate(async () => (await fetch("me")).json() as Promise<object>))
      assert.deepInclude(me, { kind: "user", addresses: [ADA] })

      // Whoever opens the link again is told so, and may have another.
      const again = yield* open(link)
      yield* confirm(again.page)
      yield* says(again.page, /used already, or is too old/)
      assert.deepStrictEqual(yield* shown(again.page), ["ask"])
      assert.isTrue(yield* Effect.promise(() => again.page.locator("#ask button").isEnabled()))
    }).pipe(Effect.scoped)
  )

  it.live("signs in a browser whose session has ended, at the first press of the button", () =>
    Effect.gen(function* () {
      const { context, linkTo, open } = yield* make()
      const asking = yield* open()
      yield* ask(asking.page, ADA)
      const link = yield* linkTo(ADA)
      const ended = `__Host-turnout=ts_${"0".repeat(32)}_${"A".repeat(43)}; Secure; Path=/`
      yield* Effect.promise(() => asking.page.evaluate(`document.cookie = ${JSON.stringify(ended)}`))
      assert.lengthOf(yield* Effect.promise(() => context.cookies()), 1)
      const { page } = yield* open(link)
      yield* confirm(page)
      yield* says(page, /You are signed in/)
      const cookies = yield* Effect.promise(() => context.cookies())
      assert.deepStrictEqual(
        cookies.map(({ value }) => value.startsWith("ts_0000")),
        [false]
      )
    }).pipe(Effect.scoped)
  )

  it.live("says what is wrong: an address that is none, a server without mail, and one that is away", () =>
    Effect.gen(function* () {
      const { context, open } = yield* make()
      const { page } = yield* open()
      // What the browser refuses by itself, the server refuses as well.
      yield* Effect.promise(() => page.evaluate("document.getElementById('ask').noValidate = true"))
      yield* ask(page, "ada")
      yield* says(page, /not an e-mail address/)
      assert.deepStrictEqual(yield* shown(page), ["ask"])
      yield* Effect.promise(() => context.setOffline(true))
      yield* ask(page, ADA)
      yield* says(page, /cannot be reached/)
      assert.deepStrictEqual(yield* shown(page), ["ask"])

      const without = yield* make(false)
      const there = yield* without.open()
      yield* ask(there.page, ADA)
      yield* says(there.page, /sends no mail/)
    }).pipe(Effect.scoped)
  )
})
