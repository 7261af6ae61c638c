/**
 * Decisions of the policy per second: who may do what, by principal, action and facts.
 *
 *     npm run bench:policy -- [--rounds N] [--seconds N] [--json]
 *
 * Nothing is read and nothing is asked over a network: this is the pure function, as each request calls it once or twice.
 */
import { type Action, actions } from "@turnout/core/access/domain/policy/Action"
import { decide, type Facts } from "@turnout/core/access/domain/policy/Policy"
import type { Principal } from "@turnout/core/access/domain/policy/Principal"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Rec from "effect/Record"
import { alternate, summarise } from "./support/Contest.ts"
import { format, print, progress } from "./support/Report.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({ rounds: 5, seconds: 1 })
const AT_ONCE = 10_000

const OTHER = OrganizationId.make("00000000-0000-7000-8000-000000000001")
const EVENT = "00000000-0000-7000-8000-00000000000e" as EventId

const principals: Readonly<Record<string, Principal>> = {
  "somebody without a credential": { kind: "anonymous" },
  "an API key": { kind: "apiKey", id: "k", role: "organizer", organizationId: DEFAULT_ORGANIZATION },
  "a person with two memberships": {
    kind: "user",
    id: "ada",
    name: null,
    address: null,
    attendeeIds: ["mailto:ada@example.com", "ada"],
    memberships: [
      { organizationId: OTHER, role: "viewer" },
      { organizationId: DEFAULT_ORGANIZATION, role: "owner" }
    ],
    isOperator: false
  }
}

const about = (organizationId: OrganizationId): ReadonlyArray<Facts> => [
  { on: "event", organizationId, isPublic: true, registration: "open" },
  { on: "event", organizationId, isPublic: false, registration: "members" },
  {
    on: "registration",
    organizationId,
    eventId: EVENT,
    registrationId: "r",
    attendeeId: "mailto:ada@example.com",
    isSelfServiceOpen: true
  },
  { on: "owned", organizationId }
]
const facts = [...about(DEFAULT_ORGANIZATION), ...about(OTHER)]
/** Every action on every fact, in an order that does not depend on how many there are of each. */
const cases = (Object.keys(actions) as ReadonlyArray<Action>).flatMap((action) =>
  facts.map((fact) => [action, fact] as const)
)

/** Decides for a while, and returns the decisions a second. */
const time = (principal: Principal): number => {
  const until = performance.now() + settings.seconds * 1_000
  const beganAt = performance.now()
  let [decided, allowed] = [0, 0]
  do {
    for (let n = 0; n < AT_ONCE; n++, decided++) {
      const [action, fact] = cases[decided % cases.length]!
      if (decide(principal, action, fact).allowed) allowed += 1
    }
  } while (performance.now() < until)
  if (allowed === 0 || allowed === decided) throw new Error("the policy did not tell anything apart")
  return (decided / (performance.now() - beganAt)) * 1_000
}

const contestants = Rec.map(principals, (principal) => async () => time(principal))
for (const contestant of Object.values(contestants)) await contestant()
const turns = await alternate(contestants, settings.rounds, (name, round) =>
  progress(`round ${round + 1} of ${settings.rounds}: ${name}`)
)
progress("")

const figures = Rec.map(turns, summarise)
print(settings, {
  bench: "The policy",
  settings,
  figures,
  sections: [
    {
      title: "Decisions",
      head: ["for", "a second", "lowest", "highest"],
      rows: Object.entries(figures).map(([name, { max, median, min }]) => [
        name,
        format(median),
        format(min),
        format(max)
      ])
    }
  ],
  targets: [
    {
      what: "decisions a second",
      value: Math.min(...Object.values(figures).map(({ median }) => median)),
      target: 1_000_000
    }
  ]
})
