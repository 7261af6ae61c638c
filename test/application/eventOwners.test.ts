/**
 * What a process remembers of whose events are, and what the sink of a webhook of an organization makes of it, on a store that counts
 * what it is asked, and fails when a test wants it to.
 */
import { assert, describe, it } from "@effect/vitest"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { SinkUnavailable } from "@turnout/core/delivery/ports/Sink"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as EventOwners from "@turnout/core/webhooks/application/EventOwners"
import * as WebhookSink from "@turnout/core/webhooks/application/WebhookSink"
import { WebhookPost } from "@turnout/core/webhooks/ports/WebhookPost"
import type { WebhookStore, WebhookTarget } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Memory from "@turnout/adapters/memory"
import { Effect, Layer, Logger, type Scope } from "effect"
import { target } from "../support/WebhookTargets.ts"

const OWN = OrganizationId.make("0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1")
const ANOTHERS = OrganizationId.make("0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c2")

const eventId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}` as EventId

const entry = (n: number, changes: Partial<StoredEntry> = {}): StoredEntry => ({
  id: `10000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  eventId: eventId(n),
  version: 2,
  type: "EventPublished",
  schemaVersion: 1,
  payload: "{}",
  metadata: { actor: "ada", correlationId: null, causationId: null },
  occurredAt: new Date(0),
  ...changes
})

const details = {
  title: "Conference",
  description: "",
  location: "",
  organizer: "Ada",
  startsAt: "2030-05-01T18:00:00.000Z",
  endsAt: "2030-05-01T23:00:00.000Z",
  timeZone: "Europe/Berlin",
  registrationOpensAt: null,
  registrationClosesAt: null,
  waitlist: "open",
  waitlistLimit: null
}

const created = (n: number, organizationId?: OrganizationId) =>
  entry(n, {
    version: 1,
    type: "EventCreated",
    payload: JSON.stringify({ details, capacity: 2, ...(organizationId === undefined ? {} : { organizationId }) })
  })

const failure = new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("away") }) })

/** A store that knows whose events are: those with even numbers are our own, and nobody's from 1,000 on. */
const store = () => {
  const asked: Array<ReadonlyArray<EventId>> = []
  const state = { asked, isAway: false }
  const organizationsOf: AdmissionReads["Service"]["organizationsOf"] = (ids) =>
    Effect.suspend(() => {
      asked.push(ids)
      if (state.isAway) return Effect.fail(failure)
      const known = ids.filter((id) => Number(id.slice(-12)) < 1_000)
      return Effect.succeed(new Map(known.map((id) => [id, Number(id.slice(-12)) % 2 === 0 ? OWN : ANOTHERS])))
    })
  return { ...state, organizationsOf, away: (isAway: boolean) => void (state.isAway = isAway) }
}

describe("whose events are", () => {
  it.effect("is asked for once, for all events of a consignment together", () =>
    Effect.gen(function* () {
      const { asked, organizationsOf } = store()
      const owners = EventOwners.make({ organizationsOf })
      const entries = [entry(1), entry(2), entry(1, { version: 3 })]
      const ownerOf = yield* owners.of(entries)
      assert.deepStrictEqual(
        [1, 2, 3].map((n) => ownerOf(eventId(n))),
        [ANOTHERS, OWN, undefined]
      )
      assert.strictEqual((yield* owners.of([entry(2)]))(eventId(2)), OWN)
      assert.strictEqual((yield* owners.of([entry(2), entry(4)]))(eventId(4)), OWN)
      assert.deepStrictEqual(asked, [[eventId(1), eventId(2)], [eventId(4)]])
    })
  )

  it.effect("is what the first entry of a stream says, wherever it stands in the consignment", () =>
    Effect.gen(function* () {
      const { asked, organizationsOf } = store()
      const owners = EventOwners.make({ organizationsOf })
      const ownerOf = yield* owners.of([entry(1), created(1, OWN), created(2), entry(2)])
      assert.deepStrictEqual(
        [1, 2].map((n) => ownerOf(eventId(n))),
        [OWN, DEFAULT_ORGANIZATION]
      )
      assert.deepStrictEqual(asked, [])
      // A later version of the software may write it in a form that this one cannot read.
      const strange = { ...created(3, OWN), schemaVersion: 99 }
      assert.strictEqual((yield* owners.of([strange]))(eventId(3)), ANOTHERS)
      assert.deepStrictEqual(asked, [[eventId(3)]])
    })
  )

  it.effect("is remembered of the events that were heard of last", () =>
    Effect.gen(function* () {
      const { asked, organizationsOf } = store()
      const owners = EventOwners.make({ organizationsOf }, 2)
      for (const n of [1, 2, 1, 3]) yield* owners.of([entry(n)])
      yield* owners.of([entry(1)])
      yield* owners.of([entry(2)])
      assert.deepStrictEqual(asked, [[eventId(1)], [eventId(2)], [eventId(3)], [eventId(2)]])
      // A consignment about more events than are remembered is told of all of them.
      const ownerOf = yield* owners.of([4, 6, 8, 10].map((n) => entry(n)))
      for (const n of [4, 6, 8, 10]) assert.strictEqual(ownerOf(eventId(n)), OWN)
    })
  )

  it.effect("is not remembered if nobody knows it, nor if the store is away", () =>
    Effect.gen(function* () {
      const { asked, away, organizationsOf } = store()
      const owners = EventOwners.make({ organizationsOf })
      assert.isUndefined((yield* owners.of([entry(1_000)]))(eventId(1_000)))
      away(true)
      assert.strictEqual(yield* Effect.flip(owners.of([entry(1_000), entry(2)])), failure)
      away(false)
      assert.strictEqual((yield* owners.of([entry(2)]))(eventId(2)), OWN)
      assert.lengthOf(asked, 3)
    })
  )
})

