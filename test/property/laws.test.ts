/**
 * The laws of the pure decider, on thousands of random histories.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import { eventIdOf } from "@turnout/core/admission/domain/state/Request"
import { footprint, withDueSteps } from "@turnout/core/admission/domain/state/Footprint"
import * as Admission from "@turnout/core/admission/domain/Admission"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { IdempotencyRecord } from "@turnout/core/admission/domain/state/Idempotency"
import type { Expecting } from "@turnout/core/admission/domain/model/event/EventVersion"
import { byOperation } from "@turnout/core/admission/domain/model/Rejection"
import { isGuessable, provesNewcomers } from "@turnout/core/admission/domain/Guess"
import { evolve, make, nothing, type WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { Result } from "effect"
import * as Rec from "effect/Record"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { empty, EVENT, everything, given, partOf } from "../domain/Deciding.ts"
import { replay } from "../support/Invariants.ts"
import { capacity, history, OTHER, requests } from "./Requests.ts"

/** A copy of maps, and of the lists and rows in them. */
const copyOf = <A>(value: A): A => {
  if (value instanceof Map) return new Map(Array.from(value, ([key, row]) => [key, copyOf(row)])) as A
  if (Array.isArray(value)) return [...value] as A
  if (value instanceof Set) return new Set(value) as A
  return typeof value === "object" ? { ...value } : value
}
const copy = (set: WorkingSet): WorkingSet => Rec.map({ ...set }, copyOf) as WorkingSet

/** Cuts a list into batches of these sizes. */
const inBatches = <A>(items: ReadonlyArray<A>, sizes: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<A>> => {
  const batches: Array<ReadonlyArray<A>> = []
  for (let start = 0, n = 0; start < items.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    batches.push(items.slice(start, start + size))
    start += size
  }
  return batches
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })

/** Whether staff ask for a seat that is not free. */
const isBeyond = (command: Command): boolean => "beyond" in command && command.beyond !== null

/** The commands that make something, which cannot be made twice. */
const MAKES: ReadonlyArray<string> = ["Register", "RegisterGuest", "CreateEvent", "DeleteEvent"]

