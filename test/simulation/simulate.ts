/**
 * Runs simulations, one for each seed, and prints the violations.
 *
 *     npm run simulate -- [--seeds N] [--seed S] [--plan JSON] [--minutes M] [--first] [--json]
 *
 * `--seed` begins at a seed, and without other options runs only that one. `--first` ends at the first seed with a
 * violation, which is the same every time. A violation is shown with the command that repeats it, and with the smallest
 * plan that still has it; `--plan` replaces a part of the plan that the seed draws. All cores take part. The exit code is 1
 * if there is a violation.
 */
import { SingleBar } from "cli-progress"
import { parseArgs } from "node:util"
import * as Crew from "./Crew.ts"
import { type Outcome, type Plan, shrink } from "./Simulation.ts"

/** The number of seeds with violations that are shown and shrunk. */
const SHOWN = 5

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
const isShown = process.stderr.isTTY && !values.json
const bar = new SingleBar({ format: "{bar} {value}/{total} seeds, {violations} violations, {eta_formatted} left" })
if (isShown) bar.start(Number.isFinite(count) ? count : 0, 0, { violations: 0 })

/** Prints the violations of a seed, the command that repeats them, and the smallest plan that still has some. */
const show = ({ seed, violations: all }: Outcome): void => {
  const list = (some: ReadonlyArray<string>) => some.slice(0, 5).map((violation) => `  ${violation}\n`)
  const { plan, violations } = shrink(seed)
  const smaller = `smaller: npm run simulate -- --seed ${seed} --plan '${JSON.stringify(plan)}'\n`
  process.stderr.write(
    [`\nseed ${seed}: npm run simulate -- --seed ${seed}\n`, ...list(all), smaller, ...list(violations)].join("")
  )
}

let [done, found] = [0, 0]
const { bad, totals } = await Crew.run({
  first,
  count,
  changes,
  end: beganAt + minutes * 60_000,
  untilFirst: values.first,
  onProgress: (told) => {
    // A long run prints violations at once.
    if (!values.json) told.bad.slice(0, Math.max(0, SHOWN - found)).forEach(show)
    done += told.totals.seeds
    found += told.bad.length
    if (isShown) bar.update(done, { violations: found })
  }
})
if (isShown) bar.stop()
const violations = bad.reduce((sum, outcome) => sum + outcome.violations.length, 0)
const seconds = (performance.now() - beganAt) / 1_000
const stepsPerSecond = Math.round(totals.steps / seconds)
if (values.json) process.stdout.write(`${JSON.stringify({ ...totals, violations, seconds, stepsPerSecond, bad })}\n`)
else {
  process.stdout.write(
    `${totals.operations} operations, ${totals.entries} entries, ${totals.accidents} accidents; ${stepsPerSecond} steps a second\n`
  )
  process.stdout.write(`${totals.seeds} seeds, ${totals.steps} steps, ${violations} violations\n`)
}
process.exit(bad.length === 0 ? 0 : 1)
