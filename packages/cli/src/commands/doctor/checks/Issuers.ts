/**
 * Token issuers: whether each answers, whether its metadata is its own, whether it has keys, whether its clock differs by more than
 * its tokens may, and whether there are the organizations in which it gives roles.
 */
import type { IssuerFacts } from "@turnout/adapters/tokens/diagnosis"
import { fromInput, type TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { find } from "@turnout/core/access/application/Organizations"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as Effect from "effect/Effect"
import { count } from "../../../output/Words.ts"
import { type Check, DEADLINE_MILLIS, failure, type Finding, notice, ok, warning } from "../Check.ts"

/** How long an issuer may take: less than the check, so that the finding names the issuer. */
const PATIENCE_MILLIS = DEADLINE_MILLIS - 500

const ofKeys = (issuer: string, { keysUrl, published, usable }: IssuerFacts): Finding => {
  const facts = { issuer, keysUrl, published, usable }
  if (usable > 0)
    return ok(
      `${issuer} answers: tokens can be verified with ${usable} of the ${count(published)} keys at ${keysUrl}`,
      facts
    )
  const words = published === 0 ? "has no keys" : "has no key that its tokens can be verified with"
  return warning(
    `${issuer} ${words} at ${keysUrl}, so every token of it is refused`,
    facts,
    "Look whether the issuer has revoked its keys, and whether algorithms in its settings are those that it signs by."
  )
}

const ofClock = ({ clockToleranceSeconds, issuer }: ReturnType<typeof fromInput>, { clock }: IssuerFacts): Finding => {
  if (clock === null) return notice(`${issuer} does not tell the time, so its clock is not compared`, { issuer })
  const { aheadMillis, withinMillis } = clock
  const facts = { issuer, aheadMillis, withinMillis, clockToleranceSeconds }
  const about = `${Math.round(Math.abs(aheadMillis) / 1_000)} seconds`
  if (Math.abs(aheadMillis) <= clockToleranceSeconds * 1_000 + withinMillis)
    return ok(`the clocks of ${issuer} and of this machine differ by about ${about}`, facts)
  const [where, effect] =
    aheadMillis > 0
      ? ["ahead of", "new tokens may be refused as not valid yet"]
      : ["behind", "tokens are refused before the issuer takes them for expired"]
  return warning(
    `the clock of ${issuer} is ${where} that of this machine by about ${about}, so ${effect}`,
    facts,
    "timedatectl status (or chronyc tracking) shows whether the clock of this machine is kept right"
  )
}

const notFetched = (issuer: string, words: string, otherIssuer: string | null): Finding =>
  failure(
    `the keys of ${issuer} cannot be fetched: ${words}`,
    { issuer, error: "KeysUnavailable", otherIssuer },
    otherIssuer === null
      ? "Open that address from this machine. While no process has fetched the keys, tokens are neither accepted nor refused."
      : `Its metadata names ${otherIssuer}: set issuer to that, if its tokens have it in iss.`
  )

/** A check for each issuer, so that one that does not answer holds up no other. */
export const checks = async (issuers: ReadonlyArray<TokenIssuerInput>): Promise<ReadonlyArray<Check>> => {
  if (issuers.length === 0) return []
  const { look } = await import("@turnout/adapters/tokens/diagnosis")
  return issuers.map((input) => {
    const settings = fromInput(input)
    const { issuer } = settings
    return {
      name: "issuers",
      look: look(input).pipe(
        Effect.map((facts) => [ofKeys(issuer, facts), ofClock(settings, facts)]),
        Effect.catchTag("KeysUnavailable", ({ otherIssuer, words }) =>
          Effect.succeed([notFetched(issuer, words, otherIssuer)])
        ),
        Effect.timeoutOrElse({
          duration: PATIENCE_MILLIS,
          orElse: () =>
            Effect.succeed([notFetched(issuer, `there was no answer within ${PATIENCE_MILLIS / 1_000} seconds`, null)])
        })
      )
    }
  })
}

/** The most organizations that are looked for. */
const MOST_ORGANIZATIONS = 500

/** Whether there are the organizations in which the rules of issuers give roles. A rule about another one gives nothing. */
export const ofRules = (issuers: ReadonlyArray<TokenIssuerInput>): Check<OrganizationStore> => ({
  name: "issuers",
  look: Effect.gen(function* () {
    const named = issuers.flatMap(({ issuer, roles = [] }) =>
      roles.flatMap(({ organization }) => (organization === undefined ? [] : [{ issuer, organization }]))
    )
    const byName = Map.groupBy(named, ({ organization }) => organization)
    const findings = yield* Effect.forEach([...byName].slice(0, MOST_ORGANIZATIONS), ([organization, own]) =>
      find(organization).pipe(
        Effect.as([]),
        Effect.catchTag("OrganizationNotFound", () => Effect.succeed([ofNobody(organization, own[0]!.issuer)]))
      )
    )
    return findings.flat()
  })
})

const ofNobody = (organization: string, issuer: string): Finding =>
  warning(
    `roles of ${issuer} are for the organization ${organization}, which is not there, so they give nothing`,
    { issuer, organization },
    "turnout organizations list"
  )
