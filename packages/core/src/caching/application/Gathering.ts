/**
 * Questions that are asked together: those that come while others are being answered wait, and go along in one.
 *
 * A question is never answered by what was asked before it came, so its answer is not older than the question.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

export interface GatheringOptions {
  /** How many sets of questions are on their way at once. */
  readonly atOnce: number
  /** The most questions in one set. */
  readonly most: number
}

interface Asked<Answer, E> {
  readonly answers: Array<(exit: Exit.Exit<Answer, E>) => void>
}

/**
 * Makes the function that asks. `ask` gets questions of which no two are the same, and returns their answers in the same order. It runs
 * apart from those who ask, who may go away meanwhile.
 */
export const make = <Answer, E>(
  ask: (questions: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Answer>, E>,
  { atOnce, most }: GatheringOptions,
  runFork: <A, F>(effect: Effect.Effect<A, F>) => Fiber.Fiber<A, F>
): ((question: string) => Effect.Effect<Answer, E>) => {
  let waiting = new Map<string, Asked<Answer, E>>()
  let underway = 0
  let isBeginning = false

  const take = (): Map<string, Asked<Answer, E>> => {
    const all = waiting
    if (all.size <= most) {
      waiting = new Map()
      return all
    }
    const taken = new Map([...all].slice(0, most))
    for (const question of taken.keys()) all.delete(question)
    return taken
  }

  const send = (): void => {
    while (waiting.size > 0 && underway < atOnce) {
      const set = take()
      underway += 1
      runFork(ask([...set.keys()])).addObserver((exit) => {
        underway -= 1
        send()
        let index = 0
        for (const { answers } of set.values()) {
          const at = index++
          const own = Exit.map(exit, (all) => all[at]!)
          for (const answer of answers) answer(own)
        }
      })
    }
  }

  /** Questions that come in the same turn of the event loop go along. */
  const begin = (): void => {
    if (isBeginning || underway >= atOnce) return
    isBeginning = true
    runFork(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          isBeginning = false
          send()
        })
      )
    )
  }

  return (question) =>
    Effect.callback<Answer, E>((resume) => {
      const known = waiting.get(question)
      if (known === undefined) waiting.set(question, { answers: [resume] })
      else known.answers.push(resume)
      begin()
    })
}
