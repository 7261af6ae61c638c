/**
 * The time of the simulated store: the one true clock, and what processes make of it.
 *
 * A process decides its batches by what it knows of the store's clock, as on a real server: the store tells its time with each
 * transaction, and refuses one that was decided more than a second off, which is then decided again. `TimeWitness` stands on the
 * other side, at the store, and checks what was written against the store's own clock.
 */
import { nothing } from "@turnout/core/admission/domain/state/Changes"
import { type AdmissionStore, type ClosedBatch, MOST_OFF_MILLIS } from "@turnout/core/admission/ports/AdmissionStore"
import * as HeardClock from "@turnout/core/kernel/application/time/HeardClock"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Clock, Context, Effect } from "effect"
import type { Violation } from "./Checkers.ts"
import type { Node, World } from "./World.ts"

type Store = AdmissionStore["Service"]

/** How often a batch is decided again because its time was refused. */
const MOST_RETRIES = 3

/**
 * The store as a process uses it, which hears the store's time through `remote`. `givenUp` is told of a batch whose time was refused
 * again and again, though the process had just heard the store's.
 */
export const decidedBy = (node: Node, remote: Store, givenUp: (violation: Violation) => void): Store => {
  const clock = HeardClock.make(Context.get(node.services, Clock.Clock))
  const transact: Store["transact"] = (events, close) =>
    Effect.suspend(() => {
      let closed: ClosedBatch | undefined
      const attempt = (retries: number): ReturnType<Store["transact"]> =>
        Effect.suspend(() => {
          const askedAt = clock.steady()
          let told: number | undefined
          let isMistimed = false
          const timed = (): ClosedBatch => {
            const { decide, footprint } = (closed ??= close())
            return {
              footprint,
              decide: (set, now) => {
                told = now.getTime()
                const own = clock.isCertain() ? clock.now() : now
                isMistimed = Math.abs(own.getTime() - told) > MOST_OFF_MILLIS
                return isMistimed ? { replies: [], changes: nothing } : decide(set, own)
              }
            }
          }
          return Effect.flatMap(remote.transact(events, timed), (replies) => {
            if (isMistimed) clock.forget()
            clock.hear(askedAt, told!)
            if (!isMistimed) return Effect.succeed(replies)
            if (retries > 0) return attempt(retries - 1)
            givenUp(`R7: ${node.name} never decided at the time of the store`)
            const cause = new Error("decided at another time than the store's")
            return Effect.fail(new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause }) }))
          })
        })
      return attempt(MOST_RETRIES)
    })
  return { ...remote, clock, transact }
}

/** The times of the store between two moments of the simulation. */
export interface StoreTimes {
  readonly earliest: number
  readonly latest: number
}

/** Checks R7 on what the store writes, and remembers how the store's clock was set. */
export class TimeWitness {
  readonly #world: World
  readonly #node: Node
  /** The lead of the store's clock from a moment on. */
  readonly #leads: Array<{ readonly from: number; readonly millis: number }>
  readonly #last = new Map<string, number>()
  readonly violations: Array<Violation> = []

  constructor(world: World, node: Node) {
    this.#world = world
    this.#node = node
    this.#leads = [{ from: -Infinity, millis: node.skewMillis }]
  }

  /** Notes that the store's clock has been set. */
  noteSet(): void {
    this.#leads.push({ from: this.#world.elapsed, millis: this.#node.skewMillis })
  }

  /** What the store's clock has shown between two moments, in milliseconds since the beginning. */
  between(from: number, to: number): StoreTimes {
    const shown = this.#leads.flatMap(({ from: start, millis }, index) => {
      const end = this.#leads[index + 1]?.from ?? Infinity
      return start <= to && end >= from ? [Math.max(from, start) + millis, Math.min(to, end) + millis] : []
    })
    const beginning = this.#world.now - this.#world.elapsed
    return { earliest: beginning + Math.min(...shown), latest: beginning + Math.max(...shown) }
  }

  /** The store, with the times of what it writes checked. */
  watch(store: Store): Store {
    return {
      ...store,
      transact: (events, close) =>
        store.transact(events, () => {
          const { decide, footprint } = close()
          return {
            footprint,
            decide: (set, now) => {
              const batch = decide(set, now)
              for (const { eventId, occurredAt, version } of batch.changes.journal) {
                const at = occurredAt.getTime()
                const last = this.#last.get(eventId) ?? -Infinity
                const own = this.#world.now + this.#node.skewMillis
                const isOfTheStore = Math.abs(at - own) <= MOST_OFF_MILLIS
                // If the clock was set back, time stands still at the last entry.
                const standsStill = at === last && own < at
                if (at < last || !(isOfTheStore || standsStill))
                  this.violations.push(
                    `R7: version ${version} of ${eventId} happened at ${at}, after ${last}, when it was ${own}`
                  )
                this.#last.set(eventId, at)
              }
              return batch
            }
          }
        })
    }
  }
}
