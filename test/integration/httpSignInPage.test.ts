/**
 * The page that sign-in links lead to: what its policy allows, and its script, which is run here against a server, with the parts of a
 * document that it uses.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { hash } from "node:crypto"
import { runInNewContext } from "node:vm"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as Mailbox from "../support/Mailbox.ts"

const BASE_PATH = "/turnout"

const make = Effect.fnUntraced(function* (withMailer = true) {
  const { linkTo, mailer, mails } = yield* Mailbox.make
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => HttpWorld.start({ basePath: BASE_PATH, ...(withMailer ? { mailer } : {}) })),
    (server) => Effect.promise(() => server[Symbol.asyncDispose]())
  )
  const url = `${server.address}${BASE_PATH}/sign-in`
  const page = yield* Effect.promise(async () => {
    const response = await fetch(url)
    return { headers: response.headers, status: response.status, text: await response.text() }
  })
  return { linkTo, mails, page, server, url }
})

const between = (text: string, open: RegExp, close: string): string => {
  const begin = open.exec(text)!
  const start = begin.index + begin[0].length
  return text.slice(start, text.indexOf(close, start))
}

const scriptOf = (html: string): string => between(html, /<script[^>]*>/, "</script>")

interface Element {
  hidden: boolean
  textContent: string
  value: string
  readonly button: { disabled: boolean }
  readonly submit: () => Promise<void>
}

/** A browser that has the page open: a cookie jar, the address, and the parts of the document. */
const browserAt = (html: string, page: string, fragment: string, jar: { cookie: string | undefined }) => {
  const location = { ...parsed(page), hash: fragment === "" ? "" : `#${fragment}` }
  const requests: Array<string> = []
  const elements = new Map<string, Element>()
  const element = (id: string) => {
    const listeners: Array<(event: object) => Promise<void>> = []
    const button = { disabled: false }
    const made = {
      hidden: true,
      textContent: "",
      value: "",
      button,
      querySelector: () => button,
      addEventListener: (_name: string, listener: (event: object) => Promise<void>) => void listeners.push(listener),
      submit: async () => {
        for (const listener of listeners) await listener({ preventDefault: () => {} })
      }
    }
    elements.set(id, made)
    return made
  }
  for (const id of ["say", "confirm", "ask", "address"]) element(id)
  const send = async (path: string, options: RequestInit) => {
    const target = new URL(path, page)
    requests.push(`${options.method!} ${target.pathname}`)
    const sent = { ...(options.headers as object), origin: target.origin }
    const response = await fetch(target, {
      ...options,
      headers: jar.cookie === undefined ? sent : { ...sent, cookie: jar.cookie }
    })
    const [pair, ...attributes] = response.headers.get("set-cookie")?.split("; ") ?? []
    if (pair !== undefined) jar.cookie = attributes.includes("Max-Age=0") ? undefined : pair
    return response
  }
  runInNewContext(scriptOf(html), {
    document: { getElementById: (id: string) => elements.get(id) },
    location,
    history: { replaceState: () => void (location.hash = "") },
    addEventListener: () => {},
    fetch: send
  })
  return {
    at: (id: string) => elements.get(id)!,
    said: () => elements.get("say")!.textContent,
    shown: () => ["confirm", "ask"].filter((id) => !elements.get(id)!.hidden),
    location,
    requests
  }
}

const parsed = (page: string) => ({ pathname: new URL(page).pathname })

