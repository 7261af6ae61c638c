/**
 * The headers that tell a client how far it is from a limit, as draft-ietf-httpapi-ratelimit-headers-11 has them: the policy that is
 * nearest to its end, with its quota in a window of seconds, and what remains and until when.
 */
import type { Exchange } from "../pipeline/Exchange.ts"
import type { Verdict } from "./Limits.ts"

/** Sets the headers. With `older`, those too that clients knew before the draft. */
export const tell = (exchange: Exchange, { count, policy }: Verdict, older: boolean): void => {
  const seconds = Math.ceil((count.isAllowed ? count.resetMillis : count.retryMillis) / 1_000)
  exchange.setHeader("ratelimit-policy", `"${policy.name}";q=${policy.limit};w=${policy.windowSeconds}`)
  exchange.setHeader("ratelimit", `"${policy.name}";r=${count.remaining};t=${seconds}`)
  if (!older) return
  exchange.setHeader("x-ratelimit-limit", String(policy.limit))
  exchange.setHeader("x-ratelimit-remaining", String(count.remaining))
  exchange.setHeader("x-ratelimit-reset", String(seconds))
}
