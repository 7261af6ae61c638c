/**
 * Stretches of the audit trail, and how those of its two sources become one list, the latest entry first.
 *
 * A source is read in stretches of bounded length, whatever it holds, so a stretch says how far the source has looked. An entry of one
 * source is listed as soon as the other one is known to have nothing later. Each source keeps its own order, and nothing is left out and
 * nothing is listed twice, whatever the clocks have told. Of two entries of the same moment, that of the log comes first.
 */
import type { AuditEntry } from "./AuditEntry.ts"

/** Some entries of a source, the latest first. */
export interface Stretch<Place> {
  readonly entries: ReadonlyArray<{ readonly place: Place; readonly entry: AuditEntry }>
  /** Up to where the source has looked, and the time there; `null` if it has looked at everything. */
  readonly looked: { readonly place: Place; readonly at: Date } | null
}

/** Where to go on in a source: after a place, from the latest entry on (`latest`), or nowhere, since all of it is listed (`end`). */
export type From<Place> = Place | "latest" | "end"

export interface Merged<Log, Journal> {
  readonly entries: ReadonlyArray<AuditEntry>
  readonly log: From<Log>
  readonly journal: From<Journal>
}

/** A source that is read from its beginning to its end. */
class Reading<Place> {
  readonly #stretch: Stretch<Place>
  readonly #from: From<Place>
  #taken = 0

  constructor(stretch: Stretch<Place>, from: From<Place>) {
    this.#stretch = stretch
    this.#from = from
  }

  /** The time of the next entry; `undefined` if there is none in the stretch. */
  get next(): number | undefined {
    return this.#stretch.entries[this.#taken]?.entry.at.getTime()
  }

  /** The latest time that an entry can have which is not taken yet. */
  get latest(): number {
    return this.next ?? this.#stretch.looked?.at.getTime() ?? -Infinity
  }

  take(): AuditEntry {
    const { entry } = this.#stretch.entries[this.#taken]!
    this.#taken += 1
    return entry
  }

  get place(): From<Place> {
    const { entries, looked } = this.#stretch
    if (this.#taken === entries.length) return looked === null ? "end" : looked.place
    return this.#taken === 0 ? this.#from : entries[this.#taken - 1]!.place
  }
}

/** Joins the stretches that were read from these places, up to so many entries. */
export const merge = <Log, Journal>(
  log: { readonly stretch: Stretch<Log>; readonly from: From<Log> },
  journal: { readonly stretch: Stretch<Journal>; readonly from: From<Journal> },
  limit: number
): Merged<Log, Journal> => {
  const [ofLog, ofJournal] = [new Reading(log.stretch, log.from), new Reading(journal.stretch, journal.from)]
  const entries: Array<AuditEntry> = []
  while (entries.length < limit) {
    if (ofLog.next !== undefined && ofLog.next >= ofJournal.latest) entries.push(ofLog.take())
    else if (ofJournal.next !== undefined && ofJournal.next > ofLog.latest) entries.push(ofJournal.take())
    else break
  }
  return { entries, log: ofLog.place, journal: ofJournal.place }
}
