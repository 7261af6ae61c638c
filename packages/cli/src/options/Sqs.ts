/**
 * Options about queues of SQS.
 */
import { Option } from "commander"
import * as NamedQueue from "../sinks/NamedQueue.ts"

/** The queues to deliver to. */
export const sqs = (): Option =>
  new Option(
    "--sqs <url>",
    "URL of an SQS queue to deliver to, or name=URL (default name: sqs: and that of the queue); may be given several times"
  ).argParser(NamedQueue.add)

/** The one queue that a command is about. */
export const queue = (description: string): Option =>
  new Option("--sqs <url>", description).argParser(NamedQueue.parseUrl).makeOptionMandatory()

export const sqsEndpoint = (): Option =>
  new Option("--sqs-endpoint <url>", "another server than AWS").env("AWS_ENDPOINT_URL_SQS")
export const sqsRegion = (): Option => new Option("--sqs-region <region>", "AWS region").env("AWS_REGION")
