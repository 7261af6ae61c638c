/**
 * What is told of work that was partly done: never that nothing has changed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import * as Redriving from "@turnout/core/consumer/application/Redriving"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { type DeadLetters, DeadLettersOutOfReach } from "@turnout/core/consumer/ports/DeadLetters"
import { QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Deferred, Effect, Fiber } from "effect"

const cause = new Error("down")
const REASONS = StoreError.StoreErrorReason.members.map((Reason) => new Reason({ cause }))

describe("an error of one commit", () => {
  for (const reason of REASONS)
    it(`${reason._tag} does not say of all of them that nothing has changed`, () => {
      const error = new StoreError.StoreError({ reason })
      const { message } = new PartlyDone.PartlyDone({
        done: { moved: 1 },
        told: "1 was moved.",
        next: "Go on.",
        cause: error
      })
      assert.notMatch(message, /nothing (has|was|is) (been )?changed/i)
      assert.match(message, /^1 was moved\. [A-Z].*[.\w] Go on\.$/)
    })

  it("keeps everything else that it says", () => {
    const says = (message: string) => PartlyDone.reasonOf(new Error(message))
    assert.strictEqual(says("It is away; nothing has changed. Try again."), "It is away. Try again.")
    assert.strictEqual(says("It is away, and nothing was changed: wait."), "It is away: wait.")
    assert.strictEqual(says("Nothing has changed. Try again."), "Try again.")
    assert.strictEqual(says("All is well."), "All is well.")
    assert.notMatch(PartlyDone.reasonOf(new Overloaded({ retryAfterMillis: 1 })), /nothing has changed/)
  })
})

/** Dead letters that are moved one after the other. */
const letters = (ids: ReadonlyArray<string>): DeadLetters => {
  const left = ids.map((id) => ({ id, group: null, sentAt: new Date(0), receiveCount: 1, body: id, message: null }))
  return {
    name: "queue-dead",
    to: "queue",
    count: Effect.sync(() => left.length),
    list: (limit) => Effect.sync(() => left.slice(0, limit)),
    redrive: ({ most = Infinity, onMoved }) =>
      Effect.sync(() => {
        const moved = left.splice(0, most)
        moved.forEach((letter, index) => onMoved?.(index + 1, letter))
        return moved.length
      })
  }
}

const auditLog = (note: AuditLog["Service"]["note"]) => {
  const noted: Array<unknown> = []
  const service = AuditLog.of({
    note: (...args) => Effect.tap(note(...args), () => Effect.sync(() => noted.push(args[2]))),
    list: () => Effect.succeed([])
  })
  return { noted, provide: Effect.provideService(AuditLog, service) }
}
const isDown = Effect.fail(new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause }) }))
const queueIsDown = Effect.fail(new QueueUnavailable({ cause }))

/** Of which the rest fails after one. */
const failing = (
  dead: DeadLetters,
  rest: Effect.Effect<number, QueueUnavailable | DeadLettersOutOfReach>
): DeadLetters => ({
  ...dead,
  redrive: (asked) => Effect.andThen(dead.redrive({ ...asked, most: 1 }), rest)
})

describe("moving dead letters", () => {
  it.effect("tells what was moved before the queue failed, and writes it down", () =>
    Effect.gen(function* () {
      const { noted, provide } = auditLog(() => Effect.void)
      const error = yield* Redriving.redrive(failing(letters(["a", "b"]), queueIsDown), {}, "ada").pipe(
        provide,
        Effect.flip
      )
      assert.deepStrictEqual([error._tag, (error as PartlyDone.PartlyDone).done], ["PartlyDone", { moved: 1 }])
      assert.include(error.message, "The queue cannot be reached")
      assert.deepStrictEqual(noted, [{ from: "queue-dead", to: "queue", messages: 1 }])
    })
  )

  it.effect("tells what was moved although the store cannot be told", () =>
    Effect.gen(function* () {
      const { provide } = auditLog(() => isDown)
      const error = yield* Redriving.redrive(letters(["a", "b"]), {}, "ada").pipe(provide, Effect.flip)
      assert.deepStrictEqual((error as PartlyDone.PartlyDone).done, { moved: 2 })
      assert.include(error.message, "The audit log does not have it.")
      assert.notInclude(error.message, "nothing has changed")
      const both = yield* Redriving.redrive(failing(letters(["a", "b"]), queueIsDown), {}, "ada").pipe(
        provide,
        Effect.flip
      )
      assert.include(both.message, "The queue cannot be reached")
      assert.include(both.message, "The audit log does not have it.")
    })
  )

  it.effect("tells what is out of reach, and not that moving again goes on", () =>
    Effect.gen(function* () {
      const { noted, provide } = auditLog(() => Effect.void)
      const outOfReach = new DeadLettersOutOfReach({
        moved: 1,
        missing: ["c"],
        groups: [{ group: "stream", before: ["b"] }]
      })
      const error = yield* Redriving.redrive(
        failing(letters(["a", "b"]), Effect.fail(outOfReach)),
        { only: ["a", "c"] },
        "ada"
      ).pipe(provide, Effect.flip)
      assert.deepStrictEqual([error._tag, (error as PartlyDone.PartlyDone).done], ["PartlyDone", { moved: 1 }])
      assert.include(error.message, outOfReach.message)
      assert.notInclude(error.message, "goes on")
      assert.deepStrictEqual(noted, [{ from: "queue-dead", to: "queue", messages: 1 }])
      const none: DeadLetters = { ...letters([]), redrive: () => Effect.fail(outOfReach) }
      assert.strictEqual(yield* Effect.flip(provide(Redriving.redrive(none, { only: ["c"] }, "ada"))), outOfReach)
    })
  )

  it.effect("fails as it is where nothing was moved", () =>
    Effect.gen(function* () {
      const { provide } = auditLog(() => Effect.void)
      const none: DeadLetters = { ...letters(["a"]), redrive: () => queueIsDown }
      assert.strictEqual(
        (yield* Redriving.redrive(none, {}, "ada").pipe(provide, Effect.flip))._tag,
        "QueueUnavailable"
      )
      const { provide: down } = auditLog(() => isDown)
      assert.strictEqual((yield* Redriving.redrive(letters([]), {}, "ada").pipe(down, Effect.flip))._tag, "StoreError")
    })
  )

  it.effect("writes down what was moved before it was interrupted", () =>
    Effect.gen(function* () {
      const { noted, provide } = auditLog(() => Effect.void)
      const moved = yield* Deferred.make<void>()
      const waiting = failing(letters(["a", "b"]), Effect.andThen(Deferred.succeed(moved, undefined), Effect.never))
      const fiber = yield* Effect.forkChild(provide(Redriving.redrive(waiting, {}, "ada")))
      yield* Deferred.await(moved)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(noted, [{ from: "queue-dead", to: "queue", messages: 1 }])
    })
  )
})
