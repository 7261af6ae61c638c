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

/** Sweeps through all records, and returns how many messages were forgotten. */
const forget = Effect.fnUntraced(function* (consumer: string | null, ageMillis: number) {
  let forgotten = 0
  while (true) {
    const { deleted, isThrough } = yield* use((inbox) => inbox.forget(consumer, ageMillis))
    forgotten += deleted
    if (isThrough) return forgotten
  }
})

export const suite = <E>(
  name: string,
  layer: Layer.Layer<Inbox, E>,
  { dealsAtOnce }: Capabilities = { dealsAtOnce: true }
): void => {
  describe(`keys of the inbox: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect(
        "N1: forgets by consumer and key: of a consumer only its own messages, and those of no key but the old",
        () =>
          Effect.gen(function* () {
            const [key, another] = [randomUUID(), randomUUID()]
            yield* once("mail", key)
            yield* once("sales", key)
            yield* Effect.sleep(1_500)
            yield* once("mail", another)
            assert.strictEqual(yield* forget("mail", 1_000), 1)
            assert.isFalse(yield* once("sales", key), "of another consumer")
            assert.isFalse(yield* once("mail", another), "of another key")
            assert.isTrue(yield* once("mail", key), "it was forgotten")
          })
      )

      it.effect("forgets the messages of every consumer, if none is named", () =>
        Effect.gen(function* () {
          const records = [1, 2, 3, 4, 5].map((n) => [`consumer ${n % 2}`, randomUUID()] as const)
          for (const [consumer, key] of records) yield* once(consumer, key)
          yield* Effect.sleep(30)
          assert.isAtLeast(yield* forget(null, 10), 5)
          assert.strictEqual(yield* forget(null, 10), 0)
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
