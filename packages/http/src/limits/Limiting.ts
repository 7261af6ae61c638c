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
}

const BY_CONNECTION: ReadonlyArray<CountedBy> = ["address", "event"]

const hasCredential = ({ headers }: Exchange): boolean =>
  headers["authorization"] !== undefined || SessionCookie.valuesIn(headers["cookie"]).length > 0

export class LimitingService {
  private readonly limits: Limits
  private readonly olderHeaders: boolean
  private readonly onRefused: (policy: string) => void
  private readonly met = new Map<string, Met>()

  /** `onRefused` is told the policy of each request that is refused. */
  constructor(limits: Limits, olderHeaders: boolean, onRefused: (policy: string) => void) {
    this.limits = limits
    this.onRefused = onRefused
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
    const { principal: covering } = this.metBy(operation)
    return covering.length === 0 ? undefined : this.limits.take(covering, { principal: actorOf(principal) })
  }

  /** Asks the policies by mail address, and fails with a problem if they refuse. */
  ofMailAddress(exchange: Exchange, operation: string, address: string): Effect.Effect<void, LimitProblems.Refusal> {
    const covering = this.limits.covering(operation, ["all", "anonymous"], ["mailAddress"])
    const said = this.limits.take(covering, { mailAddress: Keys.ofMailAddress(address) })
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
    this.onRefused(policy.name)
    const seconds = retryAfterSeconds(said)
    exchange.setHeader("retry-after", String(seconds))
    return new LimitProblems.RateLimited({ policy: policy.name, retryAfterSeconds: seconds })
  }

  private keysOf({ origin, params }: Exchange) {
    return {
      ...(origin.address === null ? {} : { address: Keys.ofAddress(origin.address) }),
      ...(params["eventId"] === undefined ? {} : { event: params["eventId"] })
    }
  }

  private metBy(operation: string): Met {
    const known = this.met.get(operation)
    if (known !== undefined) return known
    const met: Met = {
      anonymous: this.limits.covering(operation, ["all", "anonymous"], BY_CONNECTION),
      identified: this.limits.covering(operation, ["all", "identified"], BY_CONNECTION),
      refused: this.limits.covering(operation, ["refused"], BY_CONNECTION),
      principal: this.limits.covering(operation, ["all", "identified"], ["principal"])
    }
    this.met.set(operation, met)
    return met
  }
}

/** The limits of a server. A server without this service has none. */
export class Limiting extends Context.Service<Limiting, LimitingService>()("@turnout/Limiting") {}
