/**
 * What a process remembers of the events that it has written: all or none of those that are asked for, and not for ever.
 */
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { nothing } from "@turnout/core/admission/domain/state/Changes"
import { assert, describe, it } from "vitest"
import { KnownEvents } from "@turnout/adapters/internal/postgres/admission/batch/KnownEvents"

/** Events that are remembered. */
const MAX_KNOWN = 4_096

const [ONE, TWO, THREE] = ["one", "two", "three"] as unknown as readonly [EventId, EventId, EventId]

const event = (id: EventId, version = 1) => ({ id, version }) as Event

const learn = (known: KnownEvents, ids: ReadonlyArray<EventId>, version = 1): void =>
  known.learn(
    {
      ...nothing,
      events: ids.map((id) => ({ event: event(id, version), created: false, revised: false })),
      journal: ids.map((eventId) => ({ eventId, version }) as never)
    },
    ids.map((id) => `message ${version} of ${String(id)}`)
  )

const idsOf = (known: KnownEvents, ids: ReadonlyArray<EventId>) => known.recall(ids)?.map((one) => one.event.id)

describe("known events", () => {
  it("are recalled if each of them is known, with the last message of each", () => {
    const known = new KnownEvents()
    learn(known, [ONE, TWO])
    learn(known, [TWO, ONE], 2)
    assert.deepStrictEqual(known.recall([ONE, TWO]), [
      { event: event(ONE, 2), lastMessageId: "message 2 of one" },
      { event: event(TWO, 2), lastMessageId: "message 2 of two" }
    ])
    assert.isUndefined(known.recall([ONE, TWO, THREE]))
    assert.isUndefined(known.recall([THREE, ONE, TWO]))
    learn(known, [THREE])
    assert.deepStrictEqual(idsOf(known, [ONE, TWO, THREE]), [ONE, TWO, THREE])
  })

  it("are not recalled if one of them, whichever it is, was found to be another's work", () => {
    for (const shared of [ONE, TWO, THREE]) {
      const known = new KnownEvents()
      learn(known, [ONE, TWO, THREE])
      assert.isFalse(known.areShared([ONE, TWO, THREE]))
      known.compare([ONE, TWO, THREE].map((id) => event(id, id === shared ? 7 : 1)))
      assert.isTrue(known.areShared([ONE, TWO, THREE]))
      assert.isUndefined(known.recall([ONE, TWO, THREE]))
      const others = [ONE, TWO, THREE].filter((id) => id !== shared)
      assert.isFalse(known.areShared(others))
      assert.deepStrictEqual(idsOf(known, others), others)
    }
  })

  it("are forgotten when they are deleted", () => {
    const known = new KnownEvents()
    learn(known, [ONE, TWO])
    known.learn({ ...nothing, deletedEvents: [ONE], journal: [{ eventId: ONE, version: 2 } as never] }, ["the last"])
    assert.isUndefined(known.recall([ONE]))
    assert.deepStrictEqual(idsOf(known, [TWO]), [TWO])
  })

  it("are expected to be about newcomers unless one of them was not, and each that was not is remembered", () => {
    const known = new KnownEvents()
    learn(known, [ONE, TWO, THREE])
    assert.isTrue(known.expectsNewcomers([ONE, TWO, THREE]))
    known.metOthers([ONE, TWO])
    for (const ids of [[ONE], [TWO], [ONE, THREE], [THREE, TWO]]) assert.isFalse(known.expectsNewcomers(ids))
    assert.isTrue(known.expectsNewcomers([THREE]))
  })

  it("are forgotten, those that were written longest ago first, once there are too many", () => {
    const known = new KnownEvents()
    const ids = Array.from({ length: MAX_KNOWN }, (_, n) => `event ${n}` as EventId)
    for (const id of ids) learn(known, [id])
    // The first is written again, so that it is the last.
    learn(known, [ids[0]!], 2)
    assert.deepStrictEqual(idsOf(known, [ids[0]!, ids[1]!, ids.at(-1)!]), [ids[0]!, ids[1]!, ids.at(-1)!])
    learn(known, [ONE])
    assert.isUndefined(known.recall([ids[1]!]))
    assert.deepStrictEqual(idsOf(known, [ids[0]!, ids[2]!, ONE]), [ids[0]!, ids[2]!, ONE])
    learn(known, [TWO, THREE])
    for (const gone of [ids[2]!, ids[3]!]) assert.isUndefined(known.recall([gone]))
    assert.deepStrictEqual(idsOf(known, [ids[0]!, ids[4]!, ONE, TWO, THREE]), [ids[0]!, ids[4]!, ONE, TWO, THREE])
  })
})
