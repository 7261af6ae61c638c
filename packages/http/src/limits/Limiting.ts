/**
 * Limiting: which policies a request meets at which stage of the pipeline, and how it is refused.
 *
 * ```text
 * before the credential is looked up   by address and event: those for everybody, for requests without a credential, or with one;
 *                                      and whether too many credentials from this address were refused
 * after it                             by principal
 * in the handler of signing in         by mail address
 * ```
 */
import { actorOf, type Principal } from "@turnout/core/access/domain/policy/Principal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import type { Exchange } from "../pipeline/Exchange.ts"
import * as LimitProblems from "./LimitProblems.ts"
import * as Keys from "./Keys.ts"
import * as LimitHeaders from "./LimitHeaders.ts"
import type { LimitMetrics } from "./LimitMetrics.ts"
import type { CountedBy } from "./LimitPolicy.ts"
import { type Covering, type Limits, retryAfterSeconds, UNKNOWN, type Unknown, type Verdict } from "./Limits.ts"

/** What is said to a request: it passes, or it is refused with a problem. */
export type Said = Verdict | Unknown | undefined

/** The policies that an operation meets. */
interface Met {
  readonly anonymous: Covering
  readonly identified: Covering
  readonly refused: Covering
  readonly principal: Covering
  readonly mailAddress: Covering
}

const BY_CONNECTION: ReadonlyArray<CountedBy> = ["address", "event"]

const hasCredential = ({ headers }: Exchange): boolean =>
  headers["authorization"] !== undefined || SessionCookie.valuesIn(headers["cookie"]).length > 0

export class LimitingService {
  private readonly limits: Limits
  private readonly olderHeaders: boolean
  private readonly metrics: Pick<LimitMetrics, "refused">
  private readonly met = new Map<string, Met>()

  constructor(limits: Limits, metrics: Pick<LimitMetrics, "refused">, olderHeaders: boolean) {
    this.limits = limits
    this.metrics = metrics
    this.olderHeaders = olderHeaders
  }

  /** Asks the policies by address and event, before anybody looks for a credential. */
  before(exchange: Exchange, operation: string): Said | Effect.Effect<Said> {
    const { anonymous, identified, refused } = this.metBy(operation)
    const keys = this.keysOf(exchange)
    if (!hasCredential(exchange)) return this.limits.take(anonymous, keys)
    return this.limits.full(refused, keys) ?? this.limits.take(identified, keys)
  }

  /** Counts a credential that was refused. */
  refusedCredential(exchange: Exchange, operation: string): void {
    this.limits.count(this.metBy(operation).refused, this.keysOf(exchange))
  }

  /** Asks the policies by principal. Who may do everything without a credential, in development, has no limits. */
  after(operation: string, principal: Principal): Said | Effect.Effect<Said> {
    if (principal.kind === "anonymous") return undefined
    return this.limits.take(this.metBy(operation).principal, { principal: actorOf(principal) })
  }

  /** Asks the policies by mail address, and fails with a problem if they refuse. */
  ofMailAddress(exchange: Exchange, operation: string, address: string): Effect.Effect<void, LimitProblems.Refusal> {
    const said = this.limits.take(this.metBy(operation).mailAddress, { mailAddress: Keys.ofMailAddress(address) })
    return Effect.flatMap(Effect.isEffect(said) ? said : Effect.succeed(said), (one) => {
      const refusal = this.tell(exchange, one)
      return refusal === undefined ? Effect.void : Effect.fail(refusal)
    })
  }

  /** Tells a client how far it is from its limits. Gives the error with which the request is refused, if it is. */
  tell(exchange: Exchange, said: Said): LimitProblems.Refusal | undefined {
    if (said === undefined) return undefined
    if (said === UNKNOWN) {
      const seconds = retryAfterSeconds(said)
      exchange.setHeader("retry-after", String(seconds))
      return new LimitProblems.LimitsUnavailable({ retryAfterSeconds: seconds })
    }
    LimitHeaders.tell(exchange, said, this.olderHeaders)
    const { count, policy } = said
    if (count.isAllowed) return undefined
    this.metrics.refused(policy.name)
    const seconds = retryAfterSeconds(said)
    exchange.setHeader("retry-after", String(seconds))
    return new LimitProblems.RateLimited({ policy: policy.name, retryAfterSeconds: seconds })
  }

  private keysOf({ origin, params }: Exchange) {
    return { address: origin.address === null ? undefined : Keys.ofAddress(origin.address), event: params["eventId"] }
  }

  private metBy(operation: string): Met {
    const known = this.met.get(operation)
    if (known !== undefined) return known
    const met: Met = {
      anonymous: this.limits.covering(operation, ["all", "anonymous"], BY_CONNECTION),
      identified: this.limits.covering(operation, ["all", "identified"], BY_CONNECTION),
      refused: this.limits.covering(operation, ["refused"], BY_CONNECTION),
      principal: this.limits.covering(operation, ["all", "identified"], ["principal"]),
      mailAddress: this.limits.covering(operation, ["all", "anonymous"], ["mailAddress"])
    }
    this.met.set(operation, met)
    return met
  }
}

/** The limits of a server. A server without this service has none. */
export class Limiting extends Context.Service<Limiting, LimitingService>()("@turnout/Limiting") {}
