import { defineConfig } from "vitest/config"

const source = "@turnout/source"

// Setting conditions drops Vite's own defaults, hence the last two. Not "module": packages have files under it that only
// bundlers can read.
const resolve = {
  conditions: [source, "node", "development|production"],
  externalConditions: [source, "node"]
}

export default defineConfig({
  // Tests run in the "ssr" environment, globalSetup files in Vitest's own.
  environments: { ssr: { resolve }, __vitest__: { resolve } },
  test: {
    environment: "node",
    // By default one core is left alone; but much of the time is spent waiting, for servers and for leases.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ["test/**/*.test.ts"],
    // Run by commands of their own: `npm run test:packages` needs the packages built, and `npm run test:long` takes its time.
    exclude: ["test/packages/**", "test/long/**"],
    globalSetup: ["./test/support/globalSetup.ts"],
    reporters: ["default", "./test/support/TotalsReporter.ts"]
  }
})
