/**
 * Checks of webhooks, independent of the code that posts: they compare the requests to the endpoints with the stored states
 * of the webhooks.
 */
import type { WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import type { Violation } from "./Checkers.ts"

/** A request to an endpoint. */
export interface Post {
  readonly id: WebhookId
  readonly message: string
  readonly stream: string
  readonly version: number
  readonly process: string
  readonly at: number
  /** The status that the endpoint answered, even if the answer was lost; `null` if it did not answer. */
  readonly status: number | null
  /** The outcome as the process sees it: `unknown` while it waits, and for ever if it was killed. */
  seenAs: "arrived" | "failed" | "unknown"
}

/** The change of a webhook that was disabled, or enabled again. */
export interface Change {
  readonly id: WebhookId
  readonly at: number
  readonly disabledBecause: string | null
}

export interface History {
  readonly posts: Array<Post>
  readonly changes: Array<Change>
  /** The number of entries of each stream. */
  readonly streams: Map<string, number>
  readonly ids: Array<WebhookId>
}

export interface Bounds {
  /** The time without a success after which a webhook is to be disabled. */
  readonly disableAfterMillis: number
  /** The longest delay with which a process learns of the acts of others, or tries again. */
  readonly lateMillis: number
  /** The most requests that an endpoint gets within ten seconds in which it answers none. */
  readonly mostInVain: number
}

const IN_VAIN_MILLIS = 10_000

const isAccepted = ({ status }: Post): boolean => status !== null && status >= 200 && status < 300
const hasArrived = ({ seenAs }: Post): boolean => seenAs === "arrived"

/** Checks O2: gives the entries that no request has brought. */
export const missing = ({ ids, posts, streams }: History): ReadonlyArray<Violation> =>
  ids.flatMap((id) => {
    const known = new Set(
      posts.flatMap((post) => (post.id === id && isAccepted(post) ? [`${post.stream} ${post.version}`] : []))
    )
    return [...streams].flatMap(([stream, length]) =>
      Array.from({ length }, (_, index) => index + 1)
        .filter((version) => !known.has(`${stream} ${version}`))
        .map((version): Violation => `O2: version ${version} of ${stream} never came to webhook ${id}`)
    )
  })

/** Checks O3: no entry is posted until the one before it was accepted. */
const misplaced = ({ posts }: History): ReadonlyArray<Violation> => {
  const reached = new Map<string, number>()
  return posts.flatMap((post): ReadonlyArray<Violation> => {
    const key = `${post.id} ${post.stream}`
    const last = reached.get(key) ?? 0
    if (isAccepted(post)) reached.set(key, Math.max(last, post.version))
    return post.version > last + 1
      ? [`O3: version ${post.version} of ${post.stream} was posted to webhook ${post.id} when ${last} had arrived`]
      : []
  })
}

const CHANCES = 3
const APART_MILLIS = 1_500

/** The number of requests that are at least `APART_MILLIS` apart from each other. */
const chances = (posts: ReadonlyArray<Post>): number => {
  let last = -Infinity
  return posts.filter(({ at }) => {
    const isApart = at >= last + APART_MILLIS
    if (isApart) last = at
    return isApart
  }).length
}

/** Checks O6: a webhook is disabled after 410, or days without a success, and only then. */
const disabling = (
  { changes, ids, posts }: History,
  { disableAfterMillis, lateMillis }: Bounds
): ReadonlyArray<Violation> =>
  ids.flatMap((id) => {
    const found: Array<Violation> = []
    // A process learns late of the results of another one.
    const isBetween = (post: Post, from: number, to: number) => post.at > from + lateMillis && post.at < to - lateMillis
    const own = posts.filter((post) => post.id === id)
    const disabled = changes.filter((change) => change.id === id && change.disabledBecause !== null)
    const disabledAt = disabled[0]?.at ?? Infinity
    for (const { at, disabledBecause } of disabled) {
      const before = own.filter((post) => post.at <= at)
      if (disabledBecause!.startsWith("it answered 410")) {
        if (!before.some(({ status }) => status === 410)) found.push(`O6: webhook ${id} was disabled without a 410`)
      } else if (before.some((post) => hasArrived(post) && isBetween(post, at - disableAfterMillis, at)))
        found.push(`O6: webhook ${id} was disabled at ${at}, though it had worked meanwhile: ${disabledBecause}`)
      else if (!before.some((post) => post.at < at - disableAfterMillis + lateMillis))
        found.push(`O6: webhook ${id} was disabled at ${at}, before it had failed for long`)
    }
    for (const post of own) {
      if (post.at > disabledAt + lateMillis) {
        found.push(`O6: webhook ${id} was posted to at ${post.at}, disabled since ${disabledAt}`)
        break
      }
    }
    // A process may lose an answer, or not reach the store, so it has more than one chance.
    const enabled = own.filter(({ at }) => at <= disabledAt)
    if (chances(enabled.filter(({ seenAs, status }) => status === 410 && seenAs === "failed")) >= CHANCES)
      found.push(`O6: webhook ${id} answered 410, and was not disabled`)
    const lastArrived = enabled.findLastIndex(hasArrived)
    const since = enabled.find(({ seenAs }, index) => index > lastArrived && seenAs === "failed")?.at ?? Infinity
    const overdue = enabled.filter(({ at }) => at >= since + disableAfterMillis + lateMillis)
    if (chances(overdue) >= CHANCES) found.push(`O6: webhook ${id} has failed since ${since}, and was not disabled`)
    return found
  })

/** Checks O7: an endpoint that is down gets only a request now and then. */
const persistent = ({ ids, posts }: History, { mostInVain }: Bounds): ReadonlyArray<Violation> =>
  ids.flatMap((id) =>
    [...new Set(posts.map(({ process }) => process))].flatMap((process): ReadonlyArray<Violation> => {
      let inVain: ReadonlyArray<number> = []
      let most = 0
      for (const post of posts) {
        if (post.id !== id || post.process !== process) continue
        inVain = hasArrived(post) ? [] : [...inVain.filter((at) => at > post.at - IN_VAIN_MILLIS), post.at]
        most = Math.max(most, inVain.length)
      }
      return most > mostInVain ? [`O7: webhook ${id} was posted to ${most} times within ten seconds, in vain`] : []
    })
  )

/** Checks O8: a webhook that was removed has left no sink. */
export const leftover = (sinks: ReadonlyArray<string>, webhooks: ReadonlyArray<WebhookId>): ReadonlyArray<Violation> =>
  sinks
    .filter((sink) => !webhooks.some((id) => sink === `webhook:${id}`))
    .map((sink): Violation => `O8: the sink ${sink} is there, and its webhook is not`)

/** Runs the checks that hold at any time. */
export const check = (history: History, bounds: Bounds): ReadonlyArray<Violation> => [
  ...misplaced(history),
  ...disabling(history, bounds),
  ...persistent(history, bounds)
]
