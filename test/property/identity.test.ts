/**
 * Who is who: inputs that differ only in what cannot be seen are one person, and no id of a host is that of an address.
 */
import { AttendeeInput, fromInput, GivenAttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import * as Register from "@turnout/core/admission/domain/model/Register"
import * as Batch from "@turnout/core/admission/domain/Batch"
import { Option, Result, Schema } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { EVENT, given, input, request } from "../domain/Deciding.ts"

const RUNS = 3_000

type Input = typeof AttendeeInput.Encoded

const decode = Schema.decodeUnknownOption(AttendeeInput)
const lookUp = Schema.decodeUnknownOption(GivenAttendeeId)

const pointsOf = (...ranges: ReadonlyArray<readonly [from: number, to: number]>) =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => String.fromCodePoint(from + n)))

/** Code points that are not shown, of every kind that there is. */
const invisible = fc.constantFrom(
  ..."\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\ufeff\uffa0",
  ...pointsOf(
    [0x180b, 0x180f],
    [0x200b, 0x200f],
    [0x202a, 0x202e],
    [0x2060, 0x206f],
    [0xfe00, 0xfe0f],
    [0xfff0, 0xfffb]
  ),
  ...pointsOf([0x1bca0, 0x1bca3], [0x1d173, 0x1d17a], [0xe0000, 0xe0fff])
)

const letters = fc.constantFrom(..."aZ09ßςéıﬁ日क🎟'-_. ", "e\u0301")
const domains = fc.constantFrom("example.com", "München.DE", "xn--mnchen-3ya.de", "straße.de", "例え.jp", "localhost")
const hostsIds = fc.string({
  unit: fc.oneof({ weight: 9, arbitrary: letters }, fc.constantFrom(..."@:M")),
  minLength: 1,
  maxLength: 12
})
const addresses = fc
  .tuple(fc.string({ unit: letters, minLength: 1, maxLength: 8 }), domains)
  .map(([local, domain]) => `${local}@${domain}`)
const somebody = "somebody@example.com"
const inputs: fc.Arbitrary<Input> = fc.oneof(
  hostsIds.map((id) => ({ id, email: somebody })),
  addresses.map((email) => ({ email })),
  addresses.map((id) => ({ id, email: somebody }))
)

/** A text with invisible characters at some of its places. */
const strewn = (text: string) =>
  fc.array(fc.tuple(fc.nat(text.length), invisible), { minLength: 1, maxLength: 4 }).map((drawn) =>
    drawn.reduce((written, [place, char]) => {
      const points = [...written]
      const at = place % (points.length + 1)
      return [...points.slice(0, at), char, ...points.slice(at)].join("")
    }, text)
  )

/** An input, and another that differs from it only in what cannot be seen. */
const pairs = inputs.chain((one) =>
  fc
    .record({
      id: one.id === undefined ? fc.constant(undefined) : strewn(one.id),
      email: one.id === undefined ? strewn(one.email) : fc.constant(one.email),
      name: fc.constantFrom(undefined, "Ada")
    })
    .map(({ email, id, name }): readonly [Input, Input] => [
      one,
      { email, ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }
    ])
)

const register = (attendee: typeof AttendeeInput.Type, n: number) =>
  request(Register.fromInput(EVENT, { attendee }), { freshId: `00000000-0000-7000-8000-00000000000${n}` as never })

describe("two inputs that differ only in what cannot be seen", () => {
  it("R2: are one person, who gets one seat, or the second is refused as input", () => {
    let people = 0
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const [first, second] = [decode(one), decode(other)]
        if (Option.isNone(first)) return
        // An address has nothing invisible in it, so some are refused. No id is.
        if (Option.isNone(second)) return assert.isUndefined(other.id, JSON.stringify(other))
        people += 1
        assert.strictEqual(fromInput(second.value).id, fromInput(first.value).id)
        const set = given([
          request({ _tag: "CreateEvent", event: input({ capacity: 9 }) }),
          request({ _tag: "PublishEvent", eventId: EVENT })
        ])
        const [, again] = Batch.decide([register(first.value, 1), register(second.value, 2)], set).replies
        assert.strictEqual(Result.isFailure(again!.answer) && again!.answer.failure._tag, "AlreadyRegistered")
        assert.strictEqual(set.events.get(EVENT)!.counts.confirmed, 1)
      }),
      { numRuns: RUNS }
    )
    assert.isAbove(people, RUNS / 3)
  })
})

describe("ids and addresses", () => {
  it("are never one another's", () => {
    let compared = 0
    fc.assert(
      fc.property(hostsIds, addresses, (id, email) => {
        for (const text of [id, email, `mailto:${email}`, `MAILTO:${id}`]) {
          const withId = decode({ id: text, email: somebody })
          const byAddress = decode({ email })
          if (Option.isNone(withId) || Option.isNone(byAddress)) continue
          compared += 1
          assert.notStrictEqual(fromInput(withId.value).id, fromInput(byAddress.value).id)
        }
      }),
      { numRuns: RUNS }
    )
    assert.isAbove(compared, RUNS / 3)
  })

  it("look up the person whom they register, in any spelling", () => {
    let found = 0
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const person = decode(one)
        if (Option.isNone(person) || Option.isNone(decode(other))) return
        found += 1
        const { id } = fromInput(person.value)
        for (const spelled of [id, other.id ?? `mailto:${other.email}`, other.id ?? `\u200bMAILTO:${other.email}`])
          assert.deepStrictEqual(lookUp(spelled), Option.some(id), spelled)
      }),
      { numRuns: RUNS }
    )
    assert.isAbove(found, RUNS / 3)
  })
})
