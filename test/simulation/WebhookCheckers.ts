/**
 * Checks of webhooks, independent of the code that posts: they compare the requests to the endpoints with the stored states
 * of the webhooks.
 */
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import type { WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import type { Violation } from "./Checkers.ts"

/** A request to an endpoint. */
export interface Post {
  readonly id: WebhookId
  readonly message: string
  readonly stream: string
  readonly version: number
  readonly process: string
  /** When the process sent it, and when it arrived. */
  readonly sentAt: number
  readonly at: number
  /** The status that the endpoint answered, even if the answer was lost; `null` if it did not answer. */
  readonly status: number | null
  /** The outcome as the process sees it: `unknown` while it waits, and for ever if it was killed. */
  seenAs: "arrived" | "failed" | "unknown"
  /** From when on, and until when, the process knows that the endpoint wants to be left alone; `null` if it did not hear that. */
  leftAlone: { readonly from: number; readonly until: number } | null
}

/** It was noted that an endpoint is to be left alone. */
export interface Rest {
  readonly id: WebhookId
  readonly at: number
  readonly until: number
}

/** An operator has discarded entries of a stream: from a version on, and before another one. */
export interface Discard {
  readonly id: WebhookId
  readonly stream: string
  readonly from: number
  readonly before: number
  readonly at: number
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
  /** When it was noted that a request has failed. */
  readonly failures: Array<{ readonly id: WebhookId; readonly at: number }>
  readonly rests: Array<Rest>
  readonly discards: Array<Discard>
  /** Moments at which nothing had waited for a webhook for so long that a process must have noticed. */
  readonly idle: Array<{ readonly id: WebhookId; readonly at: number }>
  /** When each process began. */
  readonly processes: Map<string, number>
  /** How many entries each stream has. */
  readonly streams: Map<string, number>
  /** The organization that the event of each stream belongs to. */
  readonly owners: Map<string, OrganizationId>
  readonly ids: Array<WebhookId>
  /** The organization that each webhook belongs to; `null` for the installation. */
  readonly organizations: Map<WebhookId, OrganizationId | null>
}

export interface Bounds {
  /** For how long a webhook is to fail until it is disabled. */
  readonly disableAfterMillis: number
  /** The longest time between two failures that counts. */
  readonly longestGapMillis: number
  /** For how long after a failure it cannot be that nothing waits. */
  readonly idleAfterMillis: number
  /** How late a process may learn of what others have done, and how late it may try again. */
  readonly lateMillis: number
  /** The most requests that an endpoint gets within ten seconds in which it answers none. */
  readonly mostInVain: number
}

const IN_VAIN_MILLIS = 10_000

const isAccepted = ({ status }: Post): boolean => status !== null && status >= 200 && status < 300
const hasArrived = ({ seenAs }: Post): boolean => seenAs === "arrived"

/** Whether an operator had discarded an entry by then. */
const isDiscarded = ({ discards }: History, id: WebhookId, stream: string, version: number, at: number): boolean =>
  discards.some(
    (one) => one.id === id && one.stream === stream && one.from <= version && version < one.before && one.at <= at
  )

/** Whether a webhook is posted what happens to the event of a stream. */
const isFor = ({ organizations, owners }: History, id: WebhookId, stream: string): boolean => {
  const organization = organizations.get(id) ?? null
  return organization === null || owners.get(stream) === organization
}

/** O9: requests about the events of others. */
const misdirected = (history: History): ReadonlyArray<Violation> =>
  history.posts.flatMap(({ at, id, stream, version }): ReadonlyArray<Violation> =>
    isFor(history, id, stream)
      ? []
      : [`O9: webhook ${id} was posted version ${version} of ${stream} at ${at}, which is about the event of another`]
  )

/** O2: entries that no request has brought. */
export const missing = (history: History): ReadonlyArray<Violation> => {
  const { ids, posts, streams } = history
  return ids.flatMap((id) => {
    const known = new Set(
      posts.flatMap((post) => (post.id === id && isAccepted(post) ? [`${post.stream} ${post.version}`] : []))
    )
    const own = [...streams].filter(([stream]) => isFor(history, id, stream))
    return own.flatMap(([stream, length]) =>
      Array.from({ length }, (_, index) => index + 1)
        .filter((version) => !known.has(`${stream} ${version}`))
        .filter((version) => !isDiscarded(history, id, stream, version, Infinity))
        .map((version): Violation => `O2: version ${version} of ${stream} never came to webhook ${id}`)
    )
  })
}

/** O3: no entry is posted before the one before it was accepted. */
const misplaced = (history: History): ReadonlyArray<Violation> => {
  const reached = new Map<string, number>()
  return history.posts.flatMap((post): ReadonlyArray<Violation> => {
    const { id, stream } = post
    const key = `${id} ${stream}`
    let last = reached.get(key) ?? 0
    while (isDiscarded(history, id, stream, last + 1, post.at)) last += 1
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

/** The sum of the times between these moments, of those that last at most so long. */
const sumOf = (times: ReadonlyArray<number>, longestGapMillis: number): number =>
  times.reduce((sum, at, index) => {
    const gap = index === 0 ? 0 : at - times[index - 1]!
    return gap <= longestGapMillis ? sum + gap : sum
  }, 0)

const lastOf = (times: ReadonlyArray<number>): number => Math.max(-Infinity, ...times)

/** O6: a webhook is disabled after 410, or after failing for days, and only then. */
const disabling = (
  { changes, discards, failures, idle, ids, posts }: History,
  { disableAfterMillis, idleAfterMillis, lateMillis, longestGapMillis }: Bounds
): ReadonlyArray<Violation> =>
  ids.flatMap((id) => {
    const found: Array<Violation> = []
    // A process learns late of the results of another one.
    const isBetween = (post: Post, from: number, to: number) => post.at > from + lateMillis && post.at < to - lateMillis
    const timesOf = (all: ReadonlyArray<{ readonly id: WebhookId; readonly at: number }>, before: number) =>
      all.filter((one) => one.id === id && one.at <= before).map(({ at }) => at)
    const own = posts.filter((post) => post.id === id)
    const disabled = changes.filter((change) => change.id === id && change.disabledBecause !== null)
    const disabledAt = disabled[0]?.at ?? Infinity
    for (const { at, disabledBecause } of disabled) {
      const before = own.filter((post) => post.at <= at)
      if (disabledBecause!.startsWith("it answered 410")) {
        if (!before.some(({ status }) => status === 410)) found.push(`O6: webhook ${id} was disabled without a 410`)
        continue
      }
      if (before.some((post) => hasArrived(post) && isBetween(post, at - disableAfterMillis, at)))
        found.push(`O6: webhook ${id} was disabled at ${at}, though it had worked meanwhile: ${disabledBecause}`)
      const since = lastOf(timesOf(idle, at))
      const times = before.filter((post) => !hasArrived(post) && post.at > since).map((post) => post.at)
      if (sumOf([...times, at], longestGapMillis + lateMillis) < disableAfterMillis - lateMillis)
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
    const since = Math.max(
      enabled.findLast(hasArrived)?.at ?? -Infinity,
      lastOf(timesOf(idle, disabledAt)),
      lastOf(timesOf(discards, disabledAt)) + lateMillis
    )
    const failed = timesOf(failures, disabledAt).filter((at) => at > since)
    // A process may have died before it wrote down that something waits: longer gaps do not count for certain.
    const overdue = failed.filter(
      (_, index) => sumOf(failed.slice(0, index + 1), idleAfterMillis - 1) >= disableAfterMillis
    )
    if (overdue.length > CHANCES && overdue.at(-1)! - overdue[0]! > CHANCES * APART_MILLIS)
      found.push(`O6: webhook ${id} has failed since ${failed[0]!}, and was not disabled`)
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

/** O7: an endpoint that asks to be left alone is. */
const restless = ({ changes, posts, processes, rests }: History, { lateMillis }: Bounds): ReadonlyArray<Violation> => {
  /** Whether an operator has enabled the webhook in between. */
  const isEnabled = (id: WebhookId, from: number, to: number) =>
    changes.some((one) => one.id === id && one.disabledBecause === null && one.at >= from && one.at <= to)
  const isWithin = (post: Post, id: WebhookId, from: number, until: number) =>
    post.id === id && post.sentAt > from && post.sentAt < until && !isEnabled(id, from, post.sentAt)
  const heard = posts.flatMap(({ id, leftAlone, process }): ReadonlyArray<Violation> => {
    if (leftAlone === null) return []
    const { from, until } = leftAlone
    const early = posts.find((post) => post.process === process && isWithin(post, id, from, until))
    return early === undefined
      ? []
      : [`O7: webhook ${id} asked at ${from} to be left alone until ${until}, and was posted to at ${early.sentAt}`]
  })
  const noted = rests.flatMap(({ at, id, until }): ReadonlyArray<Violation> => {
    // A process that ran before learns of it late.
    const knownAt = (process: string) => (processes.get(process)! > at ? at : at + lateMillis)
    const early = posts.find((post) => isWithin(post, id, knownAt(post.process), until))
    return early === undefined
      ? []
      : [
          `O7: it was noted at ${at} to leave webhook ${id} alone until ${until}, and it was posted to at ${early.sentAt}`
        ]
  })
  return [...heard, ...noted]
}

/** O8: a webhook that is gone has left no sink. */
export const leftover = (sinks: ReadonlyArray<string>, webhooks: ReadonlyArray<WebhookId>): ReadonlyArray<Violation> =>
  sinks
    .filter((sink) => !webhooks.some((id) => sink === `webhook:${id}`))
    .map((sink): Violation => `O8: the sink ${sink} is there, and its webhook is not`)

/** Runs the checks that hold at any time. */
export const check = (history: History, bounds: Bounds): ReadonlyArray<Violation> => [
  ...misdirected(history),
  ...misplaced(history),
  ...disabling(history, bounds),
  ...persistent(history, bounds),
  ...restless(history, bounds)
]
