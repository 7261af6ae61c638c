/**
 * A sink that publishes to an SQS queue: FIFO if its name ends in `.fifo`, standard otherwise.
 *
 * What a FIFO queue guarantees with it: the messages of a stream arrive in order, each at least once. The message group is
 * the stream. The de-duplication id is the message id, so SQS drops what is sent again within five minutes; consumers drop
 * the rest by the message id. A standard queue promises at least once, and no order.
 *
 * - **Every entry's own result counts.** SQS may take some entries of a batch and refuse others. What it refuses, and what
 *   it says nothing about, has failed; later entries of that stream are not sent any more.
 * - **Order.** Of a stream, one batch is under way at a time, with one entry of the stream in it: SQS does not promise that
 *   a refused entry keeps later ones of its group in the same batch from being taken. See `entriesPerGroup`.
 * - **A message that is too large**, for SQS (1 MiB) or for `maxBatchBytes`, fails for good: it parks its stream, for this
 *   sink, until an operator skips or discards it, or raises the limit and tries again. Nothing else is affected. The same
 *   becomes of one that the queue refuses as too large or for its characters. Every other refusal is tried again later.
 * - **All or nothing when a request fails.** Unreachable, too slow, throttled, not allowed, no such queue: the whole
 *   consignment fails with `SinkUnavailable`, even if some of its batches were taken before. Calling the rest of it failed
 *   would block streams for nothing. The relay sends all of it again: a FIFO queue drops what it has had in the last five
 *   minutes, a standard queue delivers it twice. Only a batch that SQS finds too long is sent in smaller parts instead.
 * - Interrupting a delivery ends its HTTP requests. SQS may have taken what they were about all the same.
 */
import {
  SendMessageBatchCommand,
  type SendMessageBatchResult,
  SQSClient,
  type SQSClientConfig
} from "@aws-sdk/client-sqs"
import { decoder, type InvalidInput } from "@turnout/core/application/InvalidInput"
import { type Sink, SinkUnavailable } from "@turnout/core/ports/Sink"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqsProgress from "./SqsProgress.ts"

type Credentials = NonNullable<SQSClientConfig["credentials"]>

export interface SqsSinkOptions {
  /** Such as `https://sqs.eu-central-1.amazonaws.com/123456789012/turnout.fifo`. */
  readonly queueUrl: string
  /**
   * The name of the sink. Default: `sqs:` and the name of the queue; choose one if queues of several accounts or regions
   * are called the same.
   */
  readonly name?: string
  /** A client that the caller keeps and closes. It should retry little, as the relay does. Default: one of the sink's own. */
  readonly client?: SQSClient
  /** Of the sink's own client. Default: what the AWS SDK finds in the environment. */
  readonly region?: string
  /** Of the sink's own client. Default: the host of the queue URL. */
  readonly endpoint?: string
  /** Of the sink's own client. Default: what the AWS SDK finds in the environment. */
  readonly credentials?: Credentials
  /** The most batches under way at once, of all slots together. Default 4. */
  readonly concurrency?: number
  /** How long sending a batch may take, the client's own retries included. Default 10 seconds. */
  readonly requestTimeoutMillis?: number
  /**
   * The most entries of a stream in one batch, on a FIFO queue. Default 1, which costs a round trip for every entry of a
   * stream. With more, an entry that SQS refuses may be overtaken by those behind it in its batch: consumers must then put
   * the entries of a stream in order themselves, by their `version`.
   */
  readonly entriesPerGroup?: number
  /** The most bytes of a batch, and so of a message. Default 1,048,576; older queues take messages of 262,144. */
  readonly maxBatchBytes?: number
}

/** The limits of SQS. */
const MAX_ENTRIES = 10
const MAX_BYTES = 1_048_576
const MIN_BYTES = 1_024
/** The connections that a client of the AWS SDK opens. */
const MAX_CONCURRENCY = 50
const MAX_TIMEOUT_MILLIS = 10 * 60 * 1_000
/** Of the sink's own client: one retry for a passing fault; for all others the relay waits. */
const MAX_ATTEMPTS = 2

const DEFAULTS = {
  concurrency: 4,
  requestTimeoutMillis: 10_000,
  entriesPerGroup: 1,
  maxBatchBytes: MAX_BYTES
} as const satisfies Partial<SqsSinkOptions>

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** The last part of the path of its URL. */
const queueNameOf = (queueUrl: string): string => new URL(queueUrl).pathname.split("/").at(-1)!

const mustBe = (rule: string, holds: (text: string) => boolean) =>
  Schema.String.check(Schema.makeFilter((text) => holds(text) || rule))
const notEmpty = Schema.optionalKey(mustBe("must not be empty", (text) => text !== ""))
const between = (minimum: number, maximum: number) =>
  Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

const isClient = (input: unknown): input is SQSClient => Predicate.hasProperty(input, "send")
const isCredentials = (input: unknown): input is Credentials => Predicate.isObjectKeyword(input)