/** The sink of a webhook, on a store that knows whose events are. */
const sinkOn = Effect.fnUntraced(function* (known: ReturnType<typeof store>, to: WebhookTarget) {
  const posted: Array<string> = []
  const sinks = yield* WebhookSink.make().pipe(
    Effect.provideService(AdmissionReads, { organizationsOf: known.organizationsOf } as AdmissionReads["Service"]),
    Effect.provideService(WebhookPost, (_, { id }) =>
      Effect.sync(() => {
        posted.push(id)
        return { status: 204, read: () => Effect.void }
      })
    )
  )
  return { sink: yield* sinks.make(() => to), posted }
})

const layers = Layer.merge(Layer.fresh(Memory.layer), Logger.layer([]))
const run = <A, E>(work: Effect.Effect<A, E, WebhookStore | Scope.Scope>) =>
  work.pipe(Effect.scoped, Effect.provide(layers))

const consignment = (entries: ReadonlyArray<StoredEntry>) => {
  const settled: Array<number> = []
  return {
    consignment: { slot: 0, epoch: 1, deliveries: entries, settled: (index: number) => void settled.push(index) },
    settled
  }
}

describe("the sink of a webhook of an organization", () => {
  it.effect("O9: posts what is about its own events, and passes over what is about others or nobody's", () =>
    Effect.gen(function* () {
      const { posted, sink } = yield* sinkOn(store(), target({ organizationId: OWN }))
      const entries = [entry(1), entry(2), entry(1_000), entry(4), entry(3)]
      const outcomes = yield* sink.deliver(consignment(entries).consignment)
      assert.deepStrictEqual(posted.toSorted(), [entry(2).id, entry(4).id])
      assert.isTrue(outcomes.every(({ _tag }) => _tag === "Delivered"))
    }).pipe(run)
  )

  it.effect("O2: waits, and settles nothing, while the store cannot tell whose they are", () =>
    Effect.gen(function* () {
      const known = store()
      const { posted, sink } = yield* sinkOn(known, target({ organizationId: OWN }))
      known.away(true)
      const { consignment: given, settled } = consignment([entry(1), entry(2)])
      const error = yield* Effect.flip(sink.deliver(given))
      assert.instanceOf(error, SinkUnavailable)
      assert.deepStrictEqual([posted, settled], [[], []])
      known.away(false)
      yield* sink.deliver(given)
      assert.deepStrictEqual(posted, [entry(2).id])
    }).pipe(run)
  )

  it.effect(
    "asks for no event of whose types it wants nothing, and a webhook of the installation asks for none at all",
    () =>
      Effect.gen(function* () {
        const known = store()
        const narrow = yield* sinkOn(known, target({ organizationId: OWN, types: ["EventCancelled"] }))
        yield* narrow.sink.deliver(consignment([entry(1), entry(2)]).consignment)
        assert.deepStrictEqual([narrow.posted, known.asked], [[], []])
        known.away(true)
        const wide = yield* sinkOn(known, target())
        yield* wide.sink.deliver(consignment([entry(1), entry(2), entry(1_000)]).consignment)
        assert.lengthOf(wide.posted, 3)
        assert.deepStrictEqual(known.asked, [])
      }).pipe(run)
  )
})
