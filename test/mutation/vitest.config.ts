/**
 * The tests that mutants of the domain are shown to: those that need nothing but the code, each property for a short time.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

type Exports = Record<string, { readonly "@turnout/source"?: string }>

/** Where the sources of a package are in the copy that is mutated: `node_modules` links to the original. */
const inCopy = (name: string) => {
  const folder = new URL(`../../packages/${name}/`, import.meta.url)
  const { exports } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as { exports: Exports }
  return Object.entries(exports).flatMap(([path, { "@turnout/source": source }]) => {
    if (source === undefined) return []
    const specifier = `@turnout/${name}${path.slice(1)}`
    const find = new RegExp(`^${specifier.replaceAll(".", "\\.").replace("*", "(.*)")}$`)
    return { find, replacement: fileURLToPath(new URL(source.replace("*", "$1"), folder)) }
  })
}

export default defineConfig({
  resolve: { alias: [...inCopy("core"), ...inCopy("adapters")] },
  test: {
    environment: "node",
    testTimeout: 60_000,
    include: [
      "test/domain/**/*.test.ts",
      "test/property/**/*.test.ts",
      "test/application/{relay,replayer,worker,lanes}.test.ts"
    ],
    // The log of a server is no part of the domain, and looking for its counterexamples takes longer than a property has here.
    exclude: ["test/domain/logWindow.test.ts"],
    setupFiles: ["./test/mutation/setup.ts"],
    testNamePattern: /^(?!small scopes|the decider (> )?meets|a command to register (> )?is made)/,
    bail: 1
  }
})
