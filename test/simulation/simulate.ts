/**
 * Runs simulations, one for each seed, and tells what must hold and did not.
 *
 *     npm run simulate -- [--seeds N] [--seed S] [--plan JSON] [--minutes M] [--first] [--json]
 *
 * `--seed` begins at a seed, and with nothing else runs that one alone; `--first` ends at the first violation. A seed that violates something does so every time.
 * A violation is shown with the smallest plan that still has it, and with the command that shows it again: `--plan` changes a
 * part of what the seed draws. Exit code 1 if anything was violated.
 */
import { SingleBar } from "cli-progress"
import { parseArgs } from "node:util"
import { type Outcome, type Plan, shrink, simulate } from "./Simulation.ts"

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    minutes: { type: "string" },
    plan: { type: "string", default: "{}" },
    first: { type: "boolean", default: false },
    json: { type: "boolean", default: false }
  }
})
const first = Number(values.seed ?? 1)
const count = Number(
  values.seeds ??
    (values.seed === undefined && values.minutes === undefined ? 1_000 : values.minutes === undefined ? 1 : Infinity)
)
const minutes = Number(values.minutes ?? Infinity)
for (const [name, number] of Object.entries({ seed: first, seeds: count, minutes })) {
  if (!(number >= 0)) {
    process.stderr.write(`--${name} must be a number\n`)
    process.exit(2)
  }
}

const changes = JSON.parse(values.plan) as Partial<Plan>

const beganAt = performance.now()
const end = beganAt + minutes * 60_000
const isShown = process.stderr.isTTY && !values.json
const bar = new SingleBar({ format: "{bar} {value}/{total} seeds, {violations} violations, {eta_formatted} left" })
if (isShown) bar.start(Number.isFinite(count) ? count : 0, 0, { violations: 0 })

const bad: Array<Outcome> = []
const totals = { seeds: 0, steps: 0, operations: 0, entries: 0, accidents: 0, violations: 0 }
for (let seed = first; seed < first + count && performance.now() < end; seed++) {
  const outcome = simulate(seed, changes)
  totals.seeds += 1
  totals.steps += outcome.steps
  totals.operations += outcome.counts.operations
  totals.entries += outcome.counts.entries
  totals.accidents += outcome.counts.accidents
  if (outcome.violations.length > 0) {
    bad.push(outcome)
    totals.violations += outcome.violations.length
    if (!values.json) {
      process.stderr.write(`\nseed ${seed}: npm run simulate -- --seed ${seed}\n`)
      for (const violation of outcome.violations.slice(0, 5)) process.stderr.write(`  ${violation}\n`)
      const { plan, violations } = shrink(seed)
      process.stderr.write(`smaller: npm run simulate -- --seed ${seed} --plan '${JSON.stringify(plan)}'\n`)
      for (const violation of violations.slice(0, 5)) process.stderr.write(`  ${violation}\n`)
    }
  }
  if (values.first && bad.length > 0) break
  if (isShown) bar.update(totals.seeds, { violations: totals.violations })
}
if (isShown) bar.stop()
const seconds = (performance.now() - beganAt) / 1_000
const perSecond = Math.round(totals.steps / seconds)
if (values.json) process.stdout.write(`${JSON.stringify({ ...totals, seconds, stepsPerSecond: perSecond, bad })}\n`)
else {
  process.stdout.write(
    `${totals.operations} operations, ${totals.entries} entries, ${totals.accidents} accidents; ${perSecond} steps a second\n`
  )
  process.stdout.write(`${totals.seeds} seeds, ${totals.steps} steps, ${totals.violations} violations\n`)
}
process.exit(bad.length === 0 ? 0 : 1)
