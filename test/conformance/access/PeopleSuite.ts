/**
 * The contract of a store of people, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my people", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as People from "@turnout/core/access/application/People"
import { type Person, PersonId } from "@turnout/core/access/domain/Person"
import type { SignedIn } from "@turnout/core/access/domain/signIn/Joining"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"

/** The largest difference between the clock of a store and that of the test. */
const TOLERANCE_MILLIS = 5_000

const ISSUER = "https://id.example.com"
const OTHER_ISSUER = "https://other.example.com"

const somebody = () => `${randomUUID()}@example.com`
const newIdentity = (issuer = ISSUER) => ({ issuer, subject: `"{\\${randomUUID()}'` })

const signIn = ({ address = null, identity = null, name = null }: Partial<SignedIn>) =>
  PeopleStore.use((store) => store.signedIn({ address, identity, name } as SignedIn, PersonId.make(randomUUID())))
const find = (id: PersonId) => PeopleStore.use((store) => store.find(id))
const use = <A, E, R>(f: (people: People.People["Service"]) => Effect.Effect<A, E, R>) => People.People.use(f)

const entriesOf = (id: PersonId) =>
  Effect.map(
    AuditLog.use((log) => log.list({ after: null, limit: 500 })),
    (entries) =>
      entries
        .filter(({ details }) => details["person"] === id)
        .toReversed()
        .map(({ action, details, who }) => [who, action, details])
  )

const isOf = (person: Person | undefined, addresses: ReadonlyArray<string>, identities: Person["identities"]) =>
  assert.deepStrictEqual([person?.addresses, person?.identities], [addresses, identities])

