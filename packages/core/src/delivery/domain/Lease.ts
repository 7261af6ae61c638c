/**
 * The lease of a slot: who may deliver it, until when, and under which epoch.
 *
 * ```text
 *            claim (epoch + 1)                     renew (same epoch)
 *   free ───────────────────────▶ held by a relay ───────────────┐
 *    ▲                                 │      ▲──────────────────┘
 *    │ release (epoch must match)      │
 *    ├─────────────────────────────────┤
 *    │                                 │ time passes
 *    │          claim (epoch + 1)      ▼
 *    └──── held by another ◀──────── expired
 * ```
 *
 * Two mechanisms have two purposes. *Time* keeps the system alive: once the store's clock has passed `until`, another relay can
 * claim the slot. *The epoch* keeps it correct: a relay that was paused, or that has a slow clock, still carries the epoch of
 * its claim, and a write under a superseded epoch changes nothing. A relay may still write under an expired lease until another
 * relay claims the slot.
 *
 * A relay does not deliver up to the last moment either: it stops at a deadline of its own clock, counted from before it asked
 * for the lease, so that it overlaps with its successor as little as possible.
 *
 * Source: M. Kleppmann, "How to do distributed locking" (fencing tokens); C. Gray and D. Cheriton, "Leases" (1989).
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

/** The name of a holder of leases, unique among all that run. */
export type Owner = string

export interface Lease {
  /** The number of claims so far: 0 if there was none. */
  readonly epoch: number
  /** The holder; `null` if nobody holds the lease. Then `until` is `null` as well. */
  readonly owner: Owner | null
  readonly until: Date | null
}

export const free: Lease = { epoch: 0, owner: null, until: null }

/** The lease has a holder, and has not expired. */
export class LeaseHeld extends TaggedError<LeaseHeld>()("LeaseHeld", {
  owner: Schema.String,
  until: Schema.Date
}) {
  override get message(): string {
    return `${this.owner} holds the lease until ${this.until.toISOString()}.`
  }
}

/** The slot was claimed again, or given back, since then: a write under this epoch changes nothing. */
export class StaleLease extends TaggedError<StaleLease>()("StaleLease", {
  epoch: Schema.Number,
  current: Schema.Number
}) {
  override get message(): string {
    return `The lease of epoch ${this.epoch} is superseded: the slot is at epoch ${this.current}.`
  }
}

const later = (now: Date, millis: number): Date => new Date(now.getTime() + millis)

/** Whether the lease has not expired, so that nobody else can claim it now. */
export const isHeld = ({ until }: Lease, now: Date): boolean => until !== null && until.getTime() > now.getTime()

/** Takes a lease that is free or has expired. The holder of a lease may not claim it again, but renews it. */
export const claim = (
  lease: Lease,
  { now, owner, ttlMillis }: { readonly owner: Owner; readonly now: Date; readonly ttlMillis: number }
): Result.Result<Lease, LeaseHeld> =>
  isHeld(lease, now)
    ? Result.fail(new LeaseHeld({ owner: lease.owner!, until: lease.until! }))
    : Result.succeed({ epoch: lease.epoch + 1, owner, until: later(now, ttlMillis) })

/** Fails with `StaleLease` if nothing may be written under this epoch: neither acknowledgements nor blocks of streams. */
export const check = (lease: Lease, epoch: number): Result.Result<Lease, StaleLease> =>
  lease.epoch === epoch && lease.owner !== null
    ? Result.succeed(lease)
    : Result.fail(new StaleLease({ epoch, current: lease.epoch }))

export const renew = (
  lease: Lease,
  { epoch, now, ttlMillis }: { readonly epoch: number; readonly now: Date; readonly ttlMillis: number }
): Result.Result<Lease, StaleLease> =>
  Result.map(check(lease, epoch), () => ({ ...lease, until: later(now, ttlMillis) }))

/**
 * Gives a lease back, so that the next claim does not wait until it expires. The epoch stays, so that the next claim has
 * another.
 */
export const release = (lease: Lease, epoch: number): Result.Result<Lease, StaleLease> =>
  Result.map(check(lease, epoch), () => ({ epoch, owner: null, until: null }))