describe("deciding", () => {
  it("on the footprint is deciding on the whole state, whatever the batches", () => {
    fc.assert(
      fc.property(capacity, requests, sizes, (seats, drawn, cut) => {
        let whole = given(history(seats))
        // What a store would have of the records: those that the batches asked it to write.
        const stored = new Map<string, IdempotencyRecord>()
        for (const batch of inBatches(drawn, cut)) {
          const onPart = Batch.decide(batch, partOf(whole, batch, stored))
          whole = everything(whole)
          const onWhole = Batch.decide(batch, whole)
          assert.deepStrictEqual(onPart, onWhole)
          for (const { record } of onPart.changes.idempotency) stored.set(record.scope.id, record)
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it("R2, W1: keeps who is active, who waits and who comes back as a store would load them after the batch", () => {
    const kept = ({ active, returning, waiting }: WorkingSet) => {
      const notEmpty = <A>(lists: ReadonlyMap<A, ReadonlyArray<unknown>>) =>
        new Map(Array.from(lists).filter(([, list]) => list.length > 0))
      return { active, waiting: notEmpty(waiting), returning: notEmpty(returning) }
    }
    fc.assert(
      fc.property(capacity, requests, sizes, (seats, drawn, cut) => {
        let whole = given(history(seats))
        for (const batch of inBatches(drawn, cut)) {
          Batch.decide(batch, whole)
          const loaded = everything(whole)
          assert.deepStrictEqual(kept(whole), kept(loaded))
          whole = loaded
        }
      }),
      { numRuns: 500 }
    )
  })

  it("I2, R2: on a guess that writing proves is deciding on what there is, unless what it makes is there already", () => {
    let right = 0
    let refused = 0
    fc.assert(
      fc.property(capacity, requests, sizes, (seats, drawn, cut) => {
        let whole = given(history(seats))
        const stored = new Map<string, IdempotencyRecord>()
        for (const batch of inBatches(drawn, cut)) {
          const needed = footprint(batch)
          const events = needed.events.flatMap((event) => whole.events.get(event) ?? [])
          if (isGuessable(needed) && withDueSteps(needed, events) === needed) {
            const guessed = Batch.decide(batch, make({ ...nothing, events }))
            const { idempotency, registrations } = guessed.changes
            const isRefused =
              registrations.some(({ registration: { attendee, eventId } }) =>
                whole.active.get(eventId)?.has(attendee.id)
              ) || idempotency.some(({ record }) => stored.has(record.scope.id))
            if (provesNewcomers(needed, guessed.changes)) {
              if (isRefused) refused += 1
              else {
                right += 1
                assert.deepStrictEqual(guessed, Batch.decide(batch, partOf(whole, batch, stored)))
              }
            }
          }
          whole = everything(whole)
          for (const { record } of Batch.decide(batch, whole).changes.idempotency) stored.set(record.scope.id, record)
        }
      }),
      { numRuns: 4_000 }
    )
    assert.isAbove(right, 500, "guesses that were right")
    assert.isAbove(refused, 500, "guesses that were refused")
  })

  it("a batch gives the same answers and the same journal as one request after the other", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const together = Batch.decide(drawn, given(history(seats)))
        const alone = given(history(seats))
        const singles = drawn.map((one) => Batch.decide([one], alone))
        assert.deepStrictEqual(
          together.replies,
          singles.flatMap(({ replies }) => replies)
        )
        assert.deepStrictEqual(
          together.changes.journal,
          singles.flatMap(({ changes }) => changes.journal)
        )
      }),
      { numRuns: 1_000 }
    )
  })

  it("reads the working set and leaves it as it is", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const before = copy(set)
          Admission.decide(one, set)
          assert.deepStrictEqual(set, before)
          Batch.decide([one], set)
        }
      }),
      { numRuns: 300 }
    )
  })

  it("repeated gives the same outcome and no journal events, except for a second registration or deletion", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const bare = { ...one, idempotency: null }
          const first = Batch.decide([bare], set).replies[0]!.answer
          if (Result.isFailure(first) || MAKES.includes(one.command._tag)) continue
          const again = Batch.decide([bare], set)
          // Only whether something has changed may differ.
          const unchanged = "changed" in first.success ? { ...first.success, changed: false } : first.success
          assert.deepStrictEqual(again.replies[0]!.answer, Result.succeed(unchanged))
          assert.deepStrictEqual(again.changes.journal, [])
        }
      }),
      { numRuns: 300 }
    )
  })

  it("V1: a change of the event itself is refused once the event itself has changed since, and else is not", () => {
    let [met, refused] = [0, 0]
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const bare = { ...one, idempotency: null }
          const event = set.events.get(eventIdOf(one))
          // A copy, since the set changes its own event.
          const before = event === undefined ? undefined : { ...event }
          const { expectedVersions: seen = undefined } = one.command as Expecting
          const { changes, replies } = Batch.decide([bare], set)
          const { answer } = replies[0]!
          const itself = changes.journal.filter(({ event }) => !("registration" in event))
          const after = set.events.get(eventIdOf(one))
          if (after !== undefined) {
            const last = itself.at(-1)?.version ?? before?.revision
            assert.strictEqual(after.revision, last, "V1: the revision is the version of the last change")
          }
          if (seen === undefined || before === undefined) continue
          const { revision, version } = before
          // A batch carries promotions on before it decides, which change the version and not the event itself.
          const isSeen = seen.some((seenOne) => seenOne >= revision && seenOne <= version)
          if (Result.isFailure(answer) && answer.failure._tag === "VersionConflict") {
            refused += 1
            assert.isFalse(isSeen, "V1: refused without need")
            assert.deepStrictEqual(itself, [])
          } else if (itself.length > 0) {
            met += 1
            const carriedOn = itself[0]!.version - 1 - version
            const isMet = seen.some((seenOne) => seenOne >= revision && seenOne <= version + carriedOn)
            assert.isTrue(isMet, "V1: one change has undone another")
          }
        }
      }),
      { numRuns: 2_000 }
    )
    assert.isAbove(met, 100)
    assert.isAbove(refused, 100)
  })

  it("refuses with the rejections of its operation only", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const { answer } = Batch.decide([one], set).replies[0]!
          if (Result.isSuccess(answer)) continue
          const known: ReadonlyArray<{ readonly identifier: string }> = byOperation[one.command._tag]
          assert.include(["IdempotencyKeyReused", ...known.map(({ identifier }) => identifier)], answer.failure._tag)
        }
      }),
      { numRuns: 500 }
    )
  })

  it("R1, R6, W1, W4: the journal tells of legal steps only, and of promotions in the order of entry", () => {
    let promotions = 0
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const { changes } = Batch.decide([...history(seats), ...drawn], empty())
        for (const eventId of [EVENT, OTHER]) {
          const entries = changes.journal.filter((entry) => entry.eventId === eventId)
          promotions += entries.filter(({ event }) => event._tag === "RegistrationPromoted").length
          replay(entries)
        }
      }),
      { numRuns: 1_000 }
    )
    assert.isAbove(promotions, 200, "the histories have something to tell")
  })

  it("leaves what its journal tells, from the first entry on", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const decided = empty()
        const { changes } = Batch.decide([...history(seats), ...drawn], decided)
        const told = changes.journal.reduce((set, entry) => evolve(set, entry), empty())
        // The journal tells neither of records nor of steps.
        assert.deepStrictEqual(told, { ...decided, idempotency: new Map(), steps: new Map() })
      }),
      { numRuns: 1_000 }
    )
  })

  it("R1, R2, R3, W2, W3 hold after every request", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const taken = new Map(Array.from(set.events.values(), ({ counts, id: event }) => [event, seatsOf(counts)]))
          Batch.decide([one], set)
          for (const event of set.events.values()) {
            const registrations = [...set.registrations.values()].filter(({ eventId }) => eventId === event.id)
            const inState = (state: string) => registrations.filter((registration) => registration.state === state)
            const now = seatsOf(event.counts)
            const before = taken.get(event.id) ?? 0
            const most = Math.max(event.capacity, before)
            const isReopened = one.command._tag === "ReopenEvent" && eventIdOf(one) === event.id
            // Staff ask for one seat at a time, and a reopened event has the seats again that it had.
            const allowed = isBeyond(one.command) && eventIdOf(one) === event.id ? Math.max(most, before + 1) : most
            assert.isTrue(now <= allowed || isReopened, "R1: or an overhang that shrinks, or that staff asked for")
            const active = registrations.filter(({ state }) => state !== "cancelled").map(({ attendee }) => attendee.id)
            assert.strictEqual(new Set(active).size, active.length, "R2, W3")
            const recount = {
              confirmed: inState("confirmed").length,
              waitlisted: inState("waitlisted").length,
              attended: inState("attended").length,
              noShow: inState("noShow").length
            }
            assert.deepStrictEqual(event.counts, recount, "R3")
            // What has happened at a later time has made it later.
            const isOver = one.now >= event.endsAt || event.updatedAt >= event.endsAt
            if (event.status === "published" && event.id === eventIdOf(one) && !isOver) {
              assert.isFalse(now < event.capacity && event.counts.waitlisted > 0, "W2")
            }
          }
        }
      }),
      { numRuns: 1_000 }
    )
  })
})

const seatsOf = (counts: { readonly confirmed: number; readonly attended: number; readonly noShow: number }) =>
  counts.confirmed + counts.attended + counts.noShow
