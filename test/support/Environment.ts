/**
 * The environment of the processes that tests start: neither DATABASE_URL nor PORT, nothing about colours, a free port for the metrics of
 * each, and a cache of compiled code that all of them share, since compiling is most of what starting takes.
 */
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../../", import.meta.url))

/** The Node that runs the tests comes first in the PATH. */
export const environment: Readonly<Record<string, string>> = {
  PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
  HOME: process.env["HOME"] ?? tmpdir(),
  TURNOUT_METRICS_PORT: "0",
  NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/turnout-test-compile")
}
