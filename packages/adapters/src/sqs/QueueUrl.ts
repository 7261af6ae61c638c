/**
 * The parts of the URL of an SQS queue: the queue's name, its region, and the name that its sink has by default.
 *
 * This module loads nothing of AWS.
 */

export const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** The name of a queue: the last part of the path of its URL. */
export const queueNameOf = (queueUrl: string): string => new URL(queueUrl).pathname.split("/").at(-1)!

export const isQueueUrl = (text: string): boolean => isHttpUrl(text) && queueNameOf(text) !== ""

export const QUEUE_URL_RULE =
  "must be the URL of a queue, such as https://sqs.eu-central-1.amazonaws.com/123456789012/turnout.fifo"

/** The name of the sink that leads to a queue, unless it is given another. */
export const sinkNameOf = (queueUrl: string): string => `sqs:${queueNameOf(queueUrl)}`

/** A region, as in `sqs.eu-central-1.amazonaws.com` and in the older `eu-central-1.queue.amazonaws.com`. */
const REGIONS = [/^(?:[^.]+\.)?sqs(?:-fips)?\.([a-z]{2,}(?:-[a-z]+)+-\d+)\./, /^([a-z]{2,}(?:-[a-z]+)+-\d+)\.queue\./]

/** The region that the host of the URL names, if it names one. Requests to a queue are signed for the region of that queue. */
export const regionOf = (queueUrl: string): string | undefined => {
  const { hostname } = new URL(queueUrl)
  return REGIONS.flatMap((region) => region.exec(hostname)?.[1] ?? [])[0]
}

/** Turns an escaped character into the character itself, if it needs no escape. */
const unescaped = (escape: string): string => {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return /[\w.~-]/.test(character) ? character : escape.toUpperCase()
}

/** The URL in a form for comparison: two spellings of one URL are equal in it. */
export const normalized = (queueUrl: string): string => {
  const { origin, pathname } = new URL(queueUrl)
  return `${origin}${pathname.replaceAll(/%[\da-f]{2}/gi, unescaped)}`
}
