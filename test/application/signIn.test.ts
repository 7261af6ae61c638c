/**
 * Signing in by mail, and who the bearer of a session or of a token is.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Authentication from "@turnout/core/access/application/Authentication"
import * as Members from "@turnout/core/access/application/Members"
import * as People from "@turnout/core/access/application/People"
import * as SignIn from "@turnout/core/access/application/SignIn"
import { MAX_WAITING } from "@turnout/core/access/application/SignInMails"
import { parse } from "@turnout/core/access/domain/credentials/Credential"
import { PersonId } from "@turnout/core/access/domain/Person"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { SESSION_MILLIS } from "@turnout/core/access/domain/signIn/Session"
import { LINK_MILLIS, MAX_LINKS } from "@turnout/core/access/domain/signIn/SignInLink"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import { LinkNotSent, SignInMail } from "@turnout/core/access/ports/SignInMail"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { MAX_SWEEP_MILLIS } from "@turnout/core/kernel/application/Sweeping"
import { Deferred, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"

interface Mail {
  readonly address: string
  readonly text: string
  readonly expiresAt: Date
}

interface Options {
  readonly send?: SignInMail["Service"]["send"]
  readonly sweepMillis?: number
}

/** A post office that keeps what it is given, or does with it what the test says. */
const posting = ({ send, sweepMillis = MAX_SWEEP_MILLIS }: Options = {}) => {
  const mails: Array<Mail> = []
  const keep: SignInMail["Service"]["send"] = (address, text, expiresAt) =>
    Effect.sync(() => void mails.push({ address, text, expiresAt }))
  const services = Layer.mergeAll(
    SignIn.layer({ sweepMillis }),
    Authentication.layer,
    People.layer,
    Members.layer
  ).pipe(
    Layer.provide(Layer.succeed(SignInMail, SignInMail.of({ send: send ?? keep }))),
    Layer.provideMerge(Memory.layer)
  )
  return { mails, services }
}

type Services = Layer.Success<ReturnType<typeof posting>["services"]>

const run = <A, E>(work: (mails: ReadonlyArray<Mail>) => Effect.Effect<A, E, Services>, options?: Options) =>
  Effect.suspend(() => {
    const { mails, services } = posting(options)
    return work(mails).pipe(Effect.provide(Layer.fresh(services)), Effect.provide(Logger.layer([])))
  })

const request = (address: string) => SignIn.SignIn.use((signIn) => signIn.request({ address }))
const redeem = (text: string, from: Partial<SignIn.From> = {}) =>
  SignIn.SignIn.use((signIn) => signIn.redeem(text, { userAgent: null, address: null, ...from }))
const principalOf = (text: string) => Authentication.Authentication.use((service) => service.session(text))
const userOf = (claims: Partial<Parameters<Authentication.Authentication["Service"]["user"]>[0]>) =>
  Authentication.Authentication.use((service) =>
    service.user({ issuer: "https://id.example.com", subject: "1", address: null, name: null, ...claims })
  )

/** Lets the mails go out. */
const posted = TestClock.adjust(1)

const ADDRESS = "ada@example.com"

/** Signs in by mail, and returns the text of the session. */
const signIn = Effect.fnUntraced(function* (mails: ReadonlyArray<Mail>, address = ADDRESS) {
  yield* request(address)
  yield* posted
  return yield* redeem(mails.at(-1)!.text)
})

const isRefused = Effect.fnUntraced(function* <A, E extends { readonly _tag: string }, R>(
  work: Effect.Effect<A, E, R>,
  tag = "CredentialRefused"
) {
  assert.strictEqual((yield* Effect.flip(work))._tag, tag)
})

