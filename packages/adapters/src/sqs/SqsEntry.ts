/**
 * SQS entries: journal entries in the form in which SQS takes them.
 *
 * The body is the message as every other system is given it (`domain/Message`). What consumers may want to know without
 * reading the body travels as attributes: `type`, `schemaVersion`, `streamVersion`, `epoch`, and `replay` if it is one.
 * SQS allows ten of them, none empty.
 */
import type { MessageAttributeValue } from "@aws-sdk/client-sqs"
import type { Delivery } from "@turnout/core/domain/Delivery"
import * as Message from "@turnout/core/domain/Message"

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

export interface EntryOptions {
  /** Of the lease under which it is sent. */
  readonly epoch: number
  /** The id of the replay, if an operator sends it again on purpose. */
  readonly replay?: string
}

const text = (value: string): MessageAttributeValue => ({ DataType: "String", StringValue: value })
const number = (value: number): MessageAttributeValue => ({ DataType: "Number", StringValue: String(value) })

/** As SQS counts: the body, and the name, the type and the value of each attribute, in UTF-8. */
const bytesOf = (body: string, attributes: Readonly<Record<string, MessageAttributeValue>>): number =>
  Object.entries(attributes).reduce(
    (bytes, [name, { DataType, StringValue }]) => bytes + Buffer.byteLength(`${name}${DataType}${StringValue}`),
    Buffer.byteLength(body)
  )

export const toEntry = (delivery: Delivery, { epoch, replay }: EntryOptions): SqsEntry => {
  const body = Message.toJson(delivery, replay)
  const attributes = {
    type: text(delivery.type),
    schemaVersion: number(delivery.schemaVersion),
    streamVersion: number(delivery.version),
    epoch: number(epoch),
    ...(replay === undefined ? {} : { replay: text(replay) })
  }
  return {
    body,
    attributes,
    groupId: delivery.eventId,
    deduplicationId: replay === undefined ? delivery.id : `${replay}:${delivery.id}`,
    bytes: bytesOf(body, attributes)
  }
}
