/**
 * A process that simulates seeds, and reports their outcomes.
 */
import "./withoutAsyncContext.ts"
import { add, type Asked, nothing, type Told } from "./Crew.ts"
import { simulate } from "./Simulation.ts"

process.on("message", ({ changes, count, from }: Asked) => {
  const outcomes = Array.from({ length: count }, (_, index) => simulate(from + index, changes))
  const totals = nothing()
  for (const { counts, steps } of outcomes) add(totals, { seeds: 1, steps, ...counts })
  const told: Told = { totals, bad: outcomes.filter(({ violations }) => violations.length > 0) }
  process.send!(told)
})
