/**
 * SQS entries: journal entries in the form in which SQS takes them.
 *
 * The body is the message as every other system is given it (`Message`). What consumers may want to know without
 * reading the body travels as attributes: `type`, `schemaVersion`, `streamVersion`, and either `epoch` or, if a replay sends it
 * once more, `replay`. SQS allows ten of them, none empty.
 */
import type { MessageAttributeValue } from "@aws-sdk/client-sqs"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import * as Message from "@turnout/core/delivery/domain/Message"

export interface SqsEntry {
  readonly body: string
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>
  /** The stream: SQS gives the messages of a group to consumers one after the other. */
  readonly groupId: string
  /** Equal whenever the same thing is sent again by itself; a replay has another one, or SQS would swallow it. */
  readonly deduplicationId: string
  /** How much of the limits of SQS it takes up. */
  readonly bytes: number
}

/** Who sends it: a relay, under the epoch of its lease, or the replay of this id. */
export type EntryOptions =
  { readonly epoch: number; readonly replay?: never } | { readonly replay: string; readonly epoch?: never }

const text = (value: string): MessageAttributeValue => ({ DataType: "String", StringValue: value })
const number = (value: number): MessageAttributeValue => ({ DataType: "Number", StringValue: String(value) })

/** As SQS counts: the body, and the name, the type and the value of each attribute, in UTF-8. */
const bytesOf = (body: string, attributes: Readonly<Record<string, MessageAttributeValue>>): number =>
  Object.entries(attributes).reduce(
    (bytes, [name, { DataType, StringValue }]) => bytes + Buffer.byteLength(`${name}${DataType}${StringValue}`),
    Buffer.byteLength(body)
  )

export const toEntry = (delivery: StoredEntry, { epoch, replay }: EntryOptions): SqsEntry => {
  const body = Message.toJson(delivery, replay)
  const attributes = {
    type: text(delivery.type),
    schemaVersion: number(delivery.schemaVersion),
    streamVersion: number(delivery.version),
    ...(replay === undefined ? { epoch: number(epoch) } : { replay: text(replay) })
  }
  return {
    body,
    attributes,
    groupId: delivery.eventId,
    deduplicationId: replay === undefined ? delivery.id : `${replay}:${delivery.id}`,
    bytes: bytesOf(body, attributes)
  }
}
