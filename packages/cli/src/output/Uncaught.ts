/**
 * What Node would do by itself, and print as it is: errors that nobody catches, warnings, and pipes whose reader is gone.
 */
import * as Output from "./Output.ts"

const ofPipe = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EPIPE") throw error
}

/** Takes all of this over. The process ends with exit code 1 after an error that nobody catches, as it would with Node. */
export const takeOver = (): void => {
  // The reader of stdout may stop reading, as `head` does. A command that has changed something by then says so on stderr.
  process.stdout.on("error", (error) => {
    ofPipe(error)
    Output.tellUnread()
    process.exit()
  })
  // A reader of stderr that stops reading must not end work in the middle.
  process.stderr.on("error", ofPipe)
  process.on("uncaughtException", (error: unknown) => {
    Output.stack(error)
    process.exit(1)
  })
  // Without its own listener, Node was told to print no warnings.
  if (process.listenerCount("warning") === 0) return
  process.removeAllListeners("warning").on("warning", ({ message, name }) => Output.notice(`${name}: ${message}`))
}