describe("signing in by mail", () => {
  it.effect("makes a session of a link, once, for a person who is known by the address from then on", () =>
    run((mails) =>
      Effect.gen(function* () {
        yield* request(" Ada@Example.COM ")
        yield* posted
        const [{ address, expiresAt, text } = { address: "", expiresAt: new Date(), text: "" }] = mails
        assert.deepStrictEqual([address, expiresAt.getTime()], [ADDRESS, LINK_MILLIS])
        assert.strictEqual(parse(text)?.kind, "signInLink")
        const made = yield* redeem(text, { userAgent: `a\u0000${"x".repeat(600)}`, address: "192.0.2.1" })
        assert.deepInclude(made.session, { userAgent: `a\ufffd${"x".repeat(498)}`, address: "192.0.2.1" })
        assert.strictEqual(parse(made.text)?.kind, "session")
        const principal = yield* principalOf(made.text)
        assert.deepStrictEqual(principal, {
          kind: "user",
          id: made.session.personId,
          name: null,
          address: ADDRESS,
          attendeeIds: [`mailto:${ADDRESS}`, made.session.personId],
          memberships: [],
          isOperator: false,
          sessionId: made.session.id
        })
        yield* isRefused(redeem(text), "LinkRefused")
        const again = yield* signIn(mails)
        assert.strictEqual(again.session.personId, made.session.personId)
        const entries = yield* AuditLog.use((log) => log.list({ after: null, limit: 100 }))
        for (const secret of [text, made.text].map((one) => parse(one)!.secret))
          assert.notInclude(JSON.stringify(entries), secret)
      })
    )
  )

  it.effect("refuses what is no link, and one that has ended", () =>
    run((mails) =>
      Effect.gen(function* () {
        const { text: session } = yield* signIn(mails)
        yield* request(ADDRESS)
        yield* posted
        const { text } = mails.at(-1)!
        const { secret } = parse(text)!
        for (const other of ["", "tm_", session, text.replace("tm_", "ta_"), text.replace(secret, "A".repeat(43))])
          yield* isRefused(redeem(other), "LinkRefused")
        yield* TestClock.adjust(LINK_MILLIS)
        yield* isRefused(redeem(text), "LinkRefused")
      })
    )
  )

  it.effect("mails five links to an address within 15 minutes, and tells nobody of the sixth", () =>
    run((mails) =>
      Effect.gen(function* () {
        for (let n = 0; n < MAX_LINKS + 2; n++) assert.isUndefined(yield* request(ADDRESS))
        yield* posted
        assert.lengthOf(mails, MAX_LINKS)
        yield* request("bob@example.com")
        yield* TestClock.adjust(LINK_MILLIS)
        yield* request(ADDRESS)
        yield* posted
        assert.lengthOf(mails, MAX_LINKS + 2)
      })
    )
  )

  it.effect("answers alike whether an address is known, is new, or belongs to somebody who is deactivated", () =>
    run((mails) =>
      Effect.gen(function* () {
        const { session } = yield* signIn(mails)
        const addresses = ["nobody@example.com", ADDRESS]
        for (const address of addresses) assert.isUndefined(yield* request(address))
        yield* People.People.use(({ deactivate }) => deactivate(session.personId, "grace"))
        assert.isUndefined(yield* request(ADDRESS))
        yield* posted
        assert.deepStrictEqual(
          mails.slice(1).map(({ address }) => address),
          [...addresses, ADDRESS]
        )
        for (const { text } of mails.slice(2)) yield* isRefused(redeem(text), "LinkRefused")
        const refused = yield* Effect.flip(request("nobody"))
        assert.strictEqual(refused._tag, "InvalidInput")
      })
    )
  )

  it.effect("waits for no mail, and refuses when too many wait", () => {
    let sent = 0
    const isOpen = Deferred.makeUnsafe<void>()
    const send = () =>
      Effect.andThen(
        Effect.sync(() => void (sent += 1)),
        Deferred.await(isOpen)
      )
    return run(
      () =>
        Effect.gen(function* () {
          const requestOf = (n: number) => request(`n${n}@example.com`)
          for (let n = 0; n < 4; n++) yield* requestOf(n)
          yield* posted
          for (let n = 0; n < MAX_WAITING; n++) yield* requestOf(n)
          assert.strictEqual((yield* Effect.flip(requestOf(-1)))._tag, "Overloaded")
          assert.strictEqual(sent, 4)
          // A mail that takes too long is given up.
          yield* TestClock.adjust("30 seconds")
          assert.strictEqual(sent, 8)
          yield* requestOf(-1)
          yield* Deferred.succeed(isOpen, undefined)
          yield* posted
          assert.isAbove(sent, 8)
        }),
      { send }
    )
  })

  it.effect("goes on after a mail that could not be sent", () => {
    const told: Array<unknown> = []
    let sent = 0
    const send = () =>
      Effect.suspend(() => {
        sent += 1
        return sent === 1
          ? Effect.fail(new LinkNotSent({ cause: new Error("refused") }))
          : sent === 2
            ? Effect.die("?")
            : Effect.void
      })
    const { services } = posting({ send })
    return Effect.gen(function* () {
      for (let n = 0; n < 3; n++) yield* request(ADDRESS)
      yield* posted
      assert.strictEqual(sent, 3)
      assert.lengthOf(told, 2)
    }).pipe(
      Effect.provide(Layer.fresh(services)),
      Effect.provide(Logger.layer([Logger.make(({ message }) => void told.push(message))]))
    )
  })

  it.effect("sends the mails that wait when the process ends", () => {
    const { mails, services } = posting()
    return Effect.gen(function* () {
      yield* request(ADDRESS).pipe(Effect.provide(Layer.fresh(services)))
      assert.lengthOf(mails, 1)
    })
  })

  it.effect("sweeps what has ended", () =>
    run(
      (mails) =>
        Effect.gen(function* () {
          const { session } = yield* signIn(mails)
          const found = SessionStore.use((store) => store.find(session.id))
          yield* SignIn.SignIn.use(({ end }) => end(session.id, session.personId, "ada"))
          assert.isDefined(yield* found)
          yield* TestClock.adjust("61 seconds")
          assert.isUndefined(yield* found)
        }),
      { sweepMillis: 60_000 }
    )
  )
})

