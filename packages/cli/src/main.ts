/**
 * The entry point of the command line.
 */
import { run } from "./Program.ts"

// Who reads the output may stop reading, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit()
  throw error
})

process.exitCode = await run(process.argv.slice(2))
