/**
 * Guesses: what an on-sale consists of are people who have not registered yet, with keys that have not been used yet.
 *
 * A batch may be decided as if nothing that it looks for were there, without looking, where *writing it proves the guess*:
 * every registration and every record that it looked for is made by it, so that the store's own uniqueness refuses all of
 * it if one of them is there already. A guess that is refused has changed nothing, and the batch is decided again on what
 * there is.
 *
 * Events may be guessed as well: to be as they were last seen. Writing proves that of those which it moves on from there.
 */
import type { Changes } from "./Batch.ts"
import type { Footprint } from "./state/Footprint.ts"

/** Whether a batch looks for nothing but what may be guessed not to be there. */
export const isGuessable = ({ registrations, waiting }: Footprint): boolean =>
  registrations.length === 0 && waiting.length === 0

/**
 * Whether writing what was decided on a guess proves that nobody, and no key, was there: whoever is refused has not been
 * shown to be unknown.
 */
export const provesNewcomers = (footprint: Footprint, { idempotency, registrations }: Changes): boolean =>
  registrations.length === footprint.attendees.length && idempotency.length === footprint.idempotency.length

/** Whether it proves that the events were as they were guessed to be: what leaves one as it is does not look at it. */
export const provesEvents = (footprint: Footprint, { events }: Changes): boolean =>
  events.length === footprint.events.length && events.every(({ details }) => !details)
