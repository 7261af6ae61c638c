/**
 * The entry point of the command line.
 */
import { run } from "./Program.ts"

process.exitCode = await run(process.argv.slice(2))
