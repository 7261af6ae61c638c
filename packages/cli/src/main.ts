/**
 * The entry point of the command line.
 */
import * as Uncaught from "./output/Uncaught.ts"
import { run } from "./Program.ts"
import { leavesTheRest } from "./Running.ts"

/** The time that is left to a process that does not wait for the rest, once its command has ended. */
const LINGER_MILLIS = 1_000

Uncaught.takeOver()
process.exitCode = await run(process.argv.slice(2))
// The channel to the primary of a server would keep one of its processes alive, also one whose command was wrong usage.
process.channel?.unref()
// Code of others, such as a handler that was given up, may go on and keep a stopped process from ending by itself. Any other
// process stays until its output has been taken.
if (leavesTheRest()) setTimeout(() => process.exit(), LINGER_MILLIS).unref()
