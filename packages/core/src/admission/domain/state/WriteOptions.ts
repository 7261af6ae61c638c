/**
 * The options of a write: the principal, the idempotency key, and the request, message and trace in the course of which it is made.
 */
import * as Schema from "effect/Schema"
import { IdempotencyKey } from "./Idempotency.ts"
import { SeenVersion } from "../model/event/EventVersion.ts"
import * as Text from "../../../kernel/domain/Text.ts"

const name = Text.line({ minLength: 1, maxLength: 200 })

export const WriteOptions = Schema.Struct({
  /**
   * 1 to 255 printable ASCII characters. Sending the same command with the same key again gives the first answer and
   * changes nothing; another command under that key is refused.
   */
  idempotencyKey: Schema.optionalKey(IdempotencyKey),
  /** The principal: recorded in the journal, and the owner of the idempotency key. Default `anonymous`. */
  actor: Schema.optionalKey(name),
  /** Ties together everything that one request or process caused; recorded in the journal. */
  correlationId: Schema.optionalKey(name),
  /** The message or request that caused this one; recorded in the journal. */
  causationId: Schema.optionalKey(name),
  /**
   * The span in which it is made, as a `traceparent` of W3C Trace Context; recorded in the journal, and passed on with its messages.
   * Default: the current span of Effect, if there is one. A text that is no `traceparent` counts as none.
   */
  traceParent: Schema.optionalKey(Schema.String)
})
export type WriteOptions = typeof WriteOptions.Type

/** The options of a write, as a caller gives it. */
export interface GivenWriteOptions extends Schema.Codec.Encoded<typeof WriteOptions> {}

/** The options of a write that is about an event itself, and not about a registration. */
export const EventWriteOptions = Schema.Struct({
  ...WriteOptions.fields,
  /**
   * The version of the event that the caller has seen. If the event itself has changed since (its details, capacity or status),
   * the write is refused with `VersionConflict`, which has the version that there is. Registrations refuse no write.
   */
  expectedVersion: Schema.optionalKey(SeenVersion)
})
export type EventWriteOptions = typeof EventWriteOptions.Type

/** The options of a write about an event, as a caller gives it. */
export interface GivenEventWriteOptions extends Schema.Codec.Encoded<typeof EventWriteOptions> {}

/** The principal of a write that names none. */
export const ANONYMOUS = "anonymous"
