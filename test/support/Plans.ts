/**
 * The plans of the statements that a connection has prepared, and the indexes by which they find their rows.
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
  readonly "Shared Hit Blocks"?: number
  readonly "Shared Read Blocks"?: number
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

/**
 * The columns by which an index is searched, such as `event_id, sequence` for `((event_id = $1) AND (sequence >
 * ($2)::bigint))` and for `(ROW(event_id, sequence) > ROW($1, $2))`.
 */
const columns = (condition = ""): string => {
  const sides = Array.from(condition.matchAll(/\((?:ROW\(([\w, ]+)\)|(\w+)) (?:=|<|<=|>|>=) /g))
  return [...new Set(sides.flatMap(([, row, column]) => row?.split(", ") ?? column))].join(", ")
}

/** The ways in which a plan finds its rows, such as `registrations_pkey (id)`, in the order of the plan. */
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
       AND statement NOT LIKE 'CALL %'
     ORDER BY name`
  )
)

const explain = (name: string, values: ReadonlyArray<string>, ...options: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql.unsafe<{ "QUERY PLAN": ReadonlyArray<{ readonly Plan: Node }> }>(
        `EXPLAIN (${["FORMAT JSON", ...options].join()}) EXECUTE "${name}"${values.length === 0 ? "" : `(${values.join()})`}`
      ),
      ([row]) => row!["QUERY PLAN"][0]!.Plan
    )
  )

export const plans = Effect.gen(function* () {
  return yield* Effect.forEach(yield* prepared, ({ name, parameters, statement }) =>
    Effect.map(
      explain(
        name,
        Array.from({ length: parameters }, () => "NULL")
      ),
      (root): Plan => ({ statement, root })
    )
  )
})

/**
 * Runs the prepared statement that contains `text`, with values given as SQL, and gives the number of pages that it has
 * read.
 */
export const pages = Effect.fnUntraced(function* (text: string, values: ReadonlyArray<string>) {
  const { name } = (yield* prepared).find(({ statement }) => statement.includes(text))!
  const root = yield* explain(name, values, "ANALYZE", "BUFFERS")
  return (root["Shared Hit Blocks"] ?? 0) + (root["Shared Read Blocks"] ?? 0)
})
