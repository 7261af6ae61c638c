/**
 * The entry point of the command line.
 */
import * as Output from "./output/Output.ts"
import { run } from "./Program.ts"

// The reader of stdout may stop reading, as `head` does. A command that has changed something by then says so on stderr.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
  Output.tellUnread()
  process.exit()
})
// A reader of stderr that stops reading must not end work in the middle.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})

process.exitCode = await run(process.argv.slice(2))
