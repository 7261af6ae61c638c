import { defineConfig, type Options } from "tsup"

/** One ES module per source file, so every subpath export has its own entry point; shared code goes to chunks. */
const library = (name: string): Options => ({
  name,
  entry: [`packages/${name}/src/**/*.ts`],
  outDir: `packages/${name}/dist`,
  tsconfig: `packages/${name}/tsconfig.json`,
  format: "esm",
  target: "node22",
  platform: "node",
  splitting: true,
  sourcemap: true,
  clean: true,
  dts: false, // declarations come from `tsc -b`: TypeScript 7 has no compiler API for tsup to call
  skipNodeModulesBundle: true
})

export default defineConfig(["core", "adapters", "turnout", "http", "cli"].map(library))
