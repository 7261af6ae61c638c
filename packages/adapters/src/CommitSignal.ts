/**
 * The signal of a commit: within a process, the store that commits notifies the outboxes of the same database.
 *
 * A database has one signal in a process, even if several stores and outboxes are built on it, together or apart. Databases are
 * distinguished by their keys: an object that all of them share, or a text that is the same for all.
 */
export interface CommitSignal {
  /** Notifies all listeners that something may have been committed. */
  readonly notify: () => void
  /** As `onCommit` of an outbox. */
  readonly listen: (listener: () => void) => () => void
}

/** The listeners by the key of their database; a database without listeners is not in it. */
const listeners = new Map<unknown, Set<() => void>>()

/** The signal of the database with this key. */
export const of = (database: unknown): CommitSignal => ({
  notify: () => listeners.get(database)?.forEach((listener) => listener()),
  listen: (listener) => {
    // A function of its own for each call: the same listener may be added twice.
    const own = () => listener()
    const all = listeners.get(database) ?? new Set()
    listeners.set(database, all.add(own))
    return () => {
      all.delete(own)
      if (all.size === 0 && listeners.get(database) === all) listeners.delete(database)
    }
  }
})
