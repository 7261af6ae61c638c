/**
 * Queues of SQS as the options of the command line name them.
 *
 * The AWS client takes a while to load, so the modules that use it are imported only by commands that need it.
 */
import type { ConnectionOptions } from "@turnout/adapters/sqs/connection"
import type * as DeadLetters from "@turnout/adapters/sqs/dead-letters"
import * as QueueUrl from "@turnout/adapters/sqs/queue-url"

export interface SqsOptions {
  readonly sqsEndpoint?: string
  readonly sqsRegion?: string
}

/** Requests go to the region in the URL of the queue, or, if the URL has none, to the region of the options. */
export const connectionOf = (queueUrl: string, { sqsEndpoint, sqsRegion }: SqsOptions): ConnectionOptions => {
  const region = (QueueUrl.isHttpUrl(queueUrl) ? QueueUrl.regionOf(queueUrl) : undefined) ?? sqsRegion
  return {
    queueUrl,
    ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint }),
    ...(region === undefined ? {} : { region })
  }
}

/** Imports the module that lists and moves dead letters. */
export const deadLetters = (): Promise<typeof DeadLetters> => import("@turnout/adapters/sqs/dead-letters")
