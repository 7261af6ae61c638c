// Copies the declarations that `tsc -b` has written to packages/*/.tsbuild into dist, and turns the import paths "./X.ts" into
// "./X.js", since TypeScript rewrites relative extensions only in JavaScript. Both paths have the same length, so the
// declaration maps stay exact.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

const relativeTs = /(\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)(["'])(\.{1,2}\/[^"']*)\.ts\2/g

for (const file of globSync("packages/*/.tsbuild/**/*.{d.ts,d.ts.map}")) {
  const source = file.replace(".tsbuild", "src").replace(/\.d\.ts(\.map)?$/, ".ts")
  if (!existsSync(source)) continue // left over from a deleted file
  const target = file.replace(".tsbuild", "dist")
  const text = readFileSync(file, "utf8")
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, file.endsWith(".map") ? text : text.replace(relativeTs, "$1$2$3.js$2"))
}
