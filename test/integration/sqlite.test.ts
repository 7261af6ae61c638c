/**
 * Loading SQLite says nothing to users about SQLite, and keeps nothing else from them.
 */
import { assert, it } from "vitest"
// oxlint-disable-next-line no-restricted-imports -- what the lock is made of is nobody else's business
import { withoutWarning } from "../../packages/adapters/src/pglite/Sqlite.ts"

it("leaves out the warning of Node 22 about SQLite, and no other", () => {
  const emit = process.emitWarning
  const warned: Array<ReadonlyArray<unknown>> = []
  const recording = ((...given: ReadonlyArray<unknown>) => void warned.push(given)) as typeof emit
  process.emitWarning = recording
  try {
    const loaded = withoutWarning(() => {
      process.emitWarning("SQLite is an experimental feature and might change at any time", "ExperimentalWarning")
      process.emitWarning("Glass is an experimental feature and might change at any time", "ExperimentalWarning")
      process.emitWarning("SQLite is an experimental feature", "DeprecationWarning")
      return "loaded"
    })
    assert.strictEqual(loaded, "loaded")
    assert.deepStrictEqual(warned, [
      ["Glass is an experimental feature and might change at any time", "ExperimentalWarning"],
      ["SQLite is an experimental feature", "DeprecationWarning"]
    ])
    assert.throws(() =>
      withoutWarning(() => {
        throw new Error("not there")
      })
    )
    assert.strictEqual(process.emitWarning, recording)
  } finally {
    process.emitWarning = emit
  }
})
