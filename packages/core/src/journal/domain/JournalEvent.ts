/**
 * Journal events: what has happened, in the past tense, each with everything that a consumer needs to act on it.
 *
 * Every commit appends its journal events to the streams of the events that they concern; the versions of a stream are 1, 2, 3,
 * … without gaps. The journal stores JSON with a schema version, and `decode` reads every version ever written. A stored sample
 * of each lives in `test/samples/journal`.
 */
import * as Schema from "effect/Schema"
import { AdmissionEvent } from "../../admission/domain/model/AdmissionEvent.ts"
import type { EntryOf } from "../../kernel/domain/Entry.ts"
import { registrationJson } from "../../admission/domain/model/Registration.ts"
import { currentVersion, type Json, upcast, type Upcasters } from "../../kernel/domain/Upcasting.ts"

/** Everything that the journal can hold: the journal events of each subject that writes to it. */
export const JournalEvent = Schema.Union([...AdmissionEvent.members])
export type JournalEvent = typeof JournalEvent.Type

/** The names of all types of journal events. */
export const JournalEventType = Schema.Literals(JournalEvent.members.map(({ fields }) => fields._tag.schema.literal))
export type JournalEventType = typeof JournalEventType.Type

export type JournalEntry = EntryOf<JournalEvent>

/** The upcasters of payloads in earlier schema versions. There are none so far: every type has one version. */
export const upcasters: Upcasters = {}

/** The schema version in which a type is written today. */
export const schemaVersionOf = (type: JournalEventType): number => currentVersion(upcasters, type)

const codec = Schema.toCodecJson(JournalEvent)
const encodeEvent = Schema.encodeSync(codec)
const decodeEvent = Schema.decodeUnknownSync(codec)

/** The payload of a journal event as JSON, in today's schema version. */
export const encodePayload = (event: JournalEvent): Readonly<Record<string, unknown>> => {
  const { _tag, ...payload } = encodeEvent(event) as Readonly<Record<string, unknown>>
  return payload
}

/** The fields of a journal event besides its registration. */
const furtherJson = (event: Extract<JournalEvent, { readonly registration: unknown }>): string => {
  if ("from" in event) return `,"from":"${event.from}"`
  if ("setAside" in event) return `,"setAside":${JSON.stringify(event.setAside)}`
  if ("beyond" in event) return `,"beyond":"${event.beyond}"`
  return "before" in event ? `,"before":${JSON.stringify(event.before)}` : ""
}

/** The text of `encodePayload`, put together by hand because the hot path writes one for every change. */
export const payloadJson = (event: JournalEvent): string => {
  if ("registration" in event) return `{"registration":${registrationJson(event.registration)}${furtherJson(event)}}`
  const { _tag, ...payload } = event
  return JSON.stringify(payload)
}

/** The journal event that was stored with this type, schema version and payload. Throws if none like it was ever written. */
export const decode = (type: string, schemaVersion: number, payload: unknown): JournalEvent => {
  return decodeEvent({ _tag: type, ...upcast(upcasters, type, schemaVersion, payload as Json) })
}
