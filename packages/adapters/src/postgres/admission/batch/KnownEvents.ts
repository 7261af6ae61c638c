/**
 * Events as this process wrote them last, which it may guess that they still are (see `Guess` in the domain).
 *
 * As long as no other process serves an event, the guess is right. No commit rests on this memory alone: a write on a guess
 * carries the message id of the last journal entry of each event, and changes nothing if one of them is not the last that the
 * server has. The version would not do: after a failover that has lost commits, another history of the event may have the same
 * version.
 */
import type { Changes } from "@turnout/core/admission/domain/state/Changes"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"

/** The most events that are remembered; those that were written longest ago are forgotten. */
const MAX_KNOWN = 4_096
/** How many batches make no guess after a wrong one: at first, and at most. */
const FIRST_REST = 2
const LONGEST_REST = 64

/**
 * Whether to bet on a condition that holds most of the time. After it did not hold, there is no bet for a number of batches,
 * which doubles each time, until the condition has held for long.
 */
class Confidence {
  #rest = 0
  #nextRest = FIRST_REST
  #passed = 0

  get isThere(): boolean {
    return this.#rest === 0
  }

  /** Notes that a batch has gone by. */
  pass(): void {
    if (this.#rest > 0) this.#rest -= 1
    this.#passed += 1
    if (this.#passed > LONGEST_REST) this.#nextRest = FIRST_REST
  }

  lose(): void {
    this.#rest = this.#nextRest
    this.#nextRest = Math.min(this.#nextRest * 2, LONGEST_REST)
    this.#passed = 0
  }
}

/** An event, and the message id of the last entry of its journal. */
export interface KnownEvent {
  readonly event: Event
  readonly lastMessageId: string
}

interface Entry {
  known: KnownEvent
  /** The condition that no other process writes the event. */
  readonly inBeingAlone: Confidence
  /** The condition that a batch is about attendees and keys that are all new. */
  readonly inNewcomers: Confidence
}

export class KnownEvents {
  readonly #entries = new Map<EventId, Entry>()

  /** All of these events as they were written last, if each of them is known and likely to be unchanged. */
  recall(ids: ReadonlyArray<EventId>): ReadonlyArray<KnownEvent> | undefined {
    const found: Array<KnownEvent> = []
    for (const id of ids) {
      const entry = this.#entries.get(id)
      if (entry === undefined || !entry.inBeingAlone.isThere) return undefined
      found.push(entry.known)
    }
    return found
  }

  /** Whether another process has written one of these events lately. */
  areShared(ids: ReadonlyArray<EventId>): boolean {
    return ids.some((id) => this.#entries.get(id)?.inBeingAlone.isThere === false)
  }

  /** Whether a batch about these events is likely to be about newcomers alone. */
  expectsNewcomers(ids: ReadonlyArray<EventId>): boolean {
    return ids.every((id) => this.#entries.get(id)?.inNewcomers.isThere !== false)
  }

  /** Compares events, as they were found under their locks, with the remembered ones. */
  compare(found: ReadonlyArray<Event>): void {
    for (const { id, version } of found) {
      const entry = this.#entries.get(id)
      if (entry !== undefined && entry.known.event.version !== version) entry.inBeingAlone.lose()
    }
  }

  /** Notes that a batch about these events was not about newcomers alone, or could not be shown to be. */
  metOthers(ids: ReadonlyArray<EventId>): void {
    for (const id of ids) this.#entries.get(id)?.inNewcomers.lose()
  }

  /** Remembers the changes that were committed, with the message ids of their journal entries. */
  learn({ deletedEvents, events, journal }: Changes, messageIds: ReadonlyArray<string>): void {
    for (const id of deletedEvents) this.#entries.delete(id)
    const last = new Map<EventId, string>()
    journal.forEach(({ eventId }, index) => last.set(eventId, messageIds[index]!))
    for (const { event } of events) {
      const known = { event, lastMessageId: last.get(event.id)! }
      const entry = this.#entries.get(event.id)
      if (entry === undefined) {
        this.#entries.set(event.id, { known, inBeingAlone: new Confidence(), inNewcomers: new Confidence() })
        continue
      }
      entry.known = known
      entry.inBeingAlone.pass()
      entry.inNewcomers.pass()
      // The entry moves to the end: the events that were written longest ago come first.
      this.#entries.delete(event.id)
      this.#entries.set(event.id, entry)
    }
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= MAX_KNOWN) break
      this.#entries.delete(id)
    }
  }
}
