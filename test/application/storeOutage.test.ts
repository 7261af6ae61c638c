/**
 * What operators are told of a store that is away.
 */
import { assert, describe, it } from "@effect/vitest"
import * as StoreOutage from "@turnout/core/kernel/application/StoreOutage"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"

const unavailable = (words: string, code?: string) =>
  new StoreError.StoreError({
    reason: new StoreError.Unavailable({ cause: Object.assign(new Error(words), code === undefined ? {} : { code }) })
  })

const capture = () => {
  const lines: Array<string> = []
  return {
    lines,
    logging: Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))]))
  }
}

describe("the log", () => {
  it.effect("tells each cause once a second, in the store's words, whoever meets with it", () => {
    const { lines, logging } = capture()
    return Effect.gen(function* () {
      for (let millis = 0; millis < 3_000; millis += 10) {
        yield* StoreOutage.log("requests are refused", unavailable(`row ${millis} is read-only`, "25006"))
        yield* StoreOutage.log("the relay waits", unavailable(`row ${millis} is read-only`, "25006"))
        yield* StoreOutage.log("the relay waits", unavailable("no password"))
        yield* TestClock.adjust(10)
      }
      assert.deepStrictEqual(lines, [
        "requests are refused: row 0 is read-only",
        "the relay waits: no password",
        "requests are refused: row 1000 is read-only",
        "the relay waits: no password",
        "requests are refused: row 2000 is read-only",
        "the relay waits: no password"
      ])
    }).pipe(logging)
  })

  it.effect("is one line, whatever words the store has, and shows what a terminal would obey", () => {
    const { lines, logging } = capture()
    return Effect.gen(function* () {
      yield* StoreOutage.log("the relay waits", unavailable("no\nlevel=INFO \u001b[2J\u202e"))
      assert.deepStrictEqual(lines, [String.raw`the relay waits: no\nlevel=INFO \x1b[2J\u202e`])
    }).pipe(logging)
  })

  it.effect("says what to do where the store's words do not", () => {
    const { lines, logging } = capture()
    const cause = new Error("migration 9 is needed")
    const error = new StoreError.StoreError({ reason: new StoreError.NotMigrated({ cause }) })
    return Effect.gen(function* () {
      yield* StoreOutage.log("the store is not ready", error)
      assert.deepStrictEqual(lines, [`the store is not ready: migration 9 is needed. ${error.message}`])
    }).pipe(logging)
  })
})
