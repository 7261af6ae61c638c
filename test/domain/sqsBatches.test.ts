/**
 * Which entries go to SQS together: within the limits, streams in order, in as few batches as can be.
 */
import * as SqsBatches from "@turnout/adapters/sqs/batches"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

interface Entry extends SqsBatches.Sizeable {
  /** Place among all of them. */
  readonly place: number
}

const LIMIT = 1_000
const limits: SqsBatches.BatchLimits = { entries: 10, bytes: LIMIT, entriesPerGroup: 1 }

/** Entries, each of a group and a size; some that fill a batch by themselves. */
const entriesOf = (groups: number, bytes: fc.Arbitrary<number>) =>
  fc
    .array(fc.tuple(fc.nat(groups - 1), bytes), { maxLength: 80, size: "max" })
    .map((drawn) => drawn.map(([group, bytes], place): Entry => ({ group: `group ${group}`, bytes, place })))
const anySize = fc.oneof(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 400, max: LIMIT }))
const anyEntries = fc.integer({ min: 1, max: 30 }).chain((groups) => entriesOf(groups, anySize))
const anyLimits = fc
  .record({ entries: fc.integer({ min: 1, max: 10 }), entriesPerGroup: fc.integer({ min: 1, max: 10 }) })
  .map((drawn): SqsBatches.BatchLimits => ({ ...drawn, bytes: LIMIT }))

const bytesOf = (batch: ReadonlyArray<Entry>) => batch.reduce((sum, { bytes }) => sum + bytes, 0)
const countsOf = (entries: ReadonlyArray<Entry>) =>
  Array.from(Map.groupBy(entries, ({ group }) => group).values(), ({ length }) => length)

interface Step {
  readonly waiting: ReadonlyArray<Entry>
  readonly busy: ReadonlySet<string>
  readonly batch: ReadonlyArray<Entry>
}

/** Sends everything, with so many batches under way at once, which end in an order drawn by lot. */
const sendAll = (
  entries: ReadonlyArray<Entry>,
  limits: SqsBatches.BatchLimits,
  { atOnce, ends }: { readonly atOnce: number; readonly ends: ReadonlyArray<number> }
): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  const underway: Array<ReadonlyArray<Entry>> = []
  let waiting = entries
  for (let turn = 0; waiting.length > 0 || underway.length > 0; turn++) {
    const busy = new Set(underway.flat().map(({ group }) => group))
    const batch = underway.length < atOnce ? SqsBatches.next(waiting, busy, limits) : []
    if (batch.length > 0) {
      steps.push({ waiting, busy, batch })
      waiting = waiting.filter((entry) => !batch.includes(entry))
      underway.push(batch)
    } else {
      assert.isNotEmpty(underway, "nothing is under way, and still nothing goes")
      underway.splice((ends[turn % ends.length] ?? 0) % underway.length, 1)
    }
  }
  return steps
}

const histories = fc.record({
  entries: anyEntries,
  limits: anyLimits,
  run: fc.record({ atOnce: fc.integer({ min: 1, max: 5 }), ends: fc.array(fc.nat(4), { minLength: 1, maxLength: 10 }) })
})
/** Holds for every step of every history. */
const always = (holds: (step: Step, limits: SqsBatches.BatchLimits) => void) =>
  fc.assert(
    fc.property(histories, ({ entries, limits, run }) => {
      for (const step of sendAll(entries, limits, run)) holds(step, limits)
    }),
    { numRuns: 1_000 }
  )

describe("batches for SQS", () => {
  it("hold every entry once, those of a group in order", () => {
    fc.assert(
      fc.property(histories, ({ entries, limits, run }) => {
        const sent = sendAll(entries, limits, run).flatMap(({ batch }) => batch)
        assert.deepStrictEqual(
          sent.toSorted((a, b) => a.place - b.place),
          entries
        )
        for (const own of Map.groupBy(sent, ({ group }) => group).values())
          assert.deepStrictEqual(
            own.map(({ place }) => place),
            own.map(({ place }) => place).toSorted((a, b) => a - b)
          )
      }),
      { numRuns: 1_000 }
    )
  })

  it("keep to the limits", () => {
    always(({ batch }, { bytes, entries, entriesPerGroup }) => {
      assert.isAtMost(batch.length, entries)
      assert.isAtMost(bytesOf(batch), bytes)
      assert.isAtMost(Math.max(...countsOf(batch)), entriesPerGroup)
    })
  })

  it("hold nothing of a group of which something is under way", () => {
    always(({ batch, busy }) => assert.isFalse(batch.some(({ group }) => busy.has(group))))
  })

  it("are full, unless nothing that may go still fits", () => {
    always(({ batch, busy, waiting }, { entries, entriesPerGroup }) => {
      if (batch.length === entries) return
      const rest = waiting.filter((entry) => !batch.includes(entry) && !busy.has(entry.group))
      for (const [group, [first]] of Map.groupBy(rest, ({ group }) => group)) {
        const own = batch.filter((entry) => entry.group === group).length
        // A group may have been left out for its first entry, and have one that fits behind it.
        if (own < entriesPerGroup) assert.isAbove(bytesOf(batch) + first!.bytes, LIMIT)
      }
    })
  })

  it("hold a second entry of a group only if nothing of another group is left that fits", () => {
    always(({ batch, busy, waiting }) => {
      if (Math.max(...countsOf(batch)) < 2) return
      const inBatch = new Set(batch.map(({ group }) => group))
      const others = waiting.filter(({ group }) => !busy.has(group) && !inBatch.has(group))
      const firsts = batch.filter(({ group }, index) => batch.findIndex((one) => one.group === group) === index)
      for (const [first] of Map.groupBy(others, ({ group }) => group).values())
        assert.isAbove(bytesOf(firsts) + first!.bytes, LIMIT)
    })
  })

  it("are as few as can be, one after the other, if only their number counts", () => {
    // Short groups and long ones, in any order.
    const uneven = fc
      .array(fc.nat(15), { maxLength: 25, size: "max" })
      .map((counts) => counts.flatMap((count, group) => Array<string>(count).fill(`group ${group}`)))
      .map((groups) => groups.map((group, place): Entry => ({ group, bytes: 1, place })))
    fc.assert(
      fc.property(uneven, (entries) => {
        const steps = sendAll(entries, limits, { atOnce: 1, ends: [0] })
        const fewest = Math.max(Math.ceil(entries.length / limits.entries), ...countsOf(entries), 0)
        assert.strictEqual(steps.length, fewest)
      }),
      { numRuns: 1_000 }
    )
  })

  it("hold an entry that is over the limit by itself alone", () => {
    const entry = (place: number, bytes: number): Entry => ({ group: `group ${place}`, bytes, place })
    const [small, large, other] = [entry(0, 1), entry(1, LIMIT + 1), entry(2, 1)]
    const steps = sendAll([small, large, other], limits, { atOnce: 1, ends: [0] })
    assert.deepStrictEqual(
      steps.map(({ batch }) => batch),
      [[small, other], [large]]
    )
  })

  it("are empty if nothing waits, and if all that waits is of groups that are under way", () => {
    assert.deepStrictEqual(SqsBatches.next([], new Set(), limits), [])
    assert.deepStrictEqual(SqsBatches.next([{ group: "a", bytes: 1 }], new Set(["a"]), limits), [])
  })
})