/** The rules of `SqsSinkOptions`. */
export const SqsSinkOptions = Schema.Struct({
  queueUrl: mustBe(
    "must be the URL of a queue, such as https://sqs.eu-central-1.amazonaws.com/123456789012/turnout.fifo",
    (url) => isHttpUrl(url) && queueNameOf(url) !== ""
  ),
  name: notEmpty,
  client: Schema.optionalKey(Schema.declare(isClient, { expected: "a client of @aws-sdk/client-sqs" })),
  region: notEmpty,
  endpoint: Schema.optionalKey(mustBe("must be a URL, such as http://127.0.0.1:4566", isHttpUrl)),
  credentials: Schema.optionalKey(
    Schema.declare(isCredentials, { expected: "credentials, or a function that gives some" })
  ),
  concurrency: between(1, MAX_CONCURRENCY),
  requestTimeoutMillis: between(1, MAX_TIMEOUT_MILLIS),
  entriesPerGroup: between(1, MAX_ENTRIES),
  maxBatchBytes: between(MIN_BYTES, MAX_BYTES)
}).check(
  Schema.makeFilter(
    ({ client, credentials, endpoint, region }) =>
      client === undefined ||
      (credentials ?? endpoint ?? region) === undefined ||
      "region, endpoint and credentials are those of the sink's own client: leave them out, or the client"
  )
)

const decodeOptions: (input: unknown) => Effect.Effect<SqsSinkOptions, InvalidInput> = decoder(SqsSinkOptions)

const isTooLong = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "name") && cause.name === "BatchRequestTooLong"

/** The errors of the SDK have what an operator needs in several places, and not always a message. */
const unavailable = (cause: unknown, queueUrl: string): SinkUnavailable => {
  const { $metadata, code, message, name } = Object(cause) as Partial<
    Error & { readonly code: string; readonly $metadata: { readonly httpStatusCode?: number } }
  >
  const status = $metadata?.httpStatusCode === undefined ? undefined : `HTTP ${$metadata.httpStatusCode}`
  const parts = new Set([name, code, status, message].filter(Boolean))
  return new SinkUnavailable({ cause: new Error(`${[...parts].join(": ")} (sending to ${queueUrl})`, { cause }) })
}

/** The client of the caller, or one of the sink's own that is closed with the scope. */
const acquireClient = ({
  client,
  credentials,
  endpoint,
  region
}: SqsSinkOptions): Effect.Effect<SQSClient, never, Scope.Scope> => {
  if (client !== undefined) return Effect.succeed(client)
  const config: SQSClientConfig = {
    maxAttempts: MAX_ATTEMPTS,
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
  options: SqsSinkOptions
): Effect.fn.Return<Sink, InvalidInput, Scope.Scope> {
  const decoded = yield* decodeOptions(options)
  const { concurrency, entriesPerGroup, maxBatchBytes, name, queueUrl, requestTimeoutMillis } = {
    ...DEFAULTS,
    ...decoded
  }
  const client = yield* acquireClient(decoded)
  const { withPermit } = yield* Semaphore.make(concurrency)
  const queueName = queueNameOf(queueUrl)
  const isFifo = queueName.endsWith(".fifo")
  const limits = { entries: MAX_ENTRIES, bytes: maxBatchBytes, entriesPerGroup }

  const request = (batch: ReadonlyArray<SqsProgress.Item>): Effect.Effect<SendMessageBatchResult, unknown> => {
    const Entries = batch.map(({ entry, id }) => ({
      Id: id,
      MessageBody: entry.body,
      MessageAttributes: { ...entry.attributes },
      ...(isFifo ? { MessageGroupId: entry.groupId, MessageDeduplicationId: entry.deduplicationId } : {})
    }))
    return Effect.tryPromise({
      try: (abortSignal) => client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal }),
      catch: (cause) => cause
    }).pipe(
      Effect.timeoutOrElse({
        duration: requestTimeoutMillis,
        orElse: () => Effect.fail(new Error(`no answer within ${requestTimeoutMillis} milliseconds`))
      })
    )
  }

  /** Sends a batch, if there is one to send now, and tells whether there was. */
  const sendNext = (progress: SqsProgress.Progress): Effect.Effect<boolean, SinkUnavailable> =>
    Effect.suspend(() => {
      const batch = progress.take()
      if (batch.length === 0) return Effect.succeed(false)
      const sending = Effect.matchEffect(request(batch), {
        onSuccess: (result) => Effect.sync(() => progress.settle(batch, result)),
        onFailure: (cause) =>
          isTooLong(cause) ? Effect.sync(() => progress.shrink(batch)) : Effect.fail(unavailable(cause, queueUrl))
      })
      return Effect.as(sending, true)
    })

  return {
    name: name ?? `sqs:${queueName}`,
    deliver: (consignment) =>
      Effect.suspend(() => {
        const progress = SqsProgress.make(consignment, { isFifo, limits })
        // One that finds nothing to send is done: whatever waits is of groups that others are about to go on with.
        const worker = Effect.repeat(withPermit(sendNext(progress)), { while: (hasSent) => hasSent })
        const workers = Array.from({ length: concurrency }, () => worker)
        return Effect.as(Effect.all(workers, { concurrency, discard: true }), progress.outcomes)
      })
  }
})
