/**
 * SQS entries: journal entries in the form in which SQS takes them.
 *
 * The body is the message as every other system receives it (`Message`). Facts that consumers may want to know without reading
 * the body are attributes: `type`, `schemaVersion`, `streamVersion`, either `epoch` or, in a replay, `replay`, and `traceparent` if the
 * entry happened in a span. SQS allows ten attributes, none of them empty.
 */
import type { MessageAttributeValue } from "@aws-sdk/client-sqs"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import * as Message from "@turnout/core/delivery/domain/Message"

export interface SqsEntry {
  readonly body: string
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>
  /** The stream: SQS gives the messages of a group to consumers one after the other. */
  readonly groupId: string
  /** The same whenever a relay sends the entry again. A replay has another one, since SQS would drop its messages otherwise. */
  readonly deduplicationId: string
  /** The size by which SQS counts it against its limits. */
  readonly bytes: number
}

/** The attribute that has the span in which the entry happened: the name that instrumentations of SQS look for. */
export const TRACE_PARENT = "traceparent"

/** The sender: a relay, under the epoch of its lease, or the replay of this id. */
export type EntryOptions =
  { readonly epoch: number; readonly replay?: never } | { readonly replay: string; readonly epoch?: never }

const text = (value: string): MessageAttributeValue => ({ DataType: "String", StringValue: value })
const number = (value: number): MessageAttributeValue => ({ DataType: "Number", StringValue: String(value) })

/** The size as SQS counts it: the body, and the name, the type and the value of each attribute, in UTF-8. */
const bytesOf = (body: string, attributes: Readonly<Record<string, MessageAttributeValue>>): number =>
  Object.entries(attributes).reduce(
    (bytes, [name, { DataType, StringValue }]) => bytes + Buffer.byteLength(`${name}${DataType}${StringValue}`),
    Buffer.byteLength(body)
  )

export const toEntry = (delivery: StoredEntry, { epoch, replay }: EntryOptions): SqsEntry => {
  const body = Message.toJson(delivery, replay)
  const { traceParent } = delivery.metadata
  const attributes = {
    type: text(delivery.type),
    schemaVersion: number(delivery.schemaVersion),
    streamVersion: number(delivery.version),
    ...(replay === undefined ? { epoch: number(epoch) } : { replay: text(replay) }),
    ...(traceParent === undefined ? {} : { [TRACE_PARENT]: text(traceParent) })
  }
  return {
    body,
    attributes,
    groupId: delivery.eventId,
    deduplicationId: replay === undefined ? delivery.id : `${replay}:${delivery.id}`,
    bytes: bytesOf(body, attributes)
  }
}
