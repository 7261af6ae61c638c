/**
 * The clock of a store, which decides when something opens, closes or expires. Every process decides by it, so all of them decide
 * alike, whatever their own clocks say.
 */
export interface StoreClock {
  /** The present moment by the store's clock, as far as this process knows it; by its own clock before it has heard the store. */
  readonly now: () => Date
  /**
   * By how many milliseconds the store's clock is ahead of the clock of this process: below 0 if it is behind. `undefined` before
   * this process has heard the store.
   */
  readonly aheadMillis: () => number | undefined
}
