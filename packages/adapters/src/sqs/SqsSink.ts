/**
 * A sink that publishes to an SQS queue: FIFO if its name ends in `.fifo`, standard otherwise.
 *
 * With a FIFO queue, the messages of a stream arrive in order, each at least once. The message group is the stream. The
 * de-duplication id is the message id, so SQS drops messages that are sent again within five minutes; consumers recognise the
 * others by the message id. A standard queue promises at least once, and no order.
 *
 * - **Every entry's own result counts.** SQS may take some entries of a batch and refuse others. Entries that it refuses, or
 *   says nothing about, have failed; later entries of their streams are not sent any more.
 * - **Order.** A stream has at most one batch under way, with one entry of the stream in it: SQS does not promise that a
 *   refused entry keeps later ones of its group in the same batch from being taken. See `entriesPerGroup`.
 * - **A message that is too large**, for SQS (1 MiB) or for `maxBatchBytes`, fails for good: it parks its stream, for this
 *   sink, until an operator skips or discards it, or raises the limit and tries again. Nothing else is affected. So does a
 *   message that the queue refuses as too large or for its characters. Every other refusal is tried again later.
 * - **A failure that may pass** is followed by a few more attempts at once: of a request, as `SqsRetries` says, and of an entry
 *   that SQS refuses through no fault of the sender, before later entries of its stream.
 * - **A request that fails for good** ends the consignment with `SinkUnavailable`: the queue cannot be reached, is too slow,
 *   throttles, does not allow the request, or does not exist. Entries that SQS has taken by then count, and the rest is given
 *   again, since failed outcomes would block streams for nothing. Requests under way get a moment for their answers. Entries
 *   that SQS has taken without saying so are sent again: a FIFO queue drops messages that it has had in the last five minutes,
 *   a standard queue delivers them twice. Only a batch that SQS finds too long is sent in smaller parts instead.
 * - Interrupting a delivery ends its HTTP requests. SQS may have taken their messages all the same.
 */
import { SendMessageBatchCommand, type SendMessageBatchResult } from "@aws-sdk/client-sqs"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { brokenRule } from "@turnout/core/delivery/application/SinkNames"
import { type Sink, SinkUnavailable } from "@turnout/core/delivery/ports/Sink"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { between } from "@turnout/core/kernel/domain/rules/OptionRules"
import { normalized, sinkNameOf } from "./QueueUrl.ts"
import * as SqsConnection from "./SqsConnection.ts"
import * as SqsProgress from "./SqsProgress.ts"
import * as SqsRetries from "./SqsRetries.ts"

export interface SqsSinkOptions extends SqsConnection.ConnectionOptions {
  /**
   * The name of the sink. Default: `sqs:` and the name of the queue; choose another if queues of several accounts or regions
   * have the same name.
   */
  readonly name?: string
  /** The most batches under way at once, of all slots together. Default 4. */
  readonly concurrency?: number
  /**
   * The most entries of a stream in one batch, on a FIFO queue. Default 1, which costs a round trip for every entry of a
   * stream. With more, later entries of a batch may overtake an entry of their stream that SQS refuses: consumers must then put
   * the entries of a stream in order themselves, by their `version`.
   */
  readonly entriesPerGroup?: number
  /** The most bytes of a batch, and so of a message. Default 1,048,576; older queues take messages of 262,144. */
  readonly maxBatchBytes?: number
}

/** The limits of SQS. */
const { MAX_ENTRIES } = SqsConnection
const MAX_BYTES = 1_048_576
const MIN_BYTES = 1_024
const DEFAULTS = {
  concurrency: 4,
  entriesPerGroup: 1,
  maxBatchBytes: MAX_BYTES
} as const satisfies Partial<SqsSinkOptions>

const SinkName = Schema.String.check(Schema.makeFilter((name) => brokenRule(name) ?? true))

