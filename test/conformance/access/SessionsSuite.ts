/**
 * The contract of a store of sessions and sign-in links, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my sessions", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as SessionsOfPeople from "@turnout/core/access/application/signIn/SessionsOfPeople"
import { type Session, SESSION_MILLIS } from "@turnout/core/access/domain/signIn/Session"
import { LINK_MILLIS, MAX_LINKS } from "@turnout/core/access/domain/signIn/SignInLink"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"
import {
  entriesOf,
  everySession,
  find,
  link,
  person,
  redeem,
  session,
  somebody,
  type Stores,
  TOLERANCE_MILLIS,
  use
} from "./SessionsGiven.ts"

const isAbout = (actual: Date | number | undefined, expected: number) =>
  assert.isBelow(Math.abs(Number(actual) - expected), TOLERANCE_MILLIS)

const isRefused = (refused: { readonly _tag: string }) => assert.strictEqual(refused._tag, "LinkRefused")

export const suite = <E>(name: string, layer: Layer.Layer<Stores, E>): void => {
  describe(`sessions: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("begin with a link that works once, and tells its address", () =>
        Effect.gen(function* () {
          const address = somebody()
          const made = yield* link(address)
          isAbout(made.expiresAt, Date.now() + LINK_MILLIS)
          isRefused(yield* Effect.flip(redeem({ ...made, digest: "f".repeat(64) })))
          isRefused(yield* Effect.flip(redeem({ ...made, id: "f".repeat(32) })))
          // A wrong secret has used nothing up.
          assert.strictEqual(yield* redeem(made), address)
          isRefused(yield* Effect.flip(redeem(made)))
        })
      )

      it.effect("begin once, also if a link is used several times at the same moment", () =>
        Effect.gen(function* () {
          for (let round = 0; round < 20; round++) {
            const made = yield* link(somebody())
            const attempts = yield* Effect.forEach([1, 2, 3, 4, 5], () => Effect.result(redeem(made)), {
              concurrency: "unbounded"
            })
            assert.strictEqual(attempts.filter(({ _tag }) => _tag === "Success").length, 1)
          }
        })
      )

      it.effect("are asked for by a bounded number of links for an address, also at once", () =>
        Effect.gen(function* () {
          const address = somebody()
          const links = yield* Effect.forEach(Array.from({ length: MAX_LINKS + 4 }), () => link(address), {
            concurrency: "unbounded"
          })
          const made = links.filter(({ expiresAt }) => expiresAt !== undefined)
          assert.lengthOf(made, MAX_LINKS)
          for (const none of links.filter(({ expiresAt }) => expiresAt === undefined))
            isRefused(yield* Effect.flip(redeem(none)))
          // A link that was used counts as well.
          assert.strictEqual(yield* redeem(made[0]!), address)
          assert.isUndefined((yield* link(address)).expiresAt)
          assert.isDefined((yield* link(somebody())).expiresAt)
        })
      )

      it.effect("are found with the digest and the time that they have, and have an entry in the audit log", () =>
        Effect.gen(function* () {
          const { id: personId } = yield* person()
          const [digest, userAgent, address] = ["d".repeat(64), `Mozilla/5.0 "'\\ 🎟`, "2001:db8::1"]
          const made = yield* session(personId, { digest, userAgent, address })
          assert.deepInclude(made, { personId, userAgent, address })
          isAbout(made.createdAt, Date.now())
          isAbout(made.lastUsedAt, Date.now())
          isAbout(made.endsAt, Date.now() + SESSION_MILLIS)
          const stored = (yield* find(made.id))!
          assert.deepStrictEqual([stored.session, stored.digest], [made, digest])
          isAbout(stored.validMillis, SESSION_MILLIS)
          assert.isUndefined(yield* find("f".repeat(32)))
          const entries = yield* entriesOf(personId)
          assert.deepStrictEqual(entries, [
            [`user:${personId}`, "sessions.create", { session: made.id, person: personId }]
          ])
          assert.notInclude(JSON.stringify(entries), digest)
        })
      )

      it.effect("are written once under an id, however often they are sent", () =>
        Effect.gen(function* () {
          const { id: personId } = yield* person()
          const id = randomUUID().replaceAll("-", "")
          const first = yield* session(personId, { id, userAgent: "first" })
          assert.deepStrictEqual(yield* session(personId, { id, userAgent: "second" }), first)
          assert.lengthOf(yield* entriesOf(personId), 1)
        })
      )

      it.effect("are noted to be in use at most once an hour", () =>
        Effect.gen(function* () {
          const { id: personId } = yield* person()
          const made = yield* session(personId)
          yield* use(({ noteUsed }) => noteUsed(made.id))
          yield* use(({ noteUsed }) => noteUsed("f".repeat(32)))
          assert.deepStrictEqual((yield* find(made.id))?.session, made)
        })
      )

      it.effect("are listed and ended by their owner, and by nobody else", () =>
        Effect.gen(function* () {
          const [{ id: ada }, { id: bob }] = [yield* person(), yield* person()]
          const [first, second, third] = [yield* session(ada), yield* session(ada), yield* session(ada)]
          const other = yield* session(bob)
          assert.deepStrictEqual(yield* everySession(ada), [first, second, third])
          const page = yield* use(({ list }) => list(ada, { after: first.id, limit: 1 }))
          assert.deepStrictEqual(page, [second])
          const notFound = (id: string) => ({ _tag: "SessionNotFound" as const, id })
          assert.deepInclude(yield* Effect.flip(use(({ end }) => end(first.id, bob, "bob"))), notFound(first.id))
          const nowhere = "f".repeat(32)
          assert.deepInclude(yield* Effect.flip(use(({ end }) => end(nowhere, ada, "ada"))), notFound(nowhere))
          yield* use(({ end }) => end(first.id, ada, "ada"))
          yield* use(({ end }) => end(first.id, ada, "ada"))
          assert.strictEqual((yield* find(first.id))?.validMillis ?? 0, 0)
          assert.deepStrictEqual(yield* everySession(ada), [second, third])
          yield* use(({ noteUsed }) => noteUsed(first.id))
          assert.strictEqual(yield* use(({ endAll }) => endAll(ada, "grace")), 2)
          assert.strictEqual(yield* use(({ endAll }) => endAll(ada, "grace")), 0)
          assert.deepStrictEqual(yield* everySession(ada), [])
          assert.deepStrictEqual(yield* everySession(bob), [other])
          assert.deepStrictEqual((yield* entriesOf(ada)).slice(3), [
            ["ada", "sessions.end", { session: first.id, person: ada }],
            ["grace", "sessions.endAll", { person: ada, sessions: 2 }]
          ])
        })
      )

      it.effect("are ended by operators, whoever has them, and each once", () =>
        Effect.gen(function* () {
          const [{ id: ada }, { id: bob }] = [yield* person(), yield* person()]
          const [first, second, other] = [yield* session(ada), yield* session(ada), yield* session(bob)]
          assert.deepStrictEqual(yield* SessionsOfPeople.end(first.id, "grace"), first)
          yield* SessionsOfPeople.end(first.id, "grace")
          const nowhere = "f".repeat(32)
          const missing = yield* Effect.flip(SessionsOfPeople.end(nowhere, "grace"))
          assert.deepInclude(missing, { _tag: "SessionNotFound", id: nowhere })
          const page = { after: null, limit: 10 }
          assert.deepStrictEqual(yield* SessionsOfPeople.list(ada, page), [second])
          assert.strictEqual(yield* SessionsOfPeople.endAll(ada, "grace"), 1)
          assert.deepStrictEqual(yield* SessionsOfPeople.list(ada, page), [])
          assert.deepStrictEqual(yield* SessionsOfPeople.list(bob, page), [other])
          assert.deepStrictEqual((yield* entriesOf(ada)).slice(2), [
            ["grace", "sessions.end", { session: first.id, person: ada }],
            ["grace", "sessions.endAll", { person: ada, sessions: 1 }]
          ])
        })
      )

      it.effect("end when their person is deactivated, with the links of the addresses, and do not come back", () =>
        Effect.gen(function* () {
          const address = somebody()
          const { id } = yield* person(address)
          const { id: other } = yield* person()
          const [made, kept] = [yield* session(id), yield* session(other)]
          const [mailed, others] = [yield* link(address), yield* link(somebody())]
          const people = yield* PeopleStore
          yield* people.deactivate(id, "grace")
          assert.strictEqual((yield* find(made.id))?.validMillis ?? 0, 0)
          isRefused(yield* Effect.flip(redeem(mailed)))
          const refused = yield* Effect.flip(session(id))
          assert.deepInclude(refused, { _tag: "PersonDeactivated", id: id as string })
          yield* people.reactivate(id, "grace")
          assert.deepStrictEqual(yield* everySession(id), [])
          isRefused(yield* Effect.flip(redeem(mailed)))
          assert.isDefined(yield* session(id))
          assert.deepStrictEqual(yield* everySession(other), [kept])
          assert.isString(yield* redeem(others))
        })
      )

      it.effect("that begin while their person is deactivated are ended, or begin not at all", () =>
        Effect.gen(function* () {
          const people = yield* PeopleStore
          for (let round = 0; round < 10; round++) {
            const { id } = yield* person()
            yield* Effect.all(
              [
                Effect.result(session(id)),
                people.deactivate(id, "grace"),
                Effect.result(session(id)),
                Effect.result(session(id))
              ],
              { concurrency: "unbounded" }
            )
            yield* people.reactivate(id, "grace")
            assert.deepStrictEqual(yield* everySession(id), [])
          }
        })
      )

      it.effect("are swept when they have ended, and links too", () =>
        Effect.gen(function* () {
          const { id } = yield* person()
          const [over, valid] = [yield* session(id), yield* session(id)]
          yield* use(({ end }) => end(over.id, id, "ada"))
          const made = yield* link(somebody())
          const store = yield* SessionStore
          for (const step of [store.forgetSessions, store.forgetLinks])
            yield* Effect.repeat(step, { until: ({ isThrough }) => isThrough })
          assert.isUndefined(yield* find(over.id))
          assert.deepStrictEqual((yield* find(valid.id))?.session, valid satisfies Session)
          assert.isString(yield* redeem(made))
        })
      )
    })
  })
}
