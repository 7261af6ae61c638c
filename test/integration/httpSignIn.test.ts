/**
 * Signing in by mail over HTTP, with mails that a real SMTP server takes: the whole way, links that are replayed, too old, guessed or
 * stolen, and that neither the answer nor its time tells whether an address is known. Checks A1 of the invariants.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Memory from "@turnout/adapters/memory"
import * as SmtpMailer from "@turnout/adapters/mail/smtp"
import { parse, textOf } from "@turnout/core/access/domain/credentials/Credential"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { LINK_MILLIS, MAX_LINKS } from "@turnout/core/access/domain/signIn/SignInLink"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import * as Database from "turnout/database"
import { Effect, Layer, Redacted } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { request } from "../support/AdminClient.ts"

import { until } from "../support/HttpServerFixture.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import { linkIn } from "../support/Mailbox.ts"
import * as SettableClock from "../support/SettableClock.ts"
import * as SignedIn from "../support/SignedIn.ts"
import * as SmtpServer from "../support/SmtpServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** What a test has: a server that mails by SMTP, and the clock that it goes by. */
const worldOn = Effect.fnUntraced(function* (ground: HttpWorld.Ground) {
  const smtp = yield* SmtpServer.make()
  const mailer = yield* SmtpMailer.make({
    url: Redacted.make(`smtp://127.0.0.1:${smtp.port}`),
    from: "Tickets <tickets@example.com>"
  })
  const { clock, set } = yield* SettableClock.make
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => HttpWorld.start({ mailer, basePath: "/turnout" }, { clock, ...ground })),
    (server) => Effect.promise(() => server[Symbol.asyncDispose]())
  )
  const address = `${server.address}/turnout`
  const post = (path: string, body: unknown, token: string | null = null) =>
    Effect.promise(() => request(address, "POST", path, { token, body }))
  const mailsTo = (to: string) => smtp.mails.filter((mail) => mail.to.includes(to))
  /** The latest mail to an address, once this many have come. */
  const mailTo = Effect.fnUntraced(function* (to: string, count = 1) {
    yield* until(() => mailsTo(to).length >= count)
    return mailsTo(to).at(-1)!
  })
  /** Asks for a link, and takes it from the mail. */
  const linkTo = Effect.fnUntraced(function* (to: string) {
    const before = mailsTo(to).length
    assert.strictEqual((yield* post("/sign-in", { address: to })).status, 202)
    return linkIn((yield* mailTo(to, before + 1)).parsed.text!)
  })
  const get = (path: string, token: string | null) => Effect.promise(() => request(address, "GET", path, { token }))
  return { address, get, linkTo, mailsTo, mailTo, post, run: server.run, set, smtp }
})

const world = worldOn({})

const onPostgres = Effect.flatMap(TestDatabase.make, (database) =>
  worldOn({ stores: Layer.orDie(Database.layer({ database })) as typeof Memory.layer })
)

const somebody = () => `${randomUUID()}@example.com`

const median = (numbers: ReadonlyArray<number>): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

/**
 * By how many milliseconds the times of one group are longer than those of another, which were taken by turns: the median of the
 * differences. The noise is four standard errors of that median, as the spread of the differences tells them, and half a millisecond at least.
 */
const compared = (one: ReadonlyArray<number>, other: ReadonlyArray<number>) => {
  const differences = one.map((time, n) => time - other[n]!)
  const apart = median(differences)
  const spread = 1.4826 * median(differences.map((difference) => Math.abs(difference - apart)))
  const standardError = (1.2533 * spread) / Math.sqrt(differences.length)
  return { apart, noise: Math.max(0.5, 4 * standardError) }
}

