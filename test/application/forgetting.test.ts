/**
 * What runs for long keeps nothing of what is over: lanes of their commands, a worker of its messages.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Lanes from "@turnout/core/admission/application/engine/Lanes"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { toJson } from "@turnout/core/delivery/domain/Message"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import type { Queue } from "@turnout/core/consumer/ports/Queue"
import { Deferred, Effect, Fiber, Logger, Result } from "effect"
import { randomUUID } from "node:crypto"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

/** The bytes that are in use once garbage is collected. */
const used = Effect.promise(async () => {
  for (let time = 0; time < 3; time++) {
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
})

const TIMES = 20_000
/** Of something that is done so often: less than a fiber that has ended takes. */
const MOST_BYTES = 50

const eventId = randomUUID() as EventId

const request: Request = {
  command: { _tag: "PublishEvent", eventId },
  now: new Date(0),
  freshId: randomUUID(),
  idempotency: null,
  metadata: { actor: "ada", correlationId: null, causationId: null }
}

describe("nothing is kept of what is over", { timeout: 120_000 }, () => {
  it.live("by lanes, of commands that were answered", () =>
    Effect.gen(function* () {
      const answer = { answer: Result.fail("no" as never), replayed: false }
      const lanes = yield* Lanes.make((_, close) => Effect.sync(() => close().map(() => answer)))
      const submit = (times: number) => Effect.repeat(lanes.submit(request), { times })
      yield* submit(TIMES / 10)
      const before = yield* used
      yield* submit(TIMES)
      const each = ((yield* used) - before) / TIMES
      assert.isBelow(each, MOST_BYTES, "bytes for each command")
    }).pipe(Effect.scoped)
  )

  it.live("by a worker, of messages that were dealt with", () =>
    Effect.gen(function* () {
      const half = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const measured = yield* Deferred.make<void>()
      const body = toJson({
        id: randomUUID(),
        eventId,
        version: 1,
        type: "EventPublished",
        schemaVersion: 1,
        payload: "{}",
        metadata: { actor: "ada", correlationId: null, causationId: null },
        occurredAt: new Date(0)
      })
      let received = 0
      const queue: Queue = {
        name: "endless",
        visibilityMillis: 60_000,
        receive: () =>
          Effect.gen(function* () {
            if (received === TIMES / 10) {
              yield* Deferred.succeed(half, undefined)
              yield* Deferred.await(measured)
            }
            if (received === TIMES / 10 + TIMES) {
              yield* Deferred.succeed(end, undefined)
              return yield* Effect.never
            }
            received += 1
            return [{ receipt: String(received), body, group: null, receiveCount: 1 }]
          }),
        hide: () => Effect.succeed([]),
        remove: () => Effect.succeed([])
      }
      const inbox = Inbox.of({
        once: (_, __, effect) => Effect.as(effect, true),
        ready: Effect.void,
        forget: () => Effect.succeed({ deleted: 0, isThrough: true })
      })
      const handlers: Consumer.Handlers = { EventPublished: () => Effect.void }
      const worker = yield* Effect.forkChild(
        Effect.provideService(Consumer.run(queue, handlers, { consumer: "test", graceMillis: 0 }), Inbox, inbox)
      )
      yield* Deferred.await(half)
      const before = yield* used
      yield* Deferred.succeed(measured, undefined)
      yield* Deferred.await(end)
      const each = ((yield* used) - before) / TIMES
      assert.isBelow(each, MOST_BYTES, "bytes for each message")
      yield* Fiber.interrupt(worker)
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
