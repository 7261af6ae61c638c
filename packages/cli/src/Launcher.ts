/**
 * The end of npm, if npm has started this process.
 *
 * `npm start` and `npx` run a command in a shell. A signal that stops npm reaches that shell only, so the command would go on, with
 * nobody left to stop it.
 */

const LOOK_MILLIS = 250

/** Calls `gone` once the shell of npm has ended. Returns how to stop looking. */
export const whenGone = (gone: () => void): (() => void) => {
  if (process.env["npm_lifecycle_event"] === undefined) return () => undefined
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    gone()
  }, LOOK_MILLIS).unref()
  return () => clearInterval(timer)
}
