import { defineConfig } from "vitest/config"
import base from "../../vitest.config.ts"

/** The tests that start and stop servers and processes many times, which take minutes each: `npm run test:long`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ["test/long/*.test.ts"], exclude: [] }
})
