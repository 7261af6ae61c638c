/**
 * Messages: journal entries as other systems receive them, over queues and webhooks.
 *
 * A message is one JSON document. Its `id` is the same in every delivery, and consumers recognise duplicates by it; `eventId`
 * and `version` are its place in its stream. A message that an operator sends again on purpose has `replay`, the id of the
 * replay.
 */
import * as Schema from "effect/Schema"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import { toText } from "../../kernel/domain/Instant.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"

export const Message = Schema.Struct({
  ...StoredJournalEntry.fields,
  replay: described("The replay that it is part of; absent in a delivery by a relay", Schema.optionalKey(Uuid))
}).annotate({ identifier: "Message" })
export type Message = typeof Message.Type

const decodeMessage = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.toCodecJson(Message)))

/** Characters that JSON may contain unescaped, but queues refuse. */
const NONCHARACTERS = /[\ufffe\uffff]/g
const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16)}`

/** The message of an entry, as JSON, with the payload as it was stored. */
export const toJson = (delivery: StoredEntry, replay?: string): string => {
  const { eventId, id, metadata, occurredAt, payload, schemaVersion, type, version } = delivery
  const head = JSON.stringify({ id, eventId, version, type, schemaVersion })
  const tail = JSON.stringify({ metadata, occurredAt: toText(occurredAt), ...(replay === undefined ? {} : { replay }) })
  const json = `${head.slice(0, -1)},"payload":${payload},${tail.slice(1)}`
  return json.replace(NONCHARACTERS, escape)
}

/** Reads a message. The failure says why a text is none. */
export const fromJson: (json: string) => ReturnType<typeof decodeMessage> = decodeMessage