describe("a session", () => {
  it.effect("ends 30 days after it was last used", () =>
    run((mails) =>
      Effect.gen(function* () {
        const { text } = yield* signIn(mails)
        for (let month = 0; month < 3; month++) {
          yield* TestClock.adjust(SESSION_MILLIS - 60_000)
          yield* principalOf(text)
          yield* posted
        }
        yield* TestClock.adjust(SESSION_MILLIS)
        yield* isRefused(principalOf(text))
      })
    )
  )

  it.effect("is refused within ten seconds after its owner has ended it, and others go on", () =>
    run((mails) =>
      Effect.gen(function* () {
        const [one, other] = [yield* signIn(mails), yield* signIn(mails)]
        const { id, personId } = one.session
        const service = yield* SignIn.SignIn
        yield* principalOf(one.text)
        assert.deepStrictEqual(yield* service.list(personId, { after: null, limit: 10 }), [one.session, other.session])
        yield* service.end(id, personId, "ada")
        yield* TestClock.adjust(Authentication.REMEMBERED_MILLIS)
        yield* isRefused(principalOf(one.text))
        yield* principalOf(other.text)
        assert.strictEqual(yield* service.endAll(personId, "ada"), 1)
        yield* TestClock.adjust(Authentication.REMEMBERED_MILLIS)
        yield* isRefused(principalOf(other.text))
      })
    )
  )

  it.effect("is that of nobody with another secret, and no other credential is one", () =>
    run((mails) =>
      Effect.gen(function* () {
        const { text } = yield* signIn(mails)
        const { secret } = parse(text)!
        const forged = [
          text.replace(secret, "A".repeat(43)),
          text.replace("ts_", "tk_"),
          mails[0]!.text,
          "",
          `${text}x`
        ]
        for (const one of forged) yield* isRefused(principalOf(one))
        yield* isRefused(Authentication.Authentication.use((service) => service.apiKey(text)))
        yield* isRefused(Authentication.Authentication.use((service) => service.apiKey(text.replace("ts_", "tk_"))))
        yield* principalOf(text)
      })
    )
  )

  it.effect("of a person who is deactivated is refused, also one that is there still", () =>
    run((mails) =>
      Effect.gen(function* () {
        const { session, text } = yield* signIn(mails)
        const people = yield* PeopleStore
        yield* principalOf(text)
        yield* people.deactivate(session.personId, "grace")
        yield* TestClock.adjust(Authentication.REMEMBERED_MILLIS)
        yield* isRefused(principalOf(text))
        yield* people.reactivate(session.personId, "grace")
        yield* isRefused(principalOf(text))
        // A session that a store has kept, for whatever reason.
        const kept = yield* signIn(mails)
        const sessions = yield* SessionStore
        const ofSomebodyOff = { ...(yield* people.find(session.personId))!, deactivatedAt: new Date(0) }
        const find = () => Effect.succeed(ofSomebodyOff)
        const authentication = Authentication.layer.pipe(
          Layer.provide(Layer.succeed(PeopleStore, PeopleStore.of({ ...people, find }))),
          Layer.provide(Layer.succeed(SessionStore, sessions))
        )
        yield* isRefused(Effect.provide(principalOf(kept.text), Layer.fresh(authentication)))
        yield* principalOf(kept.text)
      })
    )
  )

  it.effect("has the memberships of its person's addresses and identities", () =>
    run((mails) =>
      Effect.gen(function* () {
        const members = yield* Members.Members
        const held = permissionsOf("owner")
        const identity = { issuer: "https://id.example.com", subject: "1" }
        yield* members.add(DEFAULT_ORGANIZATION, { subject: { address: ADDRESS }, role: "viewer" }, held, "grace")
        yield* members.add(DEFAULT_ORGANIZATION, { subject: identity, role: "organizer" }, held, "grace")
        const { text } = yield* signIn(mails)
        const rolesOf = Effect.map(principalOf(text), ({ memberships }) => memberships.map(({ role }) => role))
        assert.deepStrictEqual(yield* rolesOf, ["viewer"])
        yield* userOf({ address: ADDRESS })
        yield* TestClock.adjust(Authentication.REMEMBERED_MILLIS)
        assert.deepStrictEqual(yield* rolesOf, ["organizer"])
      })
    )
  )
})

