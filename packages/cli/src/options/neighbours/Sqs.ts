/**
 * Options about queues of SQS.
 */
import { Option } from "commander"
import type { Marks } from "../../usage/Kinds.ts"
import * as NamedQueue from "../../sinks/NamedQueue.ts"

type Queues = ReadonlyArray<NamedQueue.NamedQueue>

const add: ((text: string, before?: Queues) => Queues) & Marks = Object.assign(
  (text: string, before?: Queues) => NamedQueue.add(text, before),
  { isRepeatable: true }
)

/** The queues to deliver to. */
export const sqs = (
  description = "URL of an SQS queue to deliver to, or name=URL (default name: sqs: and that of the queue); may be given several times"
): Option => new Option("--sqs <url>", description).argParser(add)

/** The one queue that a command is about. */
export const queue = (description: string): Option =>
  new Option("--sqs <url>", description).argParser(NamedQueue.parseUrl).makeOptionMandatory()

export const sqsEndpoint = (): Option =>
  new Option("--sqs-endpoint <url>", "another server than AWS").env("AWS_ENDPOINT_URL_SQS")
export const sqsRegion = (): Option => new Option("--sqs-region <region>", "AWS region").env("AWS_REGION")
