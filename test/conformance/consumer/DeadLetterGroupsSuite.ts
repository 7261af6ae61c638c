/**
 * The contract of dead letters about a group of which only some messages are asked for, as a suite. One line runs it on a
 * queue:
 *
 * ```ts
 * suite("my queue", bury => …, { atOnce: 10 })
 * ```
 */
import { assert, describe, it } from "@effect/vitest"
import { type DeadLetters, DeadLettersOutOfReach } from "@turnout/core/consumer/ports/DeadLetters"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { type Buried, type Bury, makeMessage } from "./DeadLettersSuite.ts"

export interface Capabilities {
  /** The most messages of a group that the queue gives while none of them is deleted. */
  readonly atOnce: number
}

/** More messages than any queue gives at once. */
const MANY = 25

/** Makes dead letters of one group, and gives their ids and their bodies. */
const makeGroup = (group: string, count: number) => {
  const messages = Array.from({ length: count }, makeMessage)
  return {
    ids: messages.map(({ id }) => id),
    buried: messages.map(({ body }): Buried => [body, group])
  }
}

const redriveFailing = (letters: DeadLetters, only: ReadonlyArray<string>) =>
  Effect.flatMap(Effect.flip(letters.redrive({ only })), (error) =>
    error instanceof DeadLettersOutOfReach ? Effect.succeed(error) : Effect.die(error)
  )

export const suite = (name: string, bury: Bury, { atOnce }: Capabilities): void => {
  describe(`dead letters of a group: ${name}`, { timeout: 120_000 }, () => {
    it.live("are moved although others stand before them, as far as the queue gives them", () =>
      Effect.gen(function* () {
        const { buried, ids } = makeGroup("a", atOnce)
        const { letters, live } = yield* bury(buried)
        assert.strictEqual(yield* letters.redrive({ only: [ids.at(-1)!] }), 1)
        assert.deepStrictEqual(yield* live, [buried.at(-1)!])
        assert.strictEqual(yield* letters.redrive({}), atOnce - 1)
        assert.deepStrictEqual(yield* live, [buried.at(-1)!, ...buried.slice(0, -1)])
      }).pipe(Effect.scoped)
    )

    it.live("are moved in order where those that are moved make way for them", () =>
      Effect.gen(function* () {
        const { buried, ids } = makeGroup("a", MANY)
        const staying = atOnce - 1
        const { letters, live } = yield* bury(buried)
        assert.strictEqual(yield* letters.redrive({ only: ids.slice(staying) }), MANY - staying)
        assert.deepStrictEqual(yield* live, buried.slice(staying))
        assert.strictEqual(yield* letters.redrive({}), staying)
        assert.deepStrictEqual(yield* live, [...buried.slice(staying), ...buried.slice(0, staying)])
      }).pipe(Effect.scoped)
    )

    it.live("are seen as far in a group that shares the queue with another group", () =>
      Effect.gen(function* () {
        const size = Math.min(atOnce, 6)
        const [one, other] = [makeGroup("a", size), makeGroup("b", size)]
        const { letters, live } = yield* bury([...one.buried, ...other.buried])
        assert.strictEqual(yield* letters.redrive({ only: [one.ids.at(-1)!, other.ids.at(-1)!] }), 2)
        assert.sameDeepMembers([...(yield* live)], [one.buried.at(-1)!, other.buried.at(-1)!])
      }).pipe(Effect.scoped)
    )

    it.live("that stand further back stay, and the error names those that stand before them", () =>
      Effect.gen(function* () {
        const [group, other] = [makeGroup("a", MANY), makeGroup("b", 2)]
        const { letters, live } = yield* bury([...group.buried, ...other.buried])
        const wanted = [group.ids.at(-1)!, group.ids[0]!, other.ids[0]!]
        const error = yield* redriveFailing(letters, wanted)
        assert.deepStrictEqual([error.moved, error.missing], [2, [group.ids.at(-1)!]])
        const { before } = error.groups.find((one) => one.group === "a")!
        assert.deepStrictEqual(before, group.ids.slice(1, 1 + atOnce))
        for (const id of [group.ids.at(-1)!, group.ids[1]!]) assert.include(error.message, id)
        assert.sameDeepMembers([...(yield* live)], [group.buried[0]!, other.buried[0]!])

        // All letters are there at once, and in their order. Those that stood before the others can be moved together with
        // them.
        assert.strictEqual(yield* letters.count, MANY)
        assert.strictEqual(yield* letters.redrive({ only: group.ids.slice(1) }), MANY - 1)
        const moved = (yield* live).filter(([, name]) => name === "a")
        assert.deepStrictEqual(moved, group.buried)
      }).pipe(Effect.scoped)
    )

    it.live("that are not there are not reported as out of reach, once all letters were seen", () =>
      Effect.gen(function* () {
        const [one, other] = [makeGroup("a", atOnce), makeGroup("b", 1)]
        const { letters, live } = yield* bury([...one.buried, ...other.buried])
        assert.strictEqual(yield* letters.redrive({ only: [randomUUID(), other.ids[0]!] }), 1)
        assert.deepStrictEqual(yield* live, other.buried)
      }).pipe(Effect.scoped)
    )

    it.live("are moved up to a number, though more are asked for that are out of reach", () =>
      Effect.gen(function* () {
        const { buried, ids } = makeGroup("a", MANY)
        const { letters, live } = yield* bury(buried)
        assert.strictEqual(yield* letters.redrive({ only: [ids[0]!, ids.at(-1)!], most: 1 }), 1)
        assert.deepStrictEqual(yield* live, [buried[0]!])
      }).pipe(Effect.scoped)
    )
  })
}
