/**
 * Idempotency: a command has one effect and one answer, however often it is sent under one key.
 *
 * A record is kept for each (principal, operation, key): the fingerprint of the command and its answer. It is read and written in
 * the transaction of the effect itself. An effect is remembered for long, a rejection for as long as a retry may be on its way:
 * later, the same key is decided anew, since the reason may be gone. What was not found, what the caller may not do, what
 * broke a rule of the input, and failures of the store are not recorded at all, so sending again after one of those is a first try.
 *
 * Source: IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Answer } from "../model/Outcome.ts"
import { isRefused } from "../../../kernel/domain/access/Refusals.ts"
import { IdempotencyKeyReused, isNotFound } from "../model/Rejection.ts"

export const isIdempotencyKey = (key: string): boolean => /^[\x20-\x7e]{1,255}$/.test(key)

/** 1 to 255 printable ASCII characters. */
export const IdempotencyKey = Schema.String.check(
  Schema.makeFilter((key) => isIdempotencyKey(key) || "must be 1 to 255 printable ASCII characters")
)

/** The scope of a key: a principal cannot read the answer to another principal's key, nor to that of another operation. */
export interface IdempotencyScope {
  readonly principal: string
  readonly operation: string
  readonly key: string
  /** Equal for equal scopes only. */
  readonly id: string
}

export const scope = (principal: string, operation: string, key: string): IdempotencyScope => ({
  principal,
  operation,
  key,
  id: `${operation}\u0000${key}\u0000${principal}`
})

/** The key of a request. `fingerprint` is a digest of the command, without the ids and times that were made for it. */
export interface IdempotencyRequest {
  readonly scope: IdempotencyScope
  readonly fingerprint: string
  /** How long the record is valid if the command has an effect, or nothing left to do. */
  readonly ttlMillis: number
  /** How long it is valid if the command is refused; 0 leaves a refusal unrecorded. */
  readonly refusalTtlMillis: number
}

/** The answer that is remembered under a key. */
export interface IdempotencyRecord extends Pick<IdempotencyRequest, "scope" | "fingerprint"> {
  readonly expiresAt: Date
  /** The `freshId` of the request that was answered: a request that finds its own id here was not sent twice. */
  readonly requestId: string
  readonly answer: Answer
  readonly createdAt: Date
}

/**
 * The record that answers a request: `undefined` if there is none that is still valid, a rejection if the key was used for
 * another payload.
 */
export const recall = (
  record: IdempotencyRecord | undefined,
  request: IdempotencyRequest,
  now: Date
): Result.Result<IdempotencyRecord, IdempotencyKeyReused> | undefined => {
  if (record === undefined || record.expiresAt.getTime() <= now.getTime()) return undefined
  return record.fingerprint === request.fingerprint
    ? Result.succeed(record)
    : Result.fail(new IdempotencyKeyReused({ operation: request.scope.operation, key: request.scope.key }))
}

/** When the record of an answer expires; `undefined` if the answer is not recorded. */
export const expiryOf = (
  { refusalTtlMillis, ttlMillis }: IdempotencyRequest,
  answer: Answer,
  now: Date
): Date | undefined => {
  if (Result.isSuccess(answer)) return new Date(now.getTime() + ttlMillis)
  const isUnrecorded = isRefused(answer.failure) || isNotFound(answer.failure) || refusalTtlMillis <= 0
  return isUnrecorded ? undefined : new Date(now.getTime() + refusalTtlMillis)
}
