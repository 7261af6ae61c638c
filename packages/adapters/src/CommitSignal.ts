/**
 * The signal of a commit: within a process, the store that commits tells the outboxes of the same database.
 *
 * A database has one signal in a process, however many stores and outboxes are built on it, and whether they are built together
 * or apart. Databases are told apart by their keys: an object that all of them share, or a text that is the same for all.
 */
export interface CommitSignal {
  /** Something may have been committed. */
  readonly notify: () => void
  /** As `onCommit` of an outbox. */
  readonly listen: (listener: () => void) => () => void
}

/** Those who listen, by the key of their database; a database that nobody listens to is not in it. */
const listeners = new Map<unknown, Set<() => void>>()

/** The signal of the database with this key. */
export const of = (database: unknown): CommitSignal => ({
  notify: () => listeners.get(database)?.forEach((listener) => listener()),
  listen: (listener) => {
    // One of its own for each call: the same function may listen twice.
    const own = () => listener()
    const all = listeners.get(database) ?? new Set()
    listeners.set(database, all.add(own))
    return () => {
      all.delete(own)
      if (all.size === 0 && listeners.get(database) === all) listeners.delete(database)
    }
  }
})
