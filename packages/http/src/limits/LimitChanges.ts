/**
 * Changes to the policies of limits, as operators give them: each names a policy, and what is to be other about it.
 */
import * as Schema from "effect/Schema"
import { DEFAULT_POLICIES, LimitPolicy } from "./LimitPolicy.ts"

const { name, ...fields } = LimitPolicy.fields

const Change = Schema.Struct({
  name,
  countedBy: Schema.optionalKey(fields.countedBy),
  callers: Schema.optionalKey(fields.callers),
  operations: Schema.optionalKey(fields.operations),
  limit: Schema.optionalKey(fields.limit),
  windowSeconds: Schema.optionalKey(fields.windowSeconds),
  cost: Schema.optionalKey(fields.cost),
  whenStoreIsAway: Schema.optionalKey(fields.whenStoreIsAway)
}).annotate({ identifier: "LimitChange" })
export type LimitChange = typeof Change.Type

const isPolicy = Schema.is(LimitPolicy)

/** What a policy has that names none of the defaults, and does not say. */
const FRESH = { callers: "all", operations: "all", windowSeconds: 60, cost: 1, whenStoreIsAway: "open" } as const

const DEFAULTS: ReadonlyMap<string, LimitPolicy> = new Map(DEFAULT_POLICIES.map((policy) => [policy.name, policy]))

/** A policy after a change: the default of that name with what the change says, or a new one. */
const after = (change: LimitChange): object => ({ ...(DEFAULTS.get(change.name) ?? FRESH), ...change })

/** A list of changes, each to another policy. */
export const LimitChanges = Schema.Array(
  Change.check(
    Schema.makeFilter(
      (change) => isPolicy(after(change)) || "must have countedBy and limit, since no policy has this name by default"
    ),
    Schema.makeFilter((change) => {
      const { cost, limit } = after(change) as LimitPolicy
      return (
        cost <= Math.ceil(limit / 2) || "must have a cost of half of its limit at most, or no request would ever pass"
      )
    })
  )
).check(
  Schema.isMaxLength(50),
  Schema.makeFilter(
    (changes) => new Set(changes.map((change) => change.name)).size === changes.length || "must name each policy once"
  )
)

/** The policies by default, with changes, and the new ones after them. */
export const apply = (changes: ReadonlyArray<LimitChange>): ReadonlyArray<LimitPolicy> => {
  const changed = new Map(changes.map((change) => [change.name, after(change) as LimitPolicy]))
  return [...new Map([...DEFAULTS, ...changed]).values()]
}
