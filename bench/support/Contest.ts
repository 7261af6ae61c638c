/**
 * Contestants take turns, so that a slow phase of the machine slows all of them down. A figure is the median of the turns.
 */

/** The median of some numbers, and their range. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const summarise = (values: ReadonlyArray<number>): Summary => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values)
})

/** The smallest value that is above this part of all values, such as 0.99. */
export const percentile = (sorted: ReadonlyArray<number> | Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0

/**
 * Gives each contestant its turn in every round, and returns the results by name. Each round begins with the next contestant.
 * `onTurn` is called before every turn.
 */
export const alternate = async <A>(
  contestants: Readonly<Record<string, () => Promise<A>>>,
  rounds: number,
  onTurn: (name: string, round: number) => void = () => {}
): Promise<Readonly<Record<string, ReadonlyArray<A>>>> => {
  const names = Object.keys(contestants)
  const results: Record<string, Array<A>> = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const index of names.keys()) {
      const name = names[(index + round) % names.length]!
      onTurn(name, round)
      results[name]!.push(await contestants[name]!())
    }
  }
  return results
}
