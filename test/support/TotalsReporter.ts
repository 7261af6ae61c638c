import type { Reporter, SerializedError, TestModule, TestRunEndReason } from "vitest/node"

/** Ends the output of a test run with one line of totals: "N passed, N failed", and ", N skipped" if tests were skipped. */
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
      // A module or suite that fails outside of its tests, by an import or a hook, counts once.
      failed += failedInside > 0 ? failedInside : module.state() === "failed" ? 1 : 0
    }
    if (reason === "failed" && failed === 0) failed = 1
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
    // The line is printed on exit, so that it comes after the output of the other reporters.
    process.once("exit", () => process.stdout.write(`${line}\n`))
  }
}
