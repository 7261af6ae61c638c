#!/usr/bin/env node
// In a checkout the sources are run as they are; a published package runs what was built from them.
import { existsSync } from "node:fs"
import * as module from "node:module"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`turnout needs Node.js 22.19 or newer; this is ${process.version}.`)
  process.exit(1)
}

// Starting is mostly compiling: what was compiled once is kept.
module.enableCompileCache?.()

const source = new URL("../src/main.ts", import.meta.url)
const published = import.meta.url.includes("/node_modules/") || !existsSync(source)
if (!published) {
  module.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, "@turnout/source"] })
  })
}
await import(published ? "../dist/main.js" : source.href)
