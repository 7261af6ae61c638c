/**
 * Joining: which person somebody is who signs in. Each rule is a row of the table; the property holds whatever people and issuers do.
 */
import {
  nameInLog,
  type Person,
  PersonId,
  PersonNotFound,
  principalOf,
  subjectsOf
} from "@turnout/core/access/domain/Person"
import {
  findAmong,
  isKnown,
  type Joined,
  join,
  MAX_ADDRESSES,
  readClaims,
  type SignedIn
} from "@turnout/core/access/domain/signIn/Joining"
import { type Identity, textOfIdentity } from "@turnout/core/access/domain/Subject"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const idOf = (n: number) => PersonId.make(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`)
const NEW = idOf(0)

const identity = (text: string): Identity => {
  const [issuer = "", subject = ""] = text.split("#")
  return { issuer, subject }
}
const address = (name: string) => `${name}@example.com`

const person = (n: number, addresses: ReadonlyArray<string>, identities: ReadonlyArray<string>): Person => ({
  id: idOf(n),
  name: "Somebody",
  addresses: addresses.map(address),
  identities: identities.map(identity),
  createdAt: new Date(0),
  deactivatedAt: null
})

const signsIn = (by: string | null, at: string | null, name: string | null = "Ada"): SignedIn =>
  ({ name, identity: by === null ? null : identity(by), address: at === null ? null : address(at) }) as SignedIn

const nothing = { isNew: false, name: null, identity: null, address: null, from: null }
const joins = (n: number, changes: Partial<Joined> = {}): Joined => ({ personId: idOf(n), ...nothing, ...changes })
const isNew = { isNew: true, name: "Ada" }

/** Ada has the address a and the identity 1 of the issuer I, Bob the address b and the identity 2 of it. */
const ADA = person(1, ["a"], ["I#1"])
const BOB = person(2, ["b"], ["I#2"])
/** Cy has signed in by mail only. */
const CY = person(3, ["c"], [])
const PEOPLE = [ADA, BOB, CY]

describe("one who signs in", () => {
  it.each([
    ["nobody knows, by mail", null, "x", joins(0, { ...isNew, address: address("x") })],
    ["nobody knows, by an identity", "I#9", null, joins(0, { ...isNew, identity: identity("I#9") })],
    ["nobody knows", "I#9", "x", joins(0, { ...isNew, identity: identity("I#9"), address: address("x") })],
    ["has the address, by mail", null, "a", joins(1)],
    ["has the identity", "I#1", null, joins(1)],
    ["has both", "I#1", "a", joins(1)],
    ["has the identity and a new address", "I#1", "x", joins(1, { address: address("x") })],
    ["has the address and an identity of another issuer", "J#1", "a", joins(1, { identity: identity("J#1") })],
    ["has the address by mail and gets an identity", "I#9", "c", joins(3, { identity: identity("I#9") })],
    [
      "is new at an issuer that knows the address by another identity",
      "I#9",
      "a",
      joins(0, { ...isNew, identity: identity("I#9"), address: address("a"), from: ADA.id })
    ],
    ["is known, and was given the address of another", "I#1", "b", joins(1, { address: address("b"), from: BOB.id })],
    ["is known, with an address that another has proved elsewhere", "I#1", "c", joins(1)]
  ])("who %s: by %j at %j", (_who, by, at, expected) => {
    const signedIn = signsIn(by, at)
    const joined = join(signedIn, findAmong(PEOPLE, signedIn), NEW)
    assert.deepStrictEqual(joined, expected)
    assert.strictEqual(
      isKnown(joined),
      JSON.stringify({ ...joined, personId: "" }) === JSON.stringify({ ...joins(0), personId: "" })
    )
  })

  it("gets the first name that is told", () => {
    const nameless = { ...ADA, name: null }
    const named = (name: string | null) =>
      join(signsIn("I#1", "a", name), { byIdentity: nameless, byAddress: nameless }, NEW)
    assert.deepStrictEqual(named("Ada"), joins(1, { name: "Ada" }))
    assert.deepStrictEqual(named(null), joins(1))
    assert.isFalse(isKnown(named("Ada")))
  })

  it("has a bounded number of addresses, but for one that is given anew", () => {
    const many = (count: number) => ({ ...ADA, addresses: Array.from({ length: count }, (_, n) => address(`n${n}`)) })
    const last = many(MAX_ADDRESSES - 1)
    const full = many(MAX_ADDRESSES)
    assert.strictEqual(join(signsIn("I#1", "x"), findAmong([last], signsIn("I#1", "x")), NEW).address, address("x"))
    assert.isTrue(isKnown(join(signsIn("I#1", "x"), findAmong([full], signsIn("I#1", "x")), NEW)))
    const given = join(signsIn("I#1", "b"), findAmong([full, BOB], signsIn("I#1", "b")), NEW)
    assert.deepStrictEqual(given, joins(1, { address: address("b"), from: BOB.id }))
  })
})

/** The people after somebody has signed in. */
const after = (people: ReadonlyArray<Person>, { from, identity, isNew, personId, ...joined }: Joined) =>
  (isNew ? [...people, { ...person(0, [], []), id: personId }] : people).map((one): Person => ({
    ...one,
    addresses: [
      ...one.addresses.filter((address) => one.id !== from || address !== joined.address),
      ...(one.id === personId && joined.address !== null ? [joined.address] : [])
    ],
    identities: one.id === personId && identity !== null ? [...one.identities, identity] : one.identities
  }))

describe("whatever people and issuers do", () => {
  const issuers = fc.constantFrom("I", "J")
  const signIns = fc.array(
    fc.record({
      by: fc.option(fc.tuple(issuers, fc.constantFrom("1", "2", "3")).map((parts) => parts.join("#"))),
      at: fc.option(fc.constantFrom("a", "b", "c", "d"))
    }),
    { maxLength: 20 }
  )

  it("an address is that of one person, an identity stays with one, and nobody has two of an issuer", () => {
    fc.assert(
      fc.property(signIns, (steps) => {
        let people: ReadonlyArray<Person> = []
        const owners = new Map<string, PersonId>()
        for (const [step, { at, by }] of steps.entries()) {
          if (at === null && by === null) continue
          const signedIn = signsIn(by, at)
          const joined = join(signedIn, findAmong(people, signedIn), idOf(step + 1))
          people = after(people, joined)
          const addresses = people.flatMap(({ addresses }) => addresses)
          assert.strictEqual(new Set(addresses).size, addresses.length)
          for (const { id, identities } of people) {
            assert.strictEqual(new Set(identities.map(({ issuer }) => issuer)).size, identities.length)
            for (const one of identities) {
              const text = textOfIdentity(one)
              assert.strictEqual(owners.get(text) ?? id, id)
              owners.set(text, id)
            }
          }
          // An issuer never opens the account of another of its subjects.
          if (by !== null) assert.strictEqual(owners.get(by), joined.personId)
          // The same again is nothing new.
          assert.isTrue(isKnown(join(signedIn, findAmong(people, signedIn), NEW)))
        }
      }),
      { numRuns: 3_000 }
    )
  })
})

describe("what an issuer tells", () => {
  const claims = { issuer: "https://id.example.com", subject: "1", address: "Ada@Example.COM", name: " Ada " }

  it("is read with the address folded, and without what is none", () => {
    const { address: _, name: _name, ...identity } = claims
    assert.deepStrictEqual(readClaims(claims), { identity, address: "ada@example.com", name: "Ada" })
    for (const name of ["", " ", "a\u0000b", "x".repeat(201), null])
      assert.isNull(readClaims({ ...claims, name })!.name)
    for (const address of ["", "ada", "ada@", null]) assert.isNull(readClaims({ ...claims, address })!.address)
  })

  it.each([{ issuer: "" }, { issuer: "a#b" }, { subject: "" }, { subject: "\u0000" }, { subject: "x".repeat(256) }])(
    "is nobody's with %j",
    (changes) => assert.isUndefined(readClaims({ ...claims, ...changes }))
  )
})

describe("a person", () => {
  it("is known by addresses and identities, and an attendee by each address and by the id", () => {
    const ada = person(1, ["a", "b"], ["I#1"])
    const memberships = [] as const
    assert.deepStrictEqual(subjectsOf(ada), [{ address: address("a") }, { address: address("b") }, identity("I#1")])
    assert.deepStrictEqual(principalOf(ada, memberships), {
      kind: "user",
      id: ada.id,
      name: ada.name,
      address: address("a"),
      attendeeIds: [`mailto:${address("a")}`, `mailto:${address("b")}`, ada.id],
      memberships,
      isOperator: false
    })
    assert.strictEqual(nameInLog(ada.id), `user:${ada.id}`)
    assert.strictEqual(new PersonNotFound({ id: "x" }).message, "There is no person x.")
  })
})