describe("one who has the token of an issuer", () => {
  it.effect("is a person, the same by whatever way they come", () =>
    run((mails) =>
      Effect.gen(function* () {
        const ada = yield* userOf({ address: "Ada@example.com", name: "Ada" })
        assert.deepInclude(ada, { kind: "user", isOperator: false, memberships: [] })
        assert.deepStrictEqual(ada.attendeeIds, [`mailto:${ADDRESS}`, ada.id])
        assert.deepStrictEqual(yield* userOf({}), ada)
        assert.strictEqual((yield* signIn(mails)).session.personId, PersonId.make(ada.id))
        assert.notStrictEqual((yield* userOf({ subject: "2", address: ADDRESS })).id, ada.id)
      })
    )
  )

  it.effect("is refused while deactivated, within ten seconds, and if no person has such an identity", () =>
    run(() =>
      Effect.gen(function* () {
        const { id } = yield* userOf({})
        const people = yield* People.People
        yield* people.deactivate(PersonId.make(id), "grace")
        yield* TestClock.adjust(Authentication.REMEMBERED_MILLIS)
        yield* isRefused(userOf({}))
        yield* people.reactivate(PersonId.make(id), "grace")
        assert.strictEqual((yield* userOf({})).id, id)
        yield* isRefused(userOf({ issuer: "a#b" }))
        yield* isRefused(userOf({ subject: "" }))
      })
    )
  )

  it.effect("costs no look at the store for ten seconds", () =>
    Effect.gen(function* () {
      const people = yield* PeopleStore
      let asked = 0
      const signedIn: typeof people.signedIn = (...parameters) => {
        asked += 1
        return people.signedIn(...parameters)
      }
      const counted = Authentication.layer.pipe(
        Layer.provide(Layer.succeed(PeopleStore, PeopleStore.of({ ...people, signedIn })))
      )
      yield* Effect.gen(function* () {
        yield* userOf({})
        yield* userOf({})
        assert.strictEqual(asked, 1)
        yield* userOf({ address: ADDRESS })
        assert.strictEqual(asked, 2)
        yield* TestClock.adjust(Authentication.REMEMBERED_MILLIS)
        yield* userOf({})
        assert.strictEqual(asked, 3)
      }).pipe(Effect.provide(counted))
    }).pipe(Effect.provide(Memory.layer))
  )
})
