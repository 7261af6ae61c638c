/**
 * Simulations on every core: each of several processes gets a few seeds at a time.
 */
import { fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import type { Outcome, Plan } from "./Simulation.ts"

/** The task of a process: these seeds, one after the other. */
export interface Asked {
  readonly from: number
  readonly count: number
  readonly changes: Partial<Plan>
}

export interface Totals {
  seeds: number
  steps: number
  operations: number
  entries: number
  accidents: number
}

export interface Told {
  readonly totals: Totals
  /** The outcomes of the seeds with violations. */
  readonly bad: ReadonlyArray<Outcome>
}

export interface Run {
  readonly first: number
  readonly count: number
  readonly changes: Partial<Plan>
  /** No seed is begun after this time, on the clock of `performance`. */
  readonly end: number
  /** Whether to end at the first seed with a violation, and to report no later one. */
  readonly untilFirst: boolean
  readonly onProgress: (told: Told) => void
}

export const nothing = (): Totals => ({ seeds: 0, steps: 0, operations: 0, entries: 0, accidents: 0 })

export const add = (totals: Totals, more: Totals): void => {
  for (const name of Object.keys(totals) as ReadonlyArray<keyof Totals>) totals[name] += more[name]
}

const SEEDS_AT_ONCE = 10

/** Runs the seeds. Gives the outcomes with violations, in the order of the seeds. */
export const run = async ({ changes, count, end, first, onProgress, untilFirst }: Run): Promise<Told> => {
  const totals = nothing()
  const bad: Array<Outcome> = []
  let next = first
  const take = (): Asked | undefined => {
    const left = first + count - next
    if (left <= 0 || performance.now() >= end || (untilFirst && bad.length > 0)) return undefined
    const asked = { from: next, count: Math.min(left, SEEDS_AT_ONCE), changes }
    next += asked.count
    return asked
  }
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(fileURLToPath(new URL("crewMember.ts", import.meta.url)), {
        execArgv: ["--conditions=@turnout/source"]
      })
      const giveMore = () => {
        const asked = take()
        if (asked === undefined) child.disconnect()
        else child.send(asked)
      }
      child.on("error", reject)
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a process ended with code ${code}`))))
      child.on("message", (told: Told) => {
        add(totals, told.totals)
        bad.push(...told.bad)
        onProgress(told)
        giveMore()
      })
      giveMore()
    })
  const processes = Math.min(availableParallelism(), Math.ceil(count / SEEDS_AT_ONCE))
  await Promise.all(Array.from({ length: processes }, work))
  const inOrder = bad.toSorted((a, b) => a.seed - b.seed)
  return { totals, bad: untilFirst ? inOrder.slice(0, 1) : inOrder }
}