describe("signing in by mail", { timeout: 60_000 }, () => {
  it.live("goes from an address over a mail to a session that opens the service", () =>
    Effect.gen(function* () {
      const { address, get, mailTo, post, run } = yield* world
      const asked = yield* post("/sign-in", { address: "Ada@Example.com" })
      assert.deepStrictEqual([asked.status, asked.body], [202, ""])
      const { from, parsed } = yield* mailTo("ada@example.com")
      assert.strictEqual(from, "tickets@example.com")
      assert.include(parsed.subject!, new URL(address).host)
      assert.include(parsed.text!, `${address}/sign-in#tm_`)
      const link = linkIn(parsed.text!)

      const signedIn = yield* post("/sign-in/redeem", { link })
      assert.strictEqual(signedIn.status, 200)
      assert.strictEqual(signedIn.headers.get("cache-control"), "private, no-store")
      assert.isNull(signedIn.headers.get("set-cookie"))
      const { session, text } = signedIn.body as { session: { id: string; address: string }; text: string }
      assert.deepInclude(parse(text), { kind: "session", id: session.id })
      assert.strictEqual(session.address, "127.0.0.1")
      const me = yield* get("/me", text)
      assert.deepInclude(me.body, { kind: "user", addresses: ["ada@example.com"] })

      // Neither log has the secret of the link or of the session.
      const entries = yield* Effect.promise(() => run(AuditLog.use((log) => log.list({ after: null, limit: 100 }))))
      const written = JSON.stringify(entries)
      assert.include(written, session.id)
      for (const secret of [link, text]) assert.notInclude(written, parse(secret)!.secret)
    }).pipe(Effect.scoped)
  )

  it.live("uses a link up: of many who send it at once, one has a session", () =>
    Effect.gen(function* () {
      const { linkTo, post } = yield* onPostgres
      const link = yield* linkTo(somebody())
      const replies = yield* Effect.all(
        Array.from({ length: 20 }, () => post("/sign-in/redeem", { link })),
        { concurrency: 20 }
      )
      assert.lengthOf(
        replies.filter(({ status }) => status === 200),
        1
      )
      for (const { body, status } of [...replies, yield* post("/sign-in/redeem", { link })])
        if (status !== 200) assert.deepStrictEqual([status, body.code], [410, "link_refused"])
    }).pipe(Effect.scoped)
  )

  it.live("refuses links that are too old, guessed, of another kind, or none, in the same words", () =>
    Effect.gen(function* () {
      const { get, linkTo, post, run, set } = yield* world
      const address = somebody()
      const link = yield* linkTo(address)
      const { id, kind, secret } = parse(link)!
      const session = yield* Effect.promise(() => run(SignedIn.by(address)))
      const guessed = textOf(kind, id, randomBytes(32).toString("base64url"))
      const unknown = textOf(kind, "0".repeat(32), secret)
      const asSession = textOf("session", id, secret)
      const refused: Array<unknown> = []
      for (const wrong of [guessed, unknown, asSession, session.text, `${link}x`, "tm_", "", "\u0000"])
        refused.push((yield* post("/sign-in/redeem", { link: wrong })).body)
      // The text of a link is no credential itself.
      assert.strictEqual((yield* get("/me", link)).status, 401)
      set(LINK_MILLIS)
      refused.push((yield* post("/sign-in/redeem", { link })).body)
      for (const body of refused) assert.deepStrictEqual(body, refused[0])
      assert.deepInclude(refused[0] as object, { status: 410, code: "link_refused" })
    }).pipe(Effect.scoped)
  )

  it.live("lets a link be stolen for as long as it was not used, and a session be ended by its owner then", () =>
    Effect.gen(function* () {
      const { address, get, linkTo, post, set } = yield* world
      const to = somebody()
      const stolen = yield* linkTo(to)
      const thief = (yield* post("/sign-in/redeem", { link: stolen })).body as { text: string }
      // The owner finds the link used, has another one mailed, sees the session of the thief, and ends it.
      assert.strictEqual((yield* post("/sign-in/redeem", { link: stolen })).body.code, "link_refused")
      const owner = (yield* post("/sign-in/redeem", { link: yield* linkTo(to) })).body as { text: string }
      const { body } = yield* get("/sessions", owner.text)
      const others = (body.items as ReadonlyArray<{ id: string; isCurrent: boolean }>).filter((one) => !one.isCurrent)
      assert.deepStrictEqual(
        others.map(({ id }) => id),
        [parse(thief.text)!.id]
      )
      const ended = yield* Effect.promise(() =>
        request(address, "DELETE", `/sessions/${others[0]!.id}`, { token: owner.text })
      )
      assert.strictEqual(ended.status, 204)
      set(10_000)
      assert.strictEqual((yield* get("/me", thief.text)).status, 401)
      assert.strictEqual((yield* get("/me", owner.text)).status, 200)
    }).pipe(Effect.scoped)
  )

  it.live("mails an address five links within a quarter of an hour, and answers the sixth request alike", () =>
    Effect.gen(function* () {
      const { mailTo, mailsTo, post, set } = yield* world
      const address = somebody()
      const ask = post("/sign-in", { address })
      for (let n = 0; n <= MAX_LINKS; n++) assert.deepInclude(yield* ask, { status: 202, body: "" })
      yield* mailTo(address, MAX_LINKS)
      set(LINK_MILLIS)
      yield* ask
      // A mail of the sixth request would have come before this one.
      yield* mailTo(address, MAX_LINKS + 1)
      assert.lengthOf(mailsTo(address), MAX_LINKS + 1)
    }).pipe(Effect.scoped)
  )

  it.live("names the field and the rule of input that is wrong", () =>
    Effect.gen(function* () {
      const { post } = yield* world
      for (const [path, body, pointer] of [
        ["/sign-in", {}, "/address"],
        ["/sign-in", { address: "ada" }, "/address"],
        ["/sign-in", { address: "ada@example.com, bob@example.com" }, "/address"],
        ["/sign-in", { address: "ada@example.com\r\nBcc: bob@example.com" }, "/address"],
        ["/sign-in", { address: "ada@example.com", name: "Ada" }, "/name"],
        ["/sign-in/redeem", {}, "/link"],
        ["/sign-in/redeem", { link: "tm_", as: "header" }, "/as"]
      ] as const) {
        const reply = yield* post(path, body)
        assert.strictEqual(reply.status, 400, JSON.stringify(body))
        const violations = reply.body.violations as ReadonlyArray<{ pointer: string; rule: string }>
        assert.deepStrictEqual(
          violations.map((one) => one.pointer),
          [pointer]
        )
        assert.isNotEmpty(violations[0]!.rule)
      }
    }).pipe(Effect.scoped)
  )

  it.live("tells by no answer, and by no time, whether an address is known or its person deactivated", () =>
    Effect.gen(function* () {
      const { mailTo, post, run } = yield* onPostgres
      const people = 40
      const addresses = (): ReadonlyArray<string> => Array.from({ length: people }, somebody)
      const [known, unknown, deactivated] = [addresses(), addresses(), addresses()]
      for (const address of [...known, ...deactivated]) yield* Effect.promise(() => run(SignedIn.by(address)))
      for (const address of deactivated)
        yield* Effect.promise(() =>
          run(
            Effect.gen(function* () {
              const { personId } = yield* SignedIn.by(address)
              yield* PeopleStore.use((store) => store.deactivate(personId, "operator"))
            })
          )
        )
      const groups = { known, unknown, deactivated }
      const times: Record<keyof typeof groups, Array<number>> = { known: [], unknown: [], deactivated: [] }
      const ask = Effect.fnUntraced(function* (name: keyof typeof groups, address: string) {
        const began = performance.now()
        const { body, headers, status } = yield* post("/sign-in", { address })
        times[name].push(performance.now() - began)
        const told = [...headers.keys()].filter((header) => header !== "date").toSorted()
        return JSON.stringify([status, body, told])
      })
      const answers = new Set<string>()
      for (const address of addresses()) yield* post("/sign-in", { address })
      // By turns, in an order that changes, so that what slows one group down slows all of them down.
      const names = ["known", "unknown", "deactivated"] as const
      for (let n = 0; n < people * MAX_LINKS; n++)
        for (let turn = 0; turn < names.length; turn++) {
          const name = names[(n + turn) % names.length]!
          answers.add(yield* ask(name, groups[name][n % people]!))
        }
      assert.strictEqual(answers.size, 1, [...answers].join(" "))
      assert.lengthOf(times.known, 200)
      for (const other of ["unknown", "deactivated"] as const) {
        const { apart, noise } = compared(times.known, times[other])
        assert.isBelow(Math.abs(apart), noise, `${other}: ${JSON.stringify(times)}`)
      }

      // A person who is deactivated has a mail like everybody, and its link is refused like one that is none.
      const { body } = yield* post("/sign-in/redeem", { link: linkIn((yield* mailTo(deactivated[0]!)).parsed.text!) })
      assert.strictEqual(body.code, "link_refused")
    }).pipe(Effect.scoped)
  )
})
