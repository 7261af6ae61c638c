/**
 * Queues of SQS as the options of the command line name them.
 *
 * The client of AWS takes a while to load, so only commands that speak to it import what uses it.
 */
import type { ConnectionOptions } from "@turnout/adapters/sqs/connection"
import type * as DeadLetters from "@turnout/adapters/sqs/dead-letters"

export interface SqsOptions {
  readonly sqsEndpoint?: string
  readonly sqsRegion?: string
}

export const connectionOf = (queueUrl: string, { sqsEndpoint, sqsRegion }: SqsOptions): ConnectionOptions => ({
  queueUrl,
  ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint }),
  ...(sqsRegion === undefined ? {} : { region: sqsRegion })
})

/** What dead letters are looked at and moved with. */
export const deadLetters = (): Promise<typeof DeadLetters> => import("@turnout/adapters/sqs/dead-letters")
