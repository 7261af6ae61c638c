// Adds to package-lock.json every optional platform package that its owner names and that the registry did not serve to
// `npm install`. Without these entries `npm ci` refuses the lock file ("Missing: ... from lock file").
import { readFileSync, writeFileSync } from "node:fs"

const path = process.argv[2] ?? "package-lock.json"
const lock = JSON.parse(readFileSync(path, "utf8"))
const platform =
  /(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(gnu|musl))?/

const added = {}
for (const [at, owner] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    const match = platform.exec(name)
    if (!match || key in lock.packages || `${at}/${key}` in lock.packages) continue
    const [, os, cpu, abi] = match
    added[key] = {
      version,
      cpu: [cpu],
      ...(owner.dev ? { dev: true } : {}),
      ...(abi ? { libc: [abi === "gnu" ? "glibc" : "musl"] } : {}),
      optional: true,
      os: [os]
    }
  }
}
// The entries are sorted as npm sorts them, so that `npm install` leaves the file as it is.
const sorted = Object.entries({ ...lock.packages, ...added }).toSorted(([a], [b]) => a.localeCompare(b, "en"))
lock.packages = Object.fromEntries(sorted)
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`complete-lock: ${Object.keys(added).length} platform packages added`)
