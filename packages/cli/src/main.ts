/**
 * The entry point of the command line.
 */
import * as Output from "./output/Output.ts"
import { run } from "./Program.ts"

// Who reads the output may stop reading, as `head` does. What a command has changed by then stays, and is told on stderr.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
  Output.tellUnread()
  process.exit()
})
// Nobody who stops reading what goes wrong may end work in the middle.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})

process.exitCode = await run(process.argv.slice(2))
