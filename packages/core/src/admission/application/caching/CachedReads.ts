/**
 * Reads of events and registrations from caches, as right as from the store (C2), or as old as the ages allow if a process has died
 * between a commit and its telling (C3). No command is decided on them (C1).
 *
 * | kind | what is kept | in the state of |
 * | --- | --- | --- |
 * | `event` | an event | the event |
 * | `list` | which events are on a page of a list; the events themselves are read as such | which events there are |
 * | `attendee` | a page of the registrations of an attendee | the attendee |
 * | `place` | a place in line | the event |
 * | `count` | how many events, or registrations of an event | which events there are, or the event |
 *
 * Without a cache that all processes share, or while that one is not to be believed, what depends on one event is kept under its version,
 * which the store tells. Other reads, and all reads in a transaction of the host, come from the store.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Coherence } from "../../../caching/application/Coherence.ts"
import * as ReadThrough from "../../../caching/application/ReadThrough.ts"
import { EventId } from "../../../kernel/domain/EventId.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import { Event } from "../../domain/model/Event.ts"
import { Registration } from "../../domain/model/Registration.ts"
import type { AdmissionReads } from "../../ports/AdmissionReads.ts"
import type { AdmissionStore } from "../../ports/AdmissionStore.ts"
import type { EventReads } from "../../ports/EventReads.ts"
import { type CacheAges, type CacheOptions, type Caches, DEFAULT_AGES, DEFAULT_ENTRIES } from "./CacheOptions.ts"
import * as Scopes from "./Scopes.ts"
import * as States from "./States.ts"

type State = Effect.Effect<ReadThrough.State | undefined, StoreError>

const place = Schema.Struct({ position: Schema.Natural, length: Schema.Natural })

/** How many other values the memory has for each page. */
const PAGES_FOR_ONE = 10

/** The caches of all kinds. */
const cachesOf = (through: ReadThrough.ReadThrough, ages: CacheAges, entries: number) => {
  const cacheOf = <A>(
    name: keyof CacheAges,
    schema: Schema.Codec<A, unknown>,
    of: Partial<ReadThrough.Kind<A>> = {}
  ) =>
    ages[name] === 0
      ? ReadThrough.uncached<A>()
      : through.of({
          name,
          codec: Schema.toCodecJson(schema),
          maxAgeMillis: ages[name],
          keepsNothing: false,
          entries,
          ...of
        })
  // A page may have 500 items, and anybody can ask for pages that nobody else asks for.
  const ofPages = { entries: Math.ceil(entries / PAGES_FOR_ONE) }
  return {
    event: cacheOf("event", Event, { keepsNothing: true }),
    list: cacheOf("list", Schema.Array(EventId), ofPages),
    attendee: cacheOf("attendee", Schema.Array(Registration), ofPages),
    // If it were kept that there is no place, somebody who joins the waitlist this moment would ask for it again and again.
    place: cacheOf("place", place),
    count: cacheOf("count", Schema.Natural)
  }
}

const make = Effect.fnUntraced(function* (
  { ages, entries = DEFAULT_ENTRIES }: CacheOptions,
  reads: AdmissionReads["Service"],
  { isInTransaction }: Pick<AdmissionStore["Service"], "isInTransaction">,
  coherence: Coherence
): Effect.fn.Return<AdmissionReads["Service"], never, Scope.Scope> {
  const caches = cachesOf(yield* ReadThrough.make(coherence), { ...DEFAULT_AGES, ...ages }, entries)
  const states = yield* States.make(reads, coherence)

  /** Reads through a cache in a state, or in a transaction of the host from the store. */
  const read = <A, B extends A | undefined>(
    cache: ReadThrough.Read<A>,
    state: State,
    key: string,
    load: Effect.Effect<B, StoreError>,
    own: Effect.Effect<B, StoreError> = load
  ): Effect.Effect<B, StoreError> =>
    Effect.flatMap(isInTransaction, (isIn) => (isIn ? own : Effect.flatMap(state, (known) => cache(key, known, load))))

  const event: EventReads["event"] = (id) =>
    read(caches.event, states.ofEvent(id), id, states.event(id), reads.event(id))

  const events: EventReads["events"] = (filter, page, order) =>
    Effect.suspend(() => {
      /** The events, if they have been read for this caller. */
      let fresh: ReadonlyArray<Event> | undefined
      const ids = Effect.map(reads.events(filter, page, order), (all) => (fresh = all).map(({ id }) => id))
      const key = JSON.stringify([filter, page, order])
      return Effect.flatMap(read(caches.list, states.of(Scopes.EVENTS), key, ids), (listed) => {
        if (fresh !== undefined) return Effect.succeed(fresh)
        const shown = Effect.forEach(listed, event, { concurrency: "unbounded" })
        return Effect.map(shown, (all) => all.filter((one) => one !== undefined))
      })
    })

  return {
    ...reads,
    event,
    events,
    countEvents: (filter) =>
      read(caches.count, states.of(Scopes.EVENTS), JSON.stringify(filter), reads.countEvents(filter)),
    countRegistrations: (eventId, filter) =>
      read(
        caches.count,
        states.ofEvent(eventId),
        JSON.stringify([eventId, filter]),
        reads.countRegistrations(eventId, filter)
      ),
    attendeeRegistrations: (attendeeId, page, organizations) =>
      read(
        caches.attendee,
        states.of(Scopes.ofAttendee(attendeeId)),
        JSON.stringify([attendeeId, page, organizations]),
        reads.attendeeRegistrations(attendeeId, page, organizations)
      ),
    waitlistPlace: (eventId, id) =>
      read(caches.place, states.ofEvent(eventId), `${eventId} ${id}`, reads.waitlistPlace(eventId, id))
  }
})

/** Caches for `Turnout.layer`: the reads come from them where that is as good. */
export const caches =
  (options: CacheOptions = {}): Caches =>
  (reads, store, coherence) =>
    make(options, reads, store, coherence)
