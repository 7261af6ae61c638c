/**
 * How the store finds out, after a connection was lost, whether a batch was committed: by its first entry, which is in the
 * journal at its place and under its message id, or it is not. An entry of somebody else's at that place tells nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { committedBefore } from "@turnout/adapters/internal/postgres/admission/batch/BatchTransaction"
import { type JournalMark, make, probe } from "@turnout/adapters/internal/postgres/admission/Reads"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = Turnout.layer().pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 4 })))

/** Which of these the journal has. */
const found = Effect.fnUntraced(function* (marks: ReadonlyArray<JournalMark>) {
  const { parameters, text } = probe(
    make("turnout"),
    marks.map((mark) => ({ mark }))
  )
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ id: string }>(text, parameters)
  return rows.map(({ id }) => id).toSorted()
})

describe("a mark in the journal", () => {
  it.live("is found by its event, its version and its message id, each of several, and by no two of them", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* Given.publishedEvent(), yield* Given.publishedEvent()]
      const { items } = yield* Turnout.Turnout.use((turnout) => turnout.listJournal(one.id))
      const [first, second] = items
      const mark = (version: number, messageId: string, eventId: string = one.id) => ({ eventId, version, messageId })
      assert.deepStrictEqual(yield* found([mark(1, first!.id)]), [first!.id])
      assert.deepStrictEqual(
        yield* found([mark(1, randomUUID()), mark(2, second!.id), mark(1, first!.id), mark(3, randomUUID())]),
        [first!.id, second!.id].toSorted()
      )
      for (const wrong of [mark(1, randomUUID()), mark(2, first!.id), mark(1, first!.id, other.id)])
        assert.deepStrictEqual(yield* found([wrong]), [])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it("tells of whichever attempt was committed, the first or a later one", () => {
    const attempts = [1, 2, 3].map((n) => ({
      mark: { eventId: randomUUID(), version: n, messageId: `message ${n}` },
      value: `the replies of attempt ${n}`
    }))
    for (const one of attempts)
      assert.deepStrictEqual(committedBefore(attempts, [{ id: "another" }, { id: one.mark.messageId }]), one)
    assert.isUndefined(committedBefore(attempts, [{ id: "another" }]))
    assert.isUndefined(committedBefore(attempts, []))
  })
})