export const suite = <E>(name: string, layer: Layer.Layer<AuditLog | PeopleStore, E>): void => {
  const services = Layer.provideMerge(People.layer, layer)
  describe(`people: ${name}`, () => {
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("are those who have signed in, and nothing is written if nothing is new", () =>
        Effect.gen(function* () {
          const [address, identity] = [somebody(), newIdentity()]
          const ada = yield* signIn({ address, identity, name: "Ada O'Hara" })
          assert.deepInclude(ada, { name: "Ada O'Hara", deactivatedAt: null })
          isOf(ada, [address], [identity])
          assert.isBelow(Math.abs(ada.createdAt.getTime() - Date.now()), TOLERANCE_MILLIS)
          assert.deepStrictEqual(yield* signIn({ address, identity, name: "Another name" }), ada)
          assert.deepStrictEqual(yield* signIn({ address }), ada)
          assert.deepStrictEqual(yield* signIn({ identity }), ada)
          assert.deepStrictEqual(yield* find(ada.id), ada)
          assert.deepStrictEqual(yield* use(({ get }) => get(ada.id)), ada)
          const identityText = `${identity.issuer}#${identity.subject}`
          assert.deepStrictEqual(yield* entriesOf(ada.id), [
            [`user:${ada.id}`, "people.join", { person: ada.id, identity: identityText, address, from: null }]
          ])
          const other = yield* signIn({ address: somebody() })
          assert.notStrictEqual(other.id, ada.id)
          assert.isNull(other.name)
          const nobody = PersonId.make(randomUUID())
          assert.isUndefined(yield* find(nobody))
          const notFound = { _tag: "PersonNotFound" as const, id: nobody as string }
          assert.deepInclude(yield* Effect.flip(use(({ get }) => get(nobody))), notFound)
          assert.deepInclude(yield* Effect.flip(use(({ deactivate }) => deactivate(nobody, "grace"))), notFound)
          assert.deepInclude(yield* Effect.flip(use(({ reactivate }) => reactivate(nobody, "grace"))), notFound)
        })
      )

      it.effect("have one account however they sign in, joined by their addresses", () =>
        Effect.gen(function* () {
          const [first, second] = [somebody(), somebody()]
          const [identity, other] = [newIdentity(), newIdentity(OTHER_ISSUER)]
          const { id } = yield* signIn({ address: first })
          yield* signIn({ address: first, identity, name: "Ada" })
          yield* signIn({ address: second, identity })
          const ada = yield* signIn({ address: second, identity: other })
          assert.deepInclude(ada, { id, name: "Ada" })
          isOf(ada, [first, second], [identity, other])
          assert.deepStrictEqual(yield* find(id), ada)
          assert.lengthOf(yield* entriesOf(id), 4)
        })
      )

      it.effect("do not get the account of those who had their address at the issuer before", () =>
        Effect.gen(function* () {
          const [address, identity] = [somebody(), newIdentity()]
          const before = yield* signIn({ address, identity })
          const next = newIdentity()
          const after = yield* signIn({ address, identity: next })
          assert.notStrictEqual(after.id, before.id)
          isOf(after, [address], [next])
          isOf(yield* find(before.id), [], [identity])
          assert.deepStrictEqual((yield* entriesOf(after.id))[0]![2], {
            person: after.id,
            identity: `${next.issuer}#${next.subject}`,
            address,
            from: before.id
          })
          assert.strictEqual((yield* signIn({ address })).id, after.id)
          // The issuer gives it back.
          isOf(yield* signIn({ address, identity }), [address], [identity])
          isOf(yield* find(after.id), [], [next])
        })
      )

      it.effect("keep an address that they have proved, whatever an issuer says of others", () =>
        Effect.gen(function* () {
          const address = somebody()
          const { id } = yield* signIn({ address })
          const [own, identity] = [somebody(), newIdentity()]
          const other = yield* signIn({ address: own, identity })
          assert.deepStrictEqual(yield* signIn({ address, identity }), other)
          isOf(yield* find(id), [address], [])
          assert.lengthOf(yield* entriesOf(other.id), 1)
        })
      )

      it.effect("are found by an address that is theirs now, in any spelling, and by no other", () =>
        Effect.gen(function* () {
          const [address, identity] = [somebody(), newIdentity()]
          const byAddress = (text: string) => use(({ getByAddress }) => getByAddress(text))
          const nobody = { _tag: "PersonNotFound" as const, id: `mailto:${address}` }
          assert.deepInclude(yield* Effect.flip(byAddress(address)), nobody)
          const ada = yield* signIn({ address, identity })
          assert.deepStrictEqual(yield* byAddress(address), ada)
          assert.deepStrictEqual(yield* byAddress(` ${address.toUpperCase()}`), ada)
          const next = yield* signIn({ address, identity: newIdentity() })
          assert.deepStrictEqual(yield* byAddress(address), next)
          const off = yield* use(({ deactivate }) => deactivate(next.id, "grace"))
          assert.deepStrictEqual(yield* byAddress(address), off)
          assert.deepInclude(yield* Effect.flip(byAddress(`${address}.org`)), { _tag: "PersonNotFound" })
          const wrong = yield* Effect.flip(byAddress("ada"))
          assert.deepInclude(wrong, { _tag: "InvalidInput" })
          assert.include(wrong.message, "address: must be an e-mail address")
        })
      )

      it.effect("are one person if they sign in for the first time by several requests at once", () =>
        Effect.gen(function* () {
          for (let round = 0; round < 5; round++) {
            const [address, identity, other] = [somebody(), newIdentity(), newIdentity(OTHER_ISSUER)]
            const ways: ReadonlyArray<Partial<SignedIn>> = [
              { address, identity },
              { address, identity: other },
              { address },
              { address, identity }
            ]
            const people = yield* Effect.forEach([...ways, ...ways], signIn, { concurrency: "unbounded" })
            assert.strictEqual(new Set(people.map(({ id }) => id)).size, 1)
            const { addresses, identities } = (yield* find(people[0]!.id))!
            assert.deepStrictEqual(addresses, [address])
            assert.lengthOf(identities, 2)
          }
        })
      )

      it.effect("have one identity of an issuer, also if several come at once", () =>
        Effect.gen(function* () {
          for (let round = 0; round < 5; round++) {
            const [one, other] = [somebody(), somebody()]
            const first = newIdentity(OTHER_ISSUER)
            const { id } = yield* signIn({ address: one, identity: first })
            yield* signIn({ address: other, identity: first })
            const people = yield* Effect.forEach(
              [one, other],
              (address) => signIn({ address, identity: newIdentity() }),
              { concurrency: "unbounded" }
            )
            assert.notStrictEqual(people[0]!.id, people[1]!.id)
            assert.lengthOf((yield* find(id))!.identities, 2)
          }
        })
      )

      it.effect("are deactivated and reactivated, with an entry if there was something to change", () =>
        Effect.gen(function* () {
          const address = somebody()
          const ada = yield* signIn({ address })
          const off = yield* use(({ deactivate }) => deactivate(ada.id, "grace"))
          assert.isBelow(Math.abs(off.deactivatedAt!.getTime() - Date.now()), TOLERANCE_MILLIS)
          assert.deepStrictEqual(off, { ...ada, deactivatedAt: off.deactivatedAt })
          assert.deepStrictEqual(yield* use(({ deactivate }) => deactivate(ada.id, "nobody")), off)
          // Another way to sign in is that of the same person.
          const identity = newIdentity()
          const found = yield* signIn({ address, identity })
          assert.deepStrictEqual(found, { ...off, identities: [identity] })
          const on = yield* use(({ reactivate }) => reactivate(ada.id, "grace"))
          assert.deepStrictEqual(on, { ...found, deactivatedAt: null })
          assert.deepStrictEqual(yield* use(({ reactivate }) => reactivate(ada.id, "nobody")), on)
          const entries = (yield* entriesOf(ada.id)).filter(([, action]) => action !== "people.join")
          assert.deepStrictEqual(entries, [
            ["grace", "people.deactivate", { person: ada.id }],
            ["grace", "people.reactivate", { person: ada.id }]
          ])
        })
      )
    })
  })
}
