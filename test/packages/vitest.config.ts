import { defineConfig } from "vitest/config"
import base from "../../vitest.config.ts"

/** The tests of the packages as they are published, which need `npm run build` and a registry: `npm run test:packages`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/packages/*.test.ts"],
    exclude: [],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000
  }
})
