/**
 * The plans of the statements that a connection has prepared, and how they find their rows.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export interface Node {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Index Name"?: string
  readonly "Index Cond"?: string
  readonly "Conflict Arbiter Indexes"?: ReadonlyArray<string>
  readonly "Subplan Name"?: string
  readonly Plans?: ReadonlyArray<Node>
}

export interface Prepared {
  readonly name: string
  readonly statement: string
  readonly parameters: number
  readonly custom: number
}

export interface Plan {
  readonly statement: string
  readonly root: Node
}

/** The columns that an index is searched by: in `((event_id = $1) AND (sequence > ($2)::bigint))`, these two. */
const columns = (condition = ""): string =>
  [...new Set(Array.from(condition.matchAll(/\((\w+) (?:=|<|<=|>|>=) /g), ([, column]) => column))].join(", ")

/** How a plan finds its rows, such as `registrations_pkey (id)`, in its order. */
export const accesses = (node: Node): ReadonlyArray<string> => {
  const { "Conflict Arbiter Indexes": arbiters = [], "Index Name": index, "Node Type": type } = node
  const own =
    index !== undefined
      ? [`${index} (${columns(node["Index Cond"])})`]
      : node["Relation Name"] !== undefined && !["ModifyTable", "Bitmap Heap Scan"].includes(type)
        ? [`${type} on ${node["Relation Name"]}`]
        : arbiters.map((arbiter) => `${arbiter} (conflict)`)
  return [...own, ...(node.Plans ?? []).flatMap(accesses)]
}

/** The part of a plan that belongs to a `WITH` of this name. */
export const part = (node: Node, name: string): Node | undefined =>
  node["Subplan Name"] === `CTE ${name}`
    ? node
    : (node.Plans ?? []).map((child) => part(child, name)).find((found) => found !== undefined)

export const has = (node: Node, type: string): boolean =>
  node["Node Type"] === type || (node.Plans ?? []).some((child) => has(child, type))

/** The statements about the tables of the store that this connection has prepared. */
export const prepared = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.unsafe<Prepared>(
    `SELECT name, statement, cardinality(parameter_types) AS parameters, custom_plans::int AS custom
     FROM pg_prepared_statements WHERE statement LIKE '%"turnout".%' AND statement NOT LIKE '%pg_prepared_statements%'
     ORDER BY name`
  )
)

export const plans = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* Effect.forEach(yield* prepared, ({ name, parameters, statement }) => {
    const values = parameters === 0 ? "" : `(${Array.from({ length: parameters }, () => "NULL").join(", ")})`
    return Effect.map(
      sql.unsafe<{ "QUERY PLAN": ReadonlyArray<{ readonly Plan: Node }> }>(
        `EXPLAIN (FORMAT JSON) EXECUTE "${name}"${values}`
      ),
      ([row]): Plan => ({ statement, root: row!["QUERY PLAN"][0]!.Plan })
    )
  })
})
