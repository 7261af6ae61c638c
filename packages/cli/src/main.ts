/**
 * The entry point of the command line.
 */
import * as Uncaught from "./output/Uncaught.ts"
import { run } from "./Program.ts"

Uncaught.takeOver()
process.exitCode = await run(process.argv.slice(2))
