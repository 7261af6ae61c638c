/**
 * What is told of an outage: its beginning, each other cause that it takes on, and its end, instead of every attempt in vain.
 *
 * An outage is over when something has worked after the last failure, and nothing has failed for `CALM_MILLIS` since: something that
 * works every second time is one outage, and not a hundred.
 */

/** How long nothing may have failed until an outage is over. */
export const CALM_MILLIS = 5_000
/** The most causes of an outage that are told. */
const MAX_CAUSES = 10

export interface Outage {
  /** Notes a failure. Returns whether to tell of it: the outage begins, or has taken on another cause. */
  readonly failed: (cause: string) => boolean
  /** Notes that something has worked. */
  readonly worked: () => void
  /** The milliseconds from the first failure to the last, once, if the outage is over. */
  readonly over: () => number | undefined
}

/** An outage that has not begun. `now` gives monotonic time, in milliseconds. */
export const make = (now: () => number): Outage => {
  const causes = new Set<string>()
  let since: number | undefined
  let [failedAt, hasWorked] = [0, false]
  return {
    failed: (cause) => {
      failedAt = now()
      since ??= failedAt
      hasWorked = false
      if (causes.has(cause) || causes.size >= MAX_CAUSES) return false
      causes.add(cause)
      return true
    },
    worked: () => void (hasWorked = true),
    over: () => {
      if (since === undefined || !hasWorked || now() - failedAt < CALM_MILLIS) return undefined
      const millis = failedAt - since
      since = undefined
      causes.clear()
      return millis
    }
  }
}

/** The length of an outage in words. */
export const inWords = (millis: number): string => `${Math.ceil(millis / 1_000)} s`
