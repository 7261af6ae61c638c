/**
 * Guesses: an on-sale consists of people who have not registered yet, with keys that have not been used yet.
 *
 * A batch may be decided without looking, as if no row that it needs were there, if *writing it proves the guess*: the batch
 * itself makes every registration and every record that it would have looked for, so that the store's own uniqueness refuses
 * the whole batch if one of them is there already. A guess that is refused has changed nothing, and the batch is decided again
 * on the rows that there are.
 *
 * Events may be guessed as well: as they were last seen. Writing proves this for the events that it moves on from there.
 */
import type { Changes } from "./state/Changes.ts"
import type { Footprint } from "./state/Footprint.ts"

/** The rows of which a write can prove a guess. */
const PROVABLE: ReadonlyArray<string> = ["events", "attendees", "idempotency"] satisfies ReadonlyArray<keyof Footprint>

/** Whether a write can prove a guess of all rows that a batch looks for. */
export const isGuessable = (footprint: Footprint): boolean =>
  Object.entries(footprint).every(([kind, rows]) => rows.length === 0 || PROVABLE.includes(kind))

/**
 * Whether writing a batch that was decided on a guess proves that no attendee, and no key, was there. A request that is refused
 * makes no registration, and so proves nothing of its attendee.
 */
export const provesNewcomers = (footprint: Footprint, { idempotency, registrations }: Changes): boolean =>
  registrations.length === footprint.attendees.length && idempotency.length === footprint.idempotency.length

/** Whether it proves that the events were as they were guessed to be: writing does not look at an event that stays as it is. */
export const provesEvents = (footprint: Footprint, { events }: Changes): boolean =>
  events.length === footprint.events.length && events.every(({ revised }) => !revised)
