/**
 * Queues of SQS as the options of the command line name them.
 *
 * The client of AWS takes a while to load, so only commands that speak to it import what uses it.
 */
import type { ConnectionOptions } from "@turnout/adapters/sqs/connection"
import type * as DeadLetters from "@turnout/adapters/sqs/dead-letters"
import * as QueueUrl from "@turnout/adapters/sqs/queue-url"

export interface SqsOptions {
  readonly sqsEndpoint?: string
  readonly sqsRegion?: string
}

/** Requests go to the region that the URL of the queue names; of those that name none, to that of the options. */
export const connectionOf = (queueUrl: string, { sqsEndpoint, sqsRegion }: SqsOptions): ConnectionOptions => {
  const region = (QueueUrl.isHttpUrl(queueUrl) ? QueueUrl.regionOf(queueUrl) : undefined) ?? sqsRegion
  return {
    queueUrl,
    ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint }),
    ...(region === undefined ? {} : { region })
  }
}

/** What dead letters are looked at and moved with. */
export const deadLetters = (): Promise<typeof DeadLetters> => import("@turnout/adapters/sqs/dead-letters")
