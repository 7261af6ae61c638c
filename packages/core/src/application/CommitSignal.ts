/**
 * Tells whoever reads the journal in this process that something may have been committed, so that nobody has to ask the
 * store all the time. A hint, not a promise: other processes commit as well, and are found by asking now and then.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export class CommitSignal extends Context.Service<
  CommitSignal,
  {
    readonly notify: () => void
    /** Calls the listener at every commit, until the function that it gives is called. The listener must not throw. */
    readonly listen: (listener: () => void) => () => void
  }
>()("@turnout/core/application/CommitSignal") {}

export const layer: Layer.Layer<CommitSignal> = Layer.sync(CommitSignal, () => {
  const listeners = new Set<() => void>()
  return CommitSignal.of({
    notify: () => listeners.forEach((listener) => listener()),
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  })
})
