/**
 * The lease of a slot: who may deliver it, until when, and under which epoch.
 *
 * ```text
 *            claim (epoch + 1)                     renew (same epoch)
 *   free ───────────────────────▶ held by a worker ──────────────┐
 *    ▲                                 │      ▲──────────────────┘
 *    │ release (epoch must match)      │
 *    ├─────────────────────────────────┤
 *    │                                 │ time passes
 *    │          claim (epoch + 1)      ▼
 *    └──── held by another ◀──────── expired
 * ```
 *
 * Two mechanisms, for two different things. *Time* keeps the system alive: a lease that is not renewed can be claimed by
 * anybody once the store's clock has passed `until`. *The epoch* keeps it correct: a worker that was paused, or that has a
 * slow clock, still carries the epoch that it was given, and whatever it writes under a superseded epoch changes nothing.
 * An expired lease that nobody has claimed since is still good for writing: there is no one to be protected from.
 *
 * Workers do not deliver up to the last moment either: they stop at a deadline of their own clock, counted from before
 * they asked for the lease, so that what they send and what their successor sends overlaps as little as can be.
 *
 * Source: M. Kleppmann, "How to do distributed locking" (fencing tokens); C. Gray and D. Cheriton, "Leases" (1989).
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Who delivers: unique for each worker, for as long as it runs. */
export type Owner = string

export interface Lease {
  /** Counts the claims: 0 if there never was one. */
  readonly epoch: number
  /** `null` if nobody holds it; then `until` is `null` as well. */
  readonly owner: Owner | null
  readonly until: Date | null
}

export const free: Lease = { epoch: 0, owner: null, until: null }

/** Somebody else holds the lease. */
export class LeaseHeld extends Schema.TaggedError<LeaseHeld>()("LeaseHeld", {
  owner: Schema.String,
  until: Schema.Date
}) {
  override get message(): string {
    return `${this.owner} holds the lease until ${this.until.toISOString()}.`
  }
}

/** The slot has been claimed by somebody else since, or given back: what was asked under this epoch changes nothing. */
export class StaleLease extends Schema.TaggedError<StaleLease>()("StaleLease", {
  epoch: Schema.Number,
  current: Schema.Number
}) {
  override get message(): string {
    return `The lease of epoch ${this.epoch} is superseded: the slot is at epoch ${this.current}.`
  }
}

const later = (now: Date, millis: number): Date => new Date(now.getTime() + millis)

/** Whether the holder can count on nobody else claiming it now. */
export const isHeld = ({ until }: Lease, now: Date): boolean => until !== null && until.getTime() > now.getTime()

/** Takes a lease that is free or has expired. Its own holder may not claim it twice: that is `renew`. */
export const claim = (
  lease: Lease,
  { now, owner, ttlMillis }: { readonly owner: Owner; readonly now: Date; readonly ttlMillis: number }
): Result.Result<Lease, LeaseHeld> =>
  isHeld(lease, now)
    ? Result.fail(new LeaseHeld({ owner: lease.owner!, until: lease.until! }))
    : Result.succeed({ epoch: lease.epoch + 1, owner, until: later(now, ttlMillis) })

/** Whether writing under this epoch is allowed: acknowledging, blocking and unblocking streams. */
export const check = (lease: Lease, epoch: number): Result.Result<Lease, StaleLease> =>
  lease.epoch === epoch && lease.owner !== null
    ? Result.succeed(lease)
    : Result.fail(new StaleLease({ epoch, current: lease.epoch }))

export const renew = (
  lease: Lease,
  { epoch, now, ttlMillis }: { readonly epoch: number; readonly now: Date; readonly ttlMillis: number }
): Result.Result<Lease, StaleLease> =>
  Result.map(check(lease, epoch), () => ({ ...lease, until: later(now, ttlMillis) }))

/** Gives it back, so that the next claim need not wait for it to expire. The epoch stays, and is thereby used up. */
export const release = (lease: Lease, epoch: number): Result.Result<Lease, StaleLease> =>
  Result.map(check(lease, epoch), () => ({ epoch, owner: null, until: null }))
