/**
 * A queue as it is named on the command line: its URL, or a name, `=` and the URL.
 *
 * A name has letters, digits, `.`, `_` and `-`. The text before the first `=` is a name only if a URL with a scheme follows and
 * the text has no scheme itself: URLs have `=` in them as well.
 */
import * as QueueUrl from "@turnout/adapters/sqs/queue-url"
import { brokenRule, clash } from "@turnout/core/delivery/application/SinkNames"
import { InvalidArgumentError } from "commander"

const NAME = /^(?=.*[a-z\d])[\w.-]{1,100}$/i
export const NAME_RULE = "a name has letters, digits, ., _ and -, and at most 100 of them"

/** Whether a text may be the name of a queue, or of a place to print to. */
export const isName = (text: string): boolean => NAME.test(text)

export interface NamedQueue {
  readonly name?: string
  readonly url: string
}

const NAMED = /^(?<name>(?:(?!:\/\/)[^=])*)=(?<url>[a-z][a-z\d+.-]*:\/\/.*)$/is

/** Reads the URL of a queue. Throws an `InvalidArgumentError` if the text is none. */
export const parseUrl = (text: string): string => {
  if (!QueueUrl.isQueueUrl(text)) throw new InvalidArgumentError(`${QueueUrl.QUEUE_URL_RULE}.`)
  return text
}

/** Reads a queue. Throws an `InvalidArgumentError` for a name that breaks the rule, and for a URL that is none. */
export const parse = (text: string): NamedQueue => {
  const { name, url } = NAMED.exec(text)?.groups ?? {}
  if (name === undefined || url === undefined) return { url: parseUrl(text) }
  const broken = isName(name) ? brokenRule(name) : NAME_RULE
  if (broken !== undefined) throw new InvalidArgumentError(`The name ${JSON.stringify(name)}: ${broken}.`)
  return { name, url: parseUrl(url) }
}

/** A queue in words. */
export const show = ({ name, url }: NamedQueue): string => (name === undefined ? url : `${name} (${url})`)

const sinkOf = ({ name, url }: NamedQueue) => ({
  name: name ?? QueueUrl.sinkNameOf(url),
  leadsTo: QueueUrl.normalized(url)
})

/** Adds a queue to deliver to. Throws an `InvalidArgumentError` if the queue or its name is there already. */
export const add = (text: string, before: ReadonlyArray<NamedQueue> = []): ReadonlyArray<NamedQueue> => {
  const all = [...before, parse(text)]
  const broken = clash(all.map(sinkOf))
  if (broken === undefined) return all
  throw new InvalidArgumentError(`${broken}. A queue is given a name by name=URL.`)
}
