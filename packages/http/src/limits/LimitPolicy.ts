/**
 * The policies of limits, as data. The pipeline, the documents and the tests read this table, and a server may be given another.
 *
 * A policy is a bucket of tokens for each of those that it counts. The bucket holds half of the limit, and fills up with the other half
 * within the window. So no window, wherever it begins, sees more than the limit, and whoever has waited may ask for half of it at once.
 */
import * as Schema from "effect/Schema"

/** What a policy counts by, each with a bucket of its own. */
export const COUNTED_BY = ["address", "principal", "event", "mailAddress"] as const
export type CountedBy = (typeof COUNTED_BY)[number]

/**
 * Those whose requests a policy counts: all; those without a credential; those with one; or only those whose credential is refused, which
 * are counted afterwards.
 */
export const CALLERS = ["anonymous", "identified", "refused", "all"] as const

const Name = Schema.String.check(
  Schema.isPattern(/^[a-z][a-z0-9-]{0,62}$/, { expected: "lower-case letters, digits and -, beginning with a letter" })
)
const MAX_LIMIT = 1_000_000_000
const DAY_SECONDS = 86_400

export const LimitPolicy = Schema.Struct({
  name: Name,
  countedBy: Schema.Literals(COUNTED_BY),
  callers: Schema.Literals(CALLERS),
  /** The operations that it covers, by their names in the document of the API. */
  operations: Schema.Union([Schema.Literal("all"), Schema.Array(Schema.String)]),
  /** The most requests in a window. */
  limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_LIMIT })),
  windowSeconds: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: DAY_SECONDS })),
  /** The tokens that a request takes. */
  cost: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000 })),
  /**
   * What happens while the store that all processes share cannot be asked: `open` counts in the process alone, `closed` refuses. Without
   * such a store, each process counts by itself.
   */
  whenStoreIsAway: Schema.Literals(["open", "closed"])
})
export type LimitPolicy = typeof LimitPolicy.Type

/** The policies of a server that is given no others. */
export const DEFAULT_POLICIES: ReadonlyArray<LimitPolicy> = [
  {
    name: "anonymous",
    countedBy: "address",
    callers: "anonymous",
    operations: "all",
    limit: 60,
    windowSeconds: 60,
    cost: 1,
    whenStoreIsAway: "open"
  },
  {
    name: "anonymous-registrations",
    countedBy: "address",
    callers: "anonymous",
    operations: ["register"],
    limit: 10,
    windowSeconds: 60,
    cost: 1,
    whenStoreIsAway: "open"
  },
  {
    name: "identified",
    countedBy: "principal",
    callers: "identified",
    operations: "all",
    limit: 600,
    windowSeconds: 60,
    cost: 1,
    whenStoreIsAway: "open"
  },
  {
    name: "refused-credentials",
    countedBy: "address",
    callers: "refused",
    operations: "all",
    limit: 60,
    windowSeconds: 60,
    cost: 1,
    whenStoreIsAway: "open"
  },
  {
    name: "sign-in",
    countedBy: "address",
    callers: "all",
    operations: ["requestSignIn"],
    limit: 5,
    windowSeconds: 3_600,
    cost: 1,
    whenStoreIsAway: "closed"
  },
  {
    name: "sign-in-mail",
    countedBy: "mailAddress",
    callers: "all",
    operations: ["requestSignIn"],
    limit: 5,
    windowSeconds: 3_600,
    cost: 1,
    whenStoreIsAway: "closed"
  }
]

/** The bucket of a policy. */
export interface Bucket {
  /** The most tokens in it. */
  readonly capacity: number
  /** The time in which one token is added. */
  readonly millisPerToken: number
}

/** The bucket by which no window sees more than the limit. A limit of 1 is a bucket of one, which takes the window to fill. */
export const bucketOf = ({ limit, windowSeconds }: LimitPolicy): Bucket => {
  const capacity = Math.ceil(limit / 2)
  return { capacity, millisPerToken: (windowSeconds * 1_000) / Math.max(1, limit - capacity) }
}