describe("the page that takes a sign-in link", () => {
  it.live("runs its own script and style and nothing else, and is shown in no frame", () =>
    Effect.gen(function* () {
      const { page } = yield* make()
      assert.strictEqual(page.status, 200)
      assert.match(page.headers.get("content-type")!, /^text\/html/)
      const policy = page.headers.get("content-security-policy")!
      const digest = (text: string) => `'sha256-${hash("sha256", text, "base64")}'`
      const expected = [
        "default-src 'none'",
        `script-src ${digest(scriptOf(page.text))}`,
        `style-src ${digest(between(page.text, /<style>/, "</style>"))}`,
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'"
      ]
      assert.deepStrictEqual(policy.split("; "), expected)
      assert.lengthOf(page.text.match(/<script|<style|<link|<img|<iframe/g)!, 2)
      assert.notMatch(page.text, / on[a-z]+=| style=/)
      assert.strictEqual(page.headers.get("referrer-policy"), "no-referrer")
      assert.strictEqual(page.headers.get("x-content-type-options"), "nosniff")
    }).pipe(Effect.scoped)
  )

  it.live("mails a link, uses it up by the button and not before, and signs the browser in", () =>
    Effect.gen(function* () {
      const { linkTo, mails, page, server, url } = yield* make()
      const jar = { cookie: undefined as string | undefined }
      const asking = browserAt(page.text, url, "", jar)
      assert.deepStrictEqual(asking.shown(), ["ask"])
      asking.at("address").value = "ada@example.com"
      yield* Effect.promise(() => asking.at("ask").submit())
      assert.match(asking.said(), /Look into your mail/)
      const link = yield* linkTo("ada@example.com")
      assert.include((yield* mails.all)[0]!.text, `\n${url}#${link}\n`)

      const opened = browserAt(page.text, url, link, jar)
      assert.deepStrictEqual([opened.shown(), opened.requests], [["confirm"], []])
      yield* Effect.promise(() => opened.at("confirm").submit())
      assert.match(opened.said(), /You are signed in/)
      assert.deepStrictEqual(opened.requests, [`POST ${BASE_PATH}/sign-in/redeem`])
      assert.strictEqual(opened.location.hash, "")
      const me = yield* Effect.promise(async () =>
        (await fetch(`${server.address}${BASE_PATH}/me`, { headers: { cookie: jar.cookie! } })).json()
      )
      assert.deepInclude(me, { addresses: ["ada@example.com"] })

      // Whoever opens the link again is told so, and may have another.
      const again = browserAt(page.text, url, link, { cookie: undefined })
      yield* Effect.promise(() => again.at("confirm").submit())
      assert.match(again.said(), /used already, or is too old/)
      assert.deepStrictEqual(again.shown(), ["ask"])
      assert.isFalse(again.at("confirm").button.disabled)
    }).pipe(Effect.scoped)
  )

  it.live("signs in a browser whose session has ended, at the first press of the button", () =>
    Effect.gen(function* () {
      const { linkTo, page, url } = yield* make()
      const asking = browserAt(page.text, url, "", { cookie: undefined })
      asking.at("address").value = "ada@example.com"
      yield* Effect.promise(() => asking.at("ask").submit())
      const jar = { cookie: `__Host-turnout=ts_${"0".repeat(32)}_${"A".repeat(43)}` as string | undefined }
      const opened = browserAt(page.text, url, yield* linkTo("ada@example.com"), jar)
      yield* Effect.promise(() => opened.at("confirm").submit())
      assert.match(opened.said(), /You are signed in/)
      assert.lengthOf(opened.requests, 2)
      assert.match(jar.cookie!, /^__Host-turnout=ts_(?!0000)/)
    }).pipe(Effect.scoped)
  )

  it.live("says what is wrong: an address that is none, a server without mail, and one that is away", () =>
    Effect.gen(function* () {
      const { page, url } = yield* make()
      const asking = browserAt(page.text, url, "", { cookie: undefined })
      asking.at("address").value = "ada"
      yield* Effect.promise(() => asking.at("ask").submit())
      assert.match(asking.said(), /not an e-mail address/)
      assert.deepStrictEqual(asking.shown(), ["ask"])

      const without = yield* make(false)
      const there = browserAt(without.page.text, without.url, "", { cookie: undefined })
      there.at("address").value = "ada@example.com"
      yield* Effect.promise(() => there.at("ask").submit())
      assert.match(there.said(), /sends no mail/)

      const away = browserAt(page.text, "http://127.0.0.1:1/sign-in", "tm_", { cookie: undefined })
      yield* Effect.promise(() => away.at("confirm").submit())
      assert.match(away.said(), /cannot be reached/)
      assert.deepStrictEqual(away.shown(), ["confirm"])
    }).pipe(Effect.scoped)
  )
})
