/**
 * The tests that mutants of the domain are shown to: those that need nothing but the code, each property for a short time.
 */
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

/** Of the copy that is mutated, which packages do not find each other in: `node_modules` links to the original. */
const inCopy = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@turnout\/core\/(.*)$/, replacement: `${inCopy("packages/core/src")}/$1.ts` },
      { find: /^@turnout\/adapters\/memory$/, replacement: inCopy("packages/adapters/src/memory/MemoryStore.ts") }
    ]
  },
  test: {
    environment: "node",
    testTimeout: 60_000,
    include: [
      "test/domain/**/*.test.ts",
      "test/property/**/*.test.ts",
      "test/application/{relay,replayer,worker,lanes}.test.ts"
    ],
    setupFiles: ["./test/mutation/setup.ts"],
    testNamePattern: /^(?!small scopes|the decider (> )?meets)/,
    bail: 1
  }
})
