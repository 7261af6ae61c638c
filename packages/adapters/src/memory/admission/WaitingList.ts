/**
 * The waitlist of an event, in the order of entry.
 *
 * It is kept in blocks of the sequence, so that finding a place costs the same in a long list as in a short one, and so does
 * taking the first waiter: a single map would keep a hole for everybody who left, and walk over all of them.
 */
import type { Registration, RegistrationId } from "@turnout/core/admission/domain/model/Registration"

const BLOCK = 1_024

export class WaitingList {
  /** The blocks in ascending order, each in the order of entry; none is empty. */
  #blocks = new Map<number, Map<RegistrationId, Registration>>()
  /** The highest sequence that was ever added. */
  #highest = -1
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Adds a registration, or replaces it. Most come at the end of the list; others cost as much as their block is long. */
  add(registration: Registration): void {
    const { id, sequence } = registration
    const number = Math.floor(sequence / BLOCK)
    let block = this.#blocks.get(number)
    const isNew = block?.has(id) !== true
    if (block === undefined) this.#blocks.set(number, (block = new Map()))
    block.set(id, registration)
    if (!isNew) return
    this.#length += 1
    if (sequence > this.#highest) this.#highest = sequence
    else this.#sort(number, block)
  }

  #sort(number: number, block: Map<RegistrationId, Registration>): void {
    const inOrder = [...block].toSorted(([, a], [, b]) => a.sequence - b.sequence)
    this.#blocks.set(number, new Map(inOrder))
    this.#blocks = new Map([...this.#blocks].toSorted(([a], [b]) => a - b))
  }

  delete({ id, sequence }: Registration): void {
    const number = Math.floor(sequence / BLOCK)
    const block = this.#blocks.get(number)
    if (block?.delete(id) !== true) return
    this.#length -= 1
    if (block.size === 0) this.#blocks.delete(number)
  }

  /** The registrations after a place in the sequence, in order. */
  *after(sequence: number): Generator<Registration> {
    for (const [number, block] of this.#blocks) {
      if ((number + 1) * BLOCK <= sequence) continue
      for (const registration of block.values()) if (registration.sequence > sequence) yield registration
    }
  }

  /** The number of waiters up to a place in the sequence. */
  countUpTo(sequence: number): number {
    let count = 0
    for (const [number, block] of this.#blocks) {
      if (number * BLOCK > sequence) break
      if ((number + 1) * BLOCK <= sequence + 1) count += block.size
      else for (const registration of block.values()) if (registration.sequence <= sequence) count += 1
    }
    return count
  }
}
