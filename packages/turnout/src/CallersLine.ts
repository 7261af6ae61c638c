/**
 * The line of the caller in errors.
 *
 * Errors are made deep in the engine, often on behalf of many callers at once, so their stacks lead nowhere near the caller. The
 * stack of whoever waits is known only while a rejection is passed on, and costs nothing before that.
 */

/** Gives an error the stack of those who wait for the async function that calls this. Leaves it as it is if nobody is known. */
export const addTo = (error: unknown): void => {
  if (!(error instanceof Error) || typeof Error.captureStackTrace !== "function") return
  const here: { stack?: string } = {}
  Error.captureStackTrace(here, addTo)
  // After the head comes the async function itself, and then those who wait.
  const [, , ...frames] = (here.stack ?? "").split("\n")
  const waiting = frames.filter((line) => !line.includes("(node:internal/"))
  if (waiting.length > 0) error.stack = [`${error.name}: ${error.message}`, ...waiting].join("\n")
}
