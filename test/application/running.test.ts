/**
 * Commands that run until a signal stops them: what their end means.
 */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import { untilStopped } from "../../packages/cli/src/Running.ts"

/** Begins some work, and sends the signal once it has begun. */
const stopped = async (atEnd: Effect.Effect<unknown, Error>): Promise<boolean> => {
  let begun = () => {}
  const hasBegun = new Promise<void>((resolve) => (begun = resolve))
  const work = Effect.onExit(
    Effect.andThen(
      Effect.sync(() => begun()),
      Effect.never
    ),
    () => Effect.orDie(atEnd)
  )
  const ending = untilStopped({ quiet: true }, work, 10_000)
  await hasBegun
  process.emit("SIGTERM", "SIGTERM")
  return ending
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error
  )

describe("a command that a signal stops", () => {
  it("has done its work", async () => {
    assert.isTrue(await stopped(Effect.void))
  })

  it("has failed if its work fails while it is stopped", async () => {
    const lost = new Error("the rest is lost")
    assert.strictEqual(await rejection(stopped(Effect.fail(lost))), lost)
  })

  it("has failed if its work fails before", async () => {
    const broken = new Error("broken")
    assert.strictEqual(await rejection(untilStopped({}, Effect.fail(broken), 10_000)), broken)
  })
})
