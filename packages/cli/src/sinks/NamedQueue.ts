/**
 * A queue as it is named on the command line: its URL, or a name, `=` and the URL.
 *
 * A name has letters, digits, `.`, `_` and `-`. What comes before the first `=` is a name only if a URL with a scheme follows,
 * and no scheme comes before: URLs have `=` in them as well.
 */
import * as QueueUrl from "@turnout/adapters/sqs/queue-url"
import { brokenRule, clash } from "@turnout/core/delivery/application/SinkNames"
import { InvalidArgumentError } from "commander"

export interface NamedQueue {
  readonly name?: string
  readonly url: string
}

const NAMED = /^(?<name>(?:(?!:\/\/)[^=])*)=(?<url>[a-z][a-z\d+.-]*:\/\/.*)$/is
const NAME = /^(?=.*[a-z\d])[\w.-]{1,100}$/i
const NAME_RULE = "a name has letters, digits, ., _ and -, and at most 100 of them"

/** Throws an `InvalidArgumentError` for a name that is none. */
export const parse = (text: string): NamedQueue => {
  const { name, url } = NAMED.exec(text)?.groups ?? {}
  if (name === undefined || url === undefined) return { url: text }
  const broken = NAME.test(name) ? brokenRule(name) : NAME_RULE
  if (broken !== undefined) throw new InvalidArgumentError(`The name ${JSON.stringify(name)}: ${broken}.`)
  return { name, url }
}

/** How a queue is shown. */
export const show = ({ name, url }: NamedQueue): string => (name === undefined ? url : `${name} (${url})`)

const sinkOf = ({ name, url }: NamedQueue) =>
  QueueUrl.isQueueUrl(url)
    ? { name: name ?? QueueUrl.sinkNameOf(url), leadsTo: QueueUrl.normalized(url) }
    : { name: name ?? url }

/** One more queue to deliver to. Throws an `InvalidArgumentError` if one of that name, or the same one, is there already. */
export const add = (text: string, before: ReadonlyArray<NamedQueue> = []): ReadonlyArray<NamedQueue> => {
  const all = [...before, parse(text)]
  const broken = clash(all.map(sinkOf))
  if (broken === undefined) return all
  throw new InvalidArgumentError(`${broken}. A queue is given a name by name=URL.`)
}
