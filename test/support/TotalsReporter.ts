import type { Reporter, SerializedError, TestModule, TestRunEndReason } from "vitest/node"

/** Ends the test run's output with one line of totals: "N passed, N failed", plus ", N skipped" when there are any. */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(
    modules: ReadonlyArray<TestModule>,
    unhandledErrors: ReadonlyArray<SerializedError>,
    reason: TestRunEndReason
  ): void {
    let passed = 0
    let skipped = 0
    let failed = unhandledErrors.length
    for (const module of modules) {
      let failedInside = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === "passed") passed += 1
        else if (state === "skipped") skipped += 1
        else failedInside += 1
      }
      // A module or suite that breaks outside its tests (import error, failing hook) counts once.
      failed += failedInside > 0 ? failedInside : module.state() === "failed" ? 1 : 0
    }
    if (reason === "failed" && failed === 0) failed = 1
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
    // Printed on exit, so that nothing any other reporter writes at the end comes after it.
    process.once("exit", () => process.stdout.write(`${line}\n`))
  }
}
