/**
 * The contract of a registration store about what is written together: the journal, commands in one transaction, and
 * concurrent callers.
 */
import { assert, describe } from "@effect/vitest"
import { MAX_COMMANDS } from "@turnout/core/admission/application/Commands"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { parse } from "@turnout/core/kernel/domain/TraceParent"
import { Effect, Result, Tracer } from "effect"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, use } from "./AdmissionGiven.ts"

/** The differences between stores, as data. */
export interface Capabilities {
  /** The number of concurrent callers in the largest test. */
  readonly callers: number
}

const traceParent = (n: number, flags = "01"): string =>
  `00-4bf92f3577b34da6a3ce929d0e0e473${n}-00f067aa0ba902b${n}-${flags}`

const register =
  (eventId: EventId) =>
  (n: number): Command => ({
    _tag: "Register",
    eventId,
    attendee: fromInput({ email: `person-${n}@example.com` }),
    notes: "",
    registeredAt: null
  })

export const batches = (it: It, capabilities: Capabilities): void => {
  describe("journal", () => {
    it.effect("O1: has an entry for each change, with its principal, and none for a refusal", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1, waitlist: "closed" })
        const options = { actor: "ada", correlationId: "request 1", causationId: "click 1" }
        yield* use((turnout) => turnout.register(event.id, Given.person(1), options))
        yield* Effect.flip(Given.register(event.id, 2))
        const { journal } = yield* Invariants.hold(event.id)
        assert.deepStrictEqual(
          journal.map(({ type }) => type),
          ["EventCreated", "EventPublished", "AttendeeRegistered"]
        )
        assert.deepStrictEqual(journal[2]?.metadata, options)
        assert.deepStrictEqual(
          journal.slice(0, 2).map(({ occurredAt }) => occurredAt),
          [event.createdAt, event.updatedAt]
        )
        assert.strictEqual(new Set(journal.map(({ id }) => id)).size, 3)
      })
    )

    it.effect(
      "has the span of each command, those that are committed together included, and none where there was none",
      () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent({ capacity: 9 })
          const traced = [1, 2, null, 3].map((n, index) => ({
            command: register(event.id)(index + 1),
            options: n === null ? { traceParent: "none that is valid" } : { traceParent: traceParent(n) }
          }))
          yield* use((turnout) => turnout.executeAll(traced))
          yield* Effect.forEach(
            [5, 6],
            (n) =>
              use((turnout) => turnout.register(event.id, Given.person(n))).pipe(
                Effect.withParentSpan(Tracer.externalSpan({ ...parse(traceParent(n))!, sampled: n === 5 }))
              ),
            { concurrency: "unbounded" }
          )
          const { journal } = yield* Invariants.hold(event.id)
          assert.sameDeepMembers(
            journal.map(({ metadata }) => metadata.traceParent ?? null),
            [null, null, traceParent(1), traceParent(2), null, traceParent(3), traceParent(5), traceParent(6, "00")]
          )
          assert.notProperty(journal[0]!.metadata, "traceParent")
        })
    )

    it.effect("has a promotion in the span of the command that has freed the seat", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [seated] = yield* Given.registerAll(event.id, 2)
        yield* use((turnout) => turnout.cancelRegistration(event.id, seated!.id, { traceParent: traceParent(7) }))
        const { journal } = yield* Invariants.hold(event.id)
        assert.deepStrictEqual(
          journal.slice(-2).map(({ metadata, type }) => [type, metadata.traceParent]),
          [
            ["RegistrationCancelled", traceParent(7)],
            ["RegistrationPromoted", traceParent(7)]
          ]
        )
      })
    )
  })

  describe("commands together", () => {
    it.effect("a registration that one commit makes and ends knows what it was cancelled for", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const commands: ReadonlyArray<Command> = [
          ...[1, 2].map(register(event.id)),
          { _tag: "CancelEvent", eventId: event.id },
          { _tag: "ReopenEvent", eventId: event.id },
          { _tag: "CancelEvent", eventId: event.id }
        ]
        const replies = yield* use((turnout) => turnout.executeAll(commands.map((command) => ({ command }))))
        assert.isTrue(replies.every(({ answer }) => Result.isSuccess(answer)))
        yield* Invariants.hold(event.id)
        yield* use((turnout) => turnout.reopenEvent(event.id))
        const { event: after } = yield* Invariants.hold(event.id)
        assert.deepInclude(after.counts, { confirmed: 1, waitlisted: 1 })
      })
    )

    it.effect("a batch of commands of every kind about one event stores all that they change", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent({ capacity: 1 })
        const commands: ReadonlyArray<Command> = [
          { _tag: "UpdateEvent", eventId: event.id, changes: { title: "Another title" } },
          { _tag: "PublishEvent", eventId: event.id },
          { _tag: "ChangeCapacity", eventId: event.id, capacity: 2, keepOverhang: false, demote: null },
          ...[1, 2, 3].map(register(event.id))
        ]
        const replies = yield* use((turnout) => turnout.executeAll(commands.map((command) => ({ command }))))
        assert.isTrue(replies.every(({ answer }) => Result.isSuccess(answer)))
        const { event: after } = yield* Invariants.hold(event.id)
        assert.deepStrictEqual([after.title, after.status, after.capacity], ["Another title", "published", 2])
        assert.deepInclude(after.counts, { confirmed: 2, waitlisted: 1 })
      })
    )

    it.effect("refuses more commands at once than it can bound", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        const command = { _tag: "PublishEvent", eventId: event.id } as const
        const commands = Array.from({ length: MAX_COMMANDS + 1 }, () => ({ command }))
        assert.strictEqual((yield* Effect.flip(use((turnout) => turnout.executeAll(commands))))._tag, "InvalidInput")
      })
    )
  })

  describe("concurrent callers", () => {
    const callers = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

    it.effect("R1: 100 callers for 1 seat: one is confirmed, 99 wait", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        yield* Effect.forEach(callers(100), (n) => Given.register(event.id, n), { concurrency: "unbounded" })
        const { event: after } = yield* Invariants.hold(event.id)
        assert.deepInclude(after.counts, { confirmed: 1, waitlisted: 99 })
      })
    )

    it.effect(`R1: ${capabilities.callers} callers for half as many seats`, () =>
      Effect.gen(function* () {
        const half = capabilities.callers / 2
        const event = yield* Given.publishedEvent({ capacity: half })
        yield* Effect.forEach(callers(capabilities.callers), (n) => Given.register(event.id, n), {
          concurrency: "unbounded"
        })
        const { event: after } = yield* Invariants.hold(event.id)
        assert.deepInclude(after.counts, { confirmed: half, waitlisted: half })
      })
    )

    it.effect("R1, R6: batches of a thousand commands from several callers at once do not mix", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1_000 })
        const batch = (first: number) =>
          callers(1_000).map((n) => ({
            command: {
              _tag: "Register" as const,
              eventId: event.id,
              attendee: fromInput({ email: `person-${first + n}@example.com` }),
              notes: "",
              registeredAt: null
            }
          }))
        yield* Effect.forEach([0, 1_000, 2_000], (first) => use((turnout) => turnout.executeAll(batch(first))), {
          concurrency: "unbounded"
        })
        const { event: after } = yield* Invariants.hold(event.id)
        assert.deepInclude(after.counts, { confirmed: 1_000, waitlisted: 2_000 })
      })
    )

    it.effect("G2: batches over the same events in different orders neither deadlock nor starve", () =>
      Effect.gen(function* () {
        const events = yield* Effect.forEach(callers(5), () => Given.publishedEvent({ capacity: 3 }))
        yield* Effect.forEach(
          callers(20),
          (n) => {
            const order = n % 2 === 0 ? events : events.toReversed()
            return use((turnout) =>
              turnout.executeAll(
                order.map(({ id }) => ({
                  command: {
                    _tag: "Register" as const,
                    eventId: id,
                    attendee: fromInput({ email: `person-${n}@example.com` }),
                    notes: "",
                    registeredAt: null
                  }
                }))
              )
            )
          },
          { concurrency: "unbounded" }
        )
        for (const { id } of events) {
          assert.deepInclude((yield* Invariants.hold(id)).event.counts, { confirmed: 3, waitlisted: 17 })
        }
      })
    )

    it.effect("R1 to R6, W1 to W6: register, cancel and change capacity at once from 20 callers", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 10 })
        const worker = Effect.fnUntraced(function* (worker: number) {
          for (let round = 0; round < 15; round++) {
            const registered = yield* Effect.result(Given.register(event.id, (worker * 7 + round * 3) % 60))
            if (Result.isSuccess(registered) && round % 3 === 0) {
              yield* use((turnout) => turnout.cancelRegistration(event.id, registered.success.id))
            }
            if (round % 5 === 4) {
              const capacity = 5 + ((worker + round) % 15)
              yield* use((turnout) => turnout.changeCapacity(event.id, { capacity, keepOverhang: true }))
            }
          }
        })
        yield* Effect.forEach(callers(20), worker, { concurrency: "unbounded" })
        yield* Invariants.hold(event.id)
      })
    )
  })
}
