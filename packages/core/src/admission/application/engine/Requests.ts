/**
 * Requests that are made from commands: each gets a fresh id, the fingerprint of the command for its idempotency key, and the span in
 * which it is made. The time comes from the store, when it decides the batch.
 */
import { hash } from "node:crypto"
import * as Effect from "effect/Effect"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import type { Command } from "../../domain/model/Command.ts"
import { scope } from "../../domain/state/Idempotency.ts"
import type { Metadata } from "../../../kernel/domain/Entry.ts"
import * as TraceParent from "../../../kernel/domain/TraceParent.ts"
import * as Spans from "../../../kernel/application/tracing/Spans.ts"
import type { Caller } from "../../domain/state/Caller.ts"
import type { PendingRequest } from "../../domain/state/Request.ts"
import { ANONYMOUS, type WriteOptions } from "../../domain/state/WriteOptions.ts"

/** How long an idempotency record is valid unless configured: 72 hours. */
export const DEFAULT_IDEMPOTENCY_TTL_MILLIS = 72 * 60 * 60 * 1_000

/**
 * The default of `refusalTtlMillis`: two minutes. It is longer than the retries of Turnout itself (5 seconds), of HTTP clients and
 * of the usual proxies, whose time-outs are 60 seconds.
 */
export const DEFAULT_REFUSAL_TTL_MILLIS = 2 * 60 * 1_000

const canonical = (value: unknown): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null"
  if (value instanceof Date) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`
}

/**
 * The command as text. A `Register`, which comes by the thousand, has its fields in a fixed order, so they need not be sorted.
 */
const text = (command: Command): string => {
  if (command._tag !== "Register") return canonical(command)
  const { _tag, attendee, eventId, notes, registeredAt } = command
  return JSON.stringify([_tag, eventId, attendee.id, attendee.name, attendee.email, notes, registeredAt])
}

/**
 * The fingerprint of a command, equal for equal commands, in any order of their fields, and different otherwise: SHA-256 of the
 * command as JSON, in base64url (43 characters).
 */
export const fingerprint = (command: Command): string => hash("sha256", text(command), "base64url")

/** How long the answers to idempotency keys are remembered. */
export interface KeyOptions {
  /** How long an effect is remembered. Default 72 hours. */
  readonly idempotencyTtlMillis?: number
  /**
   * How long a refusal is remembered, at most as long as an effect. Afterwards the same key is decided anew. 0 decides every time
   * anew. Default two minutes.
   */
  readonly refusalTtlMillis?: number
}

const metadataOf = (options: WriteOptions, current: string | undefined): Metadata => {
  const { actor = ANONYMOUS, causationId = null, correlationId = null, traceParent: given } = options
  const traceParent = given !== undefined && TraceParent.isTraceParent(given) ? given : current
  return traceParent === undefined
    ? { actor, correlationId, causationId }
    : { actor, correlationId, causationId, traceParent }
}

/** Makes the request of a command. */
export type MakeRequest = (command: Command, options: WriteOptions, caller?: Caller) => Effect.Effect<PendingRequest>

export const make = (
  random: SecureRandom.SecureRandom["Service"],
  {
    idempotencyTtlMillis = DEFAULT_IDEMPOTENCY_TTL_MILLIS,
    refusalTtlMillis = DEFAULT_REFUSAL_TTL_MILLIS
  }: KeyOptions = {}
): MakeRequest => {
  const toRequest = (
    command: Command,
    options: WriteOptions,
    caller: Caller | undefined,
    freshId: string,
    traceParent: string | undefined
  ): PendingRequest => {
    const { actor = ANONYMOUS, idempotencyKey: key } = options
    return {
      command,
      freshId,
      idempotency:
        key === undefined
          ? null
          : {
              scope: scope(actor, command._tag, key),
              fingerprint: fingerprint(command),
              ttlMillis: idempotencyTtlMillis,
              refusalTtlMillis: Math.min(refusalTtlMillis, idempotencyTtlMillis)
            },
      metadata: metadataOf(options, traceParent),
      ...(caller === undefined ? {} : { caller })
    }
  }
  return (command, options, caller) =>
    Effect.withFiber((fiber) =>
      Effect.map(random.uuidV7(), (freshId) => toRequest(command, options, caller, freshId, Spans.traceParentOf(fiber)))
    )
}
