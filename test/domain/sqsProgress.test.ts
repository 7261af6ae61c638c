/**
 * What becomes of each entry of a batch, by what SQS says of it, or leaves out.
 */
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { assert, describe, it } from "vitest"
import * as SqsProgress from "@turnout/adapters/internal/sqs/SqsProgress"

const deliveryOf = (stream: number, version: number): StoredEntry => ({
  id: `00000000-0000-4000-9000-${String(stream * 100 + version).padStart(12, "0")}`,
  eventId: `00000000-0000-4000-8000-${String(stream).padStart(12, "0")}` as StoredEntry["eventId"],
  version,
  type: "EventPublished",
  schemaVersion: 1,
  payload: "{}",
  metadata: { actor: "ada", correlationId: null, causationId: null },
  occurredAt: new Date(0)
})

const make = (deliveries: ReadonlyArray<StoredEntry>) =>
  SqsProgress.make(
    { slot: 0, epoch: 1, deliveries },
    { isFifo: true, limits: { entries: 10, bytes: 100_000, entriesPerGroup: 1 } }
  )

const refusal = (Id: string, Code: string) => ({ Id, Code, SenderFault: true })

const shortOf = (outcomes: SqsProgress.Progress["outcomes"]) =>
  outcomes.map((outcome) => (outcome._tag === "Failed" ? (outcome.isFinal ? "final" : "later") : "ok"))

describe("the progress of a consignment", () => {
  it("gives every entry of a batch its own result, the last failure as the first", () => {
    const progress = make([1, 2, 3, 4, 5, 6].map((stream) => deliveryOf(stream, 1)))
    const batch = progress.take()
    assert.strictEqual(batch.length, 6)
    progress.settle(batch, {
      Successful: ["1", "4"].map((Id) => ({ Id, MessageId: Id, MD5OfMessageBody: "" })),
      Failed: [
        refusal("0", "InvalidMessageContents"),
        refusal("2", "InternalError"),
        refusal("5", "InvalidMessageContents")
      ]
    })
    assert.deepStrictEqual(shortOf(progress.outcomes), ["final", "ok", "later", "later", "ok", "final"])
    assert.deepStrictEqual(progress.take(), [])
  })

  it("sends nothing of any stream behind its failure, and everything of the others", () => {
    const deliveries = [1, 2, 3].flatMap((stream) => [1, 2, 3].map((version) => deliveryOf(stream, version)))
    const progress = make(deliveries)
    const sent: Array<string> = []
    for (let batch = progress.take(); batch.length > 0; batch = progress.take()) {
      sent.push(...batch.map(({ index }) => `${Number(deliveries[index]!.eventId.slice(-2))}.${(index % 3) + 1}`))
      const isRefused = (index: number) => index === 1 || index === 6
      progress.settle(batch, {
        Successful: batch.flatMap(({ id, index }) =>
          isRefused(index) ? [] : [{ Id: id, MessageId: id, MD5OfMessageBody: "" }]
        ),
        Failed: batch.flatMap(({ id, index }) => (isRefused(index) ? [refusal(id, "InternalError")] : []))
      })
    }
    assert.deepStrictEqual(sent.toSorted(), ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1"])
    const [first, second, third] = [
      ["ok", "later", "later"],
      ["ok", "ok", "ok"],
      ["later", "later", "later"]
    ] as const
    assert.deepStrictEqual(shortOf(progress.outcomes), [...first, ...second, ...third])
  })
})
