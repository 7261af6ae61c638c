/**
 * Batches: which entries go to SQS together next.
 *
 * - A batch keeps to the limits. Only an entry that exceeds the byte limit by itself is sent in spite of it, alone.
 * - The entries of a group go in order. A group is *busy*, and none of its entries goes, while a batch with an entry of it is
 *   under way.
 * - A second entry of a group goes only if no entry of another group is left that fits, so entries that depend on each other
 *   rarely share a batch.
 * - The groups with the most entries go first. Ten short groups would fill a batch as well, but the long ones would be left
 *   for the end, one entry to a batch.
 */

export interface Sizeable {
  /** The group, whose entries are sent in order. */
  readonly group: string
  readonly bytes: number
}

export interface BatchLimits {
  /** The most entries of a batch. */
  readonly entries: number
  /** The most bytes of a batch. */
  readonly bytes: number
  /** The most entries of one group in a batch. */
  readonly entriesPerGroup: number
}

/** The next batch of the waiting entries, which are given in order; empty if all of them are of busy groups, or none waits. */
export const next = <E extends Sizeable>(
  waiting: ReadonlyArray<E>,
  busy: ReadonlySet<string>,
  limits: BatchLimits
): ReadonlyArray<E> => {
  const groups = Array.from(Map.groupBy(waiting, ({ group }) => group).values())
    .filter(([first]) => !busy.has(first!.group))
    .toSorted((a, b) => b.length - a.length)
  const batch: Array<E> = []
  let bytes = 0
  const fits = (entry: E): boolean =>
    batch.length === 0 || (batch.length < limits.entries && bytes + entry.bytes <= limits.bytes)

  let open: ReadonlyArray<ReadonlyArray<E>> = groups
  for (let place = 0; place < limits.entriesPerGroup; place++) {
    const going: Array<ReadonlyArray<E>> = []
    for (const group of open) {
      const entry = group[place]
      // An entry that does not fit keeps the later ones of its group back.
      if (entry === undefined || !fits(entry)) continue
      batch.push(entry)
      bytes += entry.bytes
      going.push(group)
    }
    open = going
  }
  return batch
}
