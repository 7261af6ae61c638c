/**
 * Everything that the functions of Turnout take, give and reject with has a name that hosts can import.
 */
import { Rejection } from "@turnout/core/admission/domain/model/Rejection"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type * as Turnout from "turnout"
import { assert, describe, expectTypeOf, it } from "vitest"
import { ROOT } from "../support/Docs.ts"

type Calls = Turnout.Turnout
type Given<Name extends keyof Calls, Index extends number> = NonNullable<Parameters<Calls[Name]>[Index]>
type Answer<Name extends keyof Calls> = Awaited<ReturnType<Calls[Name]>>

describe("the names of types", () => {
  it("stand for what functions take", () => {
    expectTypeOf<Given<"createEvent", 0>>().toEqualTypeOf<Turnout.GivenEvent>()
    expectTypeOf<Given<"createEvent", 1>>().toEqualTypeOf<Turnout.GivenWriteOptions>()
    expectTypeOf<Given<"updateEvent", 1>>().toEqualTypeOf<Turnout.GivenEventChanges>()
    expectTypeOf<Given<"publishEvent", 1>>().toEqualTypeOf<Turnout.GivenEventWriteOptions>()
    expectTypeOf<Given<"changeCapacity", 1>>().toEqualTypeOf<Turnout.GivenCapacity>()
    expectTypeOf<Given<"register", 1>>().toEqualTypeOf<Turnout.GivenRegistration>()
    expectTypeOf<Given<"registerGuest", 1>>().toEqualTypeOf<Turnout.GivenGuest>()
    expectTypeOf<Given<"confirmRegistration", 2>>().toEqualTypeOf<Turnout.GivenConfirmation>()
    expectTypeOf<Given<"correctRegistration", 2>>().toEqualTypeOf<Turnout.GivenCorrection>()
    expectTypeOf<Given<"markAttended", 2>>().toEqualTypeOf<Turnout.GivenAttended>()
    expectTypeOf<Given<"listEvents", 0>>().toEqualTypeOf<Turnout.GivenEventQuery>()
    expectTypeOf<Given<"listRegistrations", 1>>().toEqualTypeOf<Turnout.GivenRegistrationQuery>()
    expectTypeOf<Given<"listWaitlist", 1>>().toEqualTypeOf<Turnout.GivenWaitlistQuery>()
    expectTypeOf<Given<"listJournal", 1>>().toEqualTypeOf<Turnout.GivenJournalQuery>()
    expectTypeOf<Given<"listAttendeeRegistrations", 1>>().toEqualTypeOf<Turnout.GivenAttendeeQuery>()
    expectTypeOf<Given<"subscribe", 0>>().toEqualTypeOf<Turnout.SubscribeOptions>()
  })

  it("stand for what functions give", () => {
    expectTypeOf<Answer<"createEvent">>().toEqualTypeOf<Turnout.Event>()
    expectTypeOf<Answer<"register">>().toEqualTypeOf<Turnout.RegistrationOutcome>()
    expectTypeOf<Answer<"getRegistration">>().toEqualTypeOf<Turnout.Registration>()
    expectTypeOf<Answer<"cancelRegistration">>().toEqualTypeOf<Turnout.ChangedRegistration>()
    expectTypeOf<Answer<"listEvents">>().toEqualTypeOf<Turnout.CountedPage<Turnout.Event>>()
    expectTypeOf<Answer<"listWaitlist">>().toEqualTypeOf<Turnout.Page<Turnout.WaitlistEntry>>()
    expectTypeOf<Answer<"waitlistPosition">>().toEqualTypeOf<Turnout.WaitlistPlace>()
    expectTypeOf<Answer<"listJournal">>().toEqualTypeOf<Turnout.Page<Turnout.StoredJournalEntry>>()
    expectTypeOf<Turnout.Registration["state"]>().toEqualTypeOf<Turnout.RegistrationState>()
    expectTypeOf<Turnout.Event["counts"]>().toEqualTypeOf<Turnout.Counts>()
  })

  it("stand for every error", () => {
    const text = readFileSync(join(ROOT, "packages/turnout/src/Types.ts"), "utf8")
    const missing = Rejection.members.filter(({ identifier }) => !new RegExp(`\\b${identifier}\\b`).test(text))
    assert.deepStrictEqual(missing, [])
    expectTypeOf<Turnout.TurnoutError>().toEqualTypeOf<
      Turnout.Rejection | Turnout.InvalidInput | Turnout.StoreError | Turnout.Overloaded | Turnout.TurnoutClosed
    >()
  })
})
