/**
 * The connection to an SQS queue: the client, the time-out of its requests, and the texts of its errors.
 */
import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs"
import { QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { between, mustBe, notEmpty } from "@turnout/core/kernel/domain/rules/OptionRules"
import { isHttpUrl, isQueueUrl, QUEUE_URL_RULE, queueNameOf, regionOf } from "./QueueUrl.ts"
import * as SqsRetries from "./SqsRetries.ts"

type Credentials = NonNullable<SQSClientConfig["credentials"]>

export interface ConnectionOptions {
  /** The URL of the queue, such as `https://sqs.eu-central-1.amazonaws.com/123456789012/turnout.fifo`. */
  readonly queueUrl: string
  /**
   * A client that the caller keeps and closes. It should retry little, since sinks and consumers retry as well. Default: a
   * client of its own.
   */
  readonly client?: SQSClient
  /**
   * The region of its own client. Default: the region that the queue URL names, or the one that the AWS SDK finds in the
   * environment.
   */
  readonly region?: string
  /** The endpoint of its own client. Default: the host of the queue URL. */
  readonly endpoint?: string
  /** The credentials of its own client. Default: those that the AWS SDK finds in the environment. */
  readonly credentials?: Credentials
  /** How long a request may take, the client's own retries included. Default 10 seconds. */
  readonly requestTimeoutMillis?: number
}

/** The most messages that SQS takes, or gives, in one request. */
export const MAX_ENTRIES = 10

/** The number of connections that a client of the AWS SDK opens. */
export const MAX_CONCURRENCY = 50
const DEFAULT_TIMEOUT_MILLIS = 10_000
const MAX_TIMEOUT_MILLIS = 10 * 60 * 1_000

const isClient = (input: unknown): input is SQSClient => Predicate.hasProperty(input, "send")
const isCredentials = (input: unknown): input is Credentials => Predicate.isObjectKeyword(input)

/** The rules of `ConnectionOptions`. */
export const connectionOptions = {
  queueUrl: mustBe(QUEUE_URL_RULE, isQueueUrl),
  client: Schema.optionalKey(Schema.declare(isClient, { expected: "a client of @aws-sdk/client-sqs" })),
  region: notEmpty,
  endpoint: Schema.optionalKey(mustBe("must be a URL, such as http://127.0.0.1:4566", isHttpUrl)),
  credentials: Schema.optionalKey(
    Schema.declare(isCredentials, { expected: "credentials, or a function that gives some" })
  ),
  requestTimeoutMillis: between(1, MAX_TIMEOUT_MILLIS)
}

export const ownClientOnly = Schema.makeFilter(
  ({ client, credentials, endpoint, region }: Partial<ConnectionOptions>) =>
    client === undefined ||
    (credentials ?? endpoint ?? region) === undefined ||
    "region, endpoint and credentials are those of its own client: leave them out, or the client"
)

export interface Connection {
  readonly queueName: string
  readonly isFifo: boolean
  /** Makes a request, which is aborted with the fiber, and after the time-out. Fails with the cause as it is. */
  readonly send: <A>(
    request: (client: SQSClient, abortSignal: AbortSignal) => Promise<A>,
    extraMillis?: number
  ) => Effect.Effect<A, unknown>
  /** Makes a request as `send` does, and fails with `QueueUnavailable`. */
  readonly request: <A>(
    doing: string,
    request: (client: SQSClient, abortSignal: AbortSignal) => Promise<A>,
    extraMillis?: number
  ) => Effect.Effect<A, QueueUnavailable>
  /**
   * Puts the parts of an SDK error that an operator needs into one message: they are in several places, and a message may be
   * missing.
   */
  readonly describe: (cause: unknown, doing: string) => Error
}

/** The client of the caller, or a client of its own that is closed with the scope. */
const acquireClient = ({
  client,
  credentials,
  endpoint,
  queueUrl,
  region = regionOf(queueUrl)
}: ConnectionOptions): Effect.Effect<SQSClient, never, Scope.Scope> => {
  if (client !== undefined) return Effect.succeed(client)
  const config: SQSClientConfig = {
    maxAttempts: SqsRetries.MAX_ATTEMPTS,
    retryStrategy: SqsRetries.make(),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials })
  }
  return Effect.acquireRelease(
    Effect.sync(() => new SQSClient(config)),
    (own) => Effect.sync(() => own.destroy())
  )
}

export const make = Effect.fnUntraced(function* (
  options: ConnectionOptions
): Effect.fn.Return<Connection, never, Scope.Scope> {
  const { queueUrl, requestTimeoutMillis = DEFAULT_TIMEOUT_MILLIS } = options
  const client = yield* acquireClient(options)
  const queueName = queueNameOf(queueUrl)
  const send: Connection["send"] = (request, extraMillis = 0) => {
    const duration = requestTimeoutMillis + extraMillis
    return Effect.tryPromise({
      try: (abortSignal) => request(client, abortSignal),
      catch: (cause) => cause
    }).pipe(
      Effect.timeoutOrElse({
        duration,
        orElse: () => Effect.fail(new Error(`no answer within ${duration} milliseconds`))
      })
    )
  }
  const describe: Connection["describe"] = (cause, doing) => {
    const { $metadata, code, message, name } = Object(cause) as Partial<
      Error & { readonly code: string; readonly $metadata: { readonly httpStatusCode?: number } }
    >
    const status = $metadata?.httpStatusCode === undefined ? undefined : `HTTP ${$metadata.httpStatusCode}`
    const parts = new Set([name, code, status, message].filter(Boolean))
    return new Error(`${[...parts].join(": ")} (${doing} ${queueUrl})`, { cause })
  }
  return {
    queueName,
    isFifo: queueName.endsWith(".fifo"),
    send,
    request: (doing, request, extraMillis) =>
      Effect.mapError(send(request, extraMillis), (cause) => new QueueUnavailable({ cause: describe(cause, doing) })),
    describe
  }
})
