/**
 * The contract of an inbox about keys, as a suite: an inbox distinguishes messages by consumer and key when it looks for
 * one, waits for one or forgets one. One line runs it on an inbox:
 *
 * ```ts
 * suite("my inbox", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { Deferred, Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"

/** The differences between inboxes, as data. */
export interface Capabilities {
  /** Whether it deals with more than one message at a time: an embedded database has one connection. */
  readonly dealsAtOnce: boolean
}

const use = <A, E, R>(f: (inbox: Inbox["Service"]) => Effect.Effect<A, E, R>) => Inbox.use(f)

const once = (consumer: string, key: string, effect: Effect.Effect<unknown> = Effect.void) =>
  use((inbox) => inbox.once(consumer, key, effect))

const forget = (before: Date, limit = 1_000) => use((inbox) => inbox.forget(before, limit))

/** A time that is later than all records so far, and earlier than all later ones. */
const moment = Effect.sleep(30).pipe(
  Effect.andThen(Effect.sync(() => new Date())),
  Effect.tap(() => Effect.sleep(30))
)

export const suite = <E>(
  name: string,
  layer: Layer.Layer<Inbox, E>,
  { dealsAtOnce }: Capabilities = { dealsAtOnce: true }
): void => {
  describe(`keys of the inbox: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect(
        "N1: forgets by consumer and key: a message that another consumer has dealt with since stays known",
        () =>
          Effect.gen(function* () {
            const [key, another] = [randomUUID(), randomUUID()]
            yield* once("mail", key)
            const between = yield* moment
            yield* once("sales", key)
            yield* once("mail", another)
            assert.isAtLeast(yield* forget(between), 1)
            assert.isFalse(yield* once("sales", key), "of another consumer")
            assert.isFalse(yield* once("mail", another), "of another key")
            assert.isTrue(yield* once("mail", key), "it was forgotten")
          })
      )

      it.effect("forgets as many as it may, and the rest the next time, for any number that is left", () =>
        Effect.gen(function* () {
          // Removes the records of other tests.
          yield* forget(yield* moment)
          const records = [1, 2, 3, 4, 5].map((n) => [`consumer ${n % 2}`, randomUUID()] as const)
          for (const [consumer, key] of records) yield* once(consumer, key)
          const after = yield* moment
          const forgotten: Array<number> = []
          for (let time = 0; time < 4; time++) forgotten.push(yield* forget(after, 2))
          assert.deepStrictEqual(forgotten, [2, 2, 1, 0])
          for (const [consumer, key] of records) assert.isTrue(yield* once(consumer, key))
        })
      )

      // A store with one connection does not promise this.
      if (dealsAtOnce)
        it.effect("N1: keeps nobody waiting for the message of another consumer, or another key", () =>
          Effect.gen(function* () {
            const key = randomUUID()
            const messages = [
              ["mail", key],
              ["sales", key],
              ["mail", randomUUID()]
            ] as const
            const begun = yield* Effect.forEach(messages, () => Deferred.make<void>())
            // Each effect ends only once all have begun.
            const all = Effect.forEach(begun, (one) => Deferred.await(one), { discard: true })
            const ran = yield* Effect.forEach(
              messages,
              ([consumer, key], index) =>
                once(consumer, key, Effect.andThen(Deferred.succeed(begun[index]!, undefined), all)),
              { concurrency: "unbounded" }
            ).pipe(Effect.timeout("10 seconds"))
            assert.deepStrictEqual(ran, [true, true, true])
          })
        )
    })
  })
}