/** The rules of `SqsSinkOptions`. */
export const SqsSinkOptions = Schema.Struct({
  ...SqsConnection.connectionOptions,
  name: Schema.optionalKey(SinkName),
  concurrency: between(1, SqsConnection.MAX_CONCURRENCY),
  entriesPerGroup: between(1, MAX_ENTRIES),
  maxBatchBytes: between(MIN_BYTES, MAX_BYTES)
}).check(SqsConnection.ownClientOnly)

const decodeOptions: (input: unknown) => Effect.Effect<SqsSinkOptions, InvalidInput> = decoder(SqsSinkOptions)

/** Fails once a request has failed for good. */
type Broken = Deferred.Deferred<never, SinkUnavailable>

/** How long requests under way may take to answer once another has failed for good. */
const LAST_ANSWERS_MILLIS = 1_000

const isTooLong = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "name") && cause.name === "BatchRequestTooLong"

export const make = Effect.fnUntraced(function* (
  options: SqsSinkOptions
): Effect.fn.Return<Sink, InvalidInput, Scope.Scope> {
  const decoded = yield* decodeOptions(options)
  const { concurrency, entriesPerGroup, maxBatchBytes, name, queueUrl } = { ...DEFAULTS, ...decoded }
  const connection = yield* SqsConnection.make(decoded)
  const { isFifo } = connection
  const { withPermit } = yield* Semaphore.make(concurrency)
  const limits = { entries: MAX_ENTRIES, bytes: maxBatchBytes, entriesPerGroup }

  const request = (batch: ReadonlyArray<SqsProgress.Item>): Effect.Effect<SendMessageBatchResult, unknown> => {
    const Entries = batch.map(({ entry, id }) => ({
      Id: id,
      MessageBody: entry.body,
      MessageAttributes: { ...entry.attributes },
      ...(isFifo ? { MessageGroupId: entry.groupId, MessageDeduplicationId: entry.deduplicationId } : {})
    }))
    return connection.send((client, abortSignal) =>
      client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal })
    )
  }

  /** Sends a batch, if there is one to send now, and returns whether there was. */
  const sendNext = (progress: SqsProgress.Progress, broken: Broken): Effect.Effect<boolean> =>
    Effect.suspend(() => {
      const batch = Deferred.isDoneUnsafe(broken) ? [] : progress.take()
      if (batch.length === 0) return Effect.succeed(false)
      const sending = Effect.matchEffect(request(batch), {
        onSuccess: (result) => {
          const refusals = progress.settle(batch, result)
          return refusals === 0 ? Effect.void : Effect.sleep(SqsRetries.pauseAfter(refusals))
        },
        onFailure: (cause) =>
          isTooLong(cause)
            ? Effect.sync(() => progress.shrink(batch))
            : Deferred.fail(broken, new SinkUnavailable({ cause: connection.describe(cause, "sending to") }))
      })
      return Effect.as(sending, true)
    })

  return {
    name: name ?? sinkNameOf(queueUrl),
    leadsTo: normalized(queueUrl),
    deliver: (consignment) =>
      Effect.suspend(() => {
        const progress = SqsProgress.make(consignment, { isFifo, limits })
        const broken: Broken = Deferred.makeUnsafe()
        // A worker that finds nothing to send is done: the entries that wait are of groups with which other workers are about
        // to go on.
        const worker = Effect.repeat(withPermit(sendNext(progress, broken)), { while: (hasSent) => hasSent })
        const workers = Effect.all(
          Array.from({ length: concurrency }, () => worker),
          { concurrency, discard: true }
        )
        const moment = Effect.andThen(Effect.exit(Deferred.await(broken)), Effect.sleep(LAST_ANSWERS_MILLIS))
        return Effect.andThen(
          Effect.raceFirst(workers, moment),
          Effect.suspend(() =>
            Deferred.isDoneUnsafe(broken) ? Deferred.await(broken) : Effect.succeed(progress.outcomes)
          )
        )
      })
  }
})
