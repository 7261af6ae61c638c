/**
 * Bugs to plant: small changes of the real code, each of which breaks something that must hold.
 */
export interface Mutation {
  readonly name: string
  /** The family of invariants that it breaks. */
  readonly breaks: "R" | "W" | "I" | "O" | "L" | "N" | "G"
  readonly file: string
  readonly from: string
  readonly to: string
}

const DOMAIN = "packages/core/src/domain"
const APPLICATION = "packages/core/src/application"
const MEMORY = "packages/adapters/src/memory"

export const mutations: ReadonlyArray<Mutation> = [
  {
    name: "a seat too many",
    breaks: "R",
    file: `${DOMAIN}/Event.ts`,
    from: "event.counts.waitlisted === 0 && seatsFree(event) > 0",
    to: "event.counts.waitlisted === 0 && event.capacity - seatsTaken(event) >= 0"
  },
  {
    name: "an attendee registers twice",
    breaks: "R",
    file: `${DOMAIN}/Admission.ts`,
    from: "if (activeId !== undefined) {",
    to: "if (activeId === null) {"
  },
  {
    name: "who is registered is not loaded",
    breaks: "R",
    file: `${DOMAIN}/WorkingSet.ts`,
    from: "attendees.push({ eventId, attendeeId })",
    to: "attendees.slice()"
  },
  {
    name: "a counter that only grows",
    breaks: "R",
    file: `${DOMAIN}/Registration.ts`,
    from: `if (from !== undefined && from !== "cancelled") counts[from] -= 1`,
    to: `if (from === "waitlisted") counts[from] -= 1`
  },
  {
    name: "a version is left out",
    breaks: "R",
    file: `${DOMAIN}/Batch.ts`,
    from: "const entry: JournalEntry = { eventId, version: last + 1, event, metadata, occurredAt }",
    to: `const entry: JournalEntry = { eventId, version: last + (event._tag === "RegistrationCancelled" ? 2 : 1), event, metadata, occurredAt }`
  },
  {
    name: "capacity that was lowered is forgotten",
    breaks: "R",
    file: `${DOMAIN}/WorkingSet.ts`,
    from: "event.capacity = happened.to",
    to: "event.capacity = Math.max(event.capacity, happened.to)"
  },
  {
    name: "a registration that was promoted stays as it was in the store",
    breaks: "R",
    file: `${DOMAIN}/Batch.ts`,
    from: "...Array.from(changed, ([id, before]) => ({ registration: set.registrations.get(id)!, before }))",
    to: "...Array.from(changed, ([id, before]) => ({ registration: set.registrations.get(id)!, before })).slice(0, 1)"
  },
  {
    name: "the last in line is promoted",
    breaks: "W",
    file: `${DOMAIN}/Admission.ts`,
    from: ".slice(0, Math.min(promotionsDue(event), limit))",
    to: ".slice(-Math.min(promotionsDue(event), limit) || Infinity)"
  },
  {
    name: "a seat that is given back stays empty",
    breaks: "W",
    file: `${DOMAIN}/Admission.ts`,
    from: "? promote({ ...event, counts: move(event.counts, before.state, after.state) }, set, now, 1)",
    to: "? promote({ ...event, counts: move(event.counts, before.state, after.state) }, set, now, 0)"
  },
  {
    name: "promotion without a free seat",
    breaks: "W",
    file: `${DOMAIN}/Admission.ts`,
    from: ".slice(0, Math.min(promotionsDue(event), limit))",
    to: ".slice(0, Math.min(event.counts.waitlisted, limit))"
  },
  {
    name: "promotion after capacity was lowered",
    breaks: "W",
    file: `${DOMAIN}/Event.ts`,
    from: `event.status === "published" ? Math.min(seatsFree(event), event.counts.waitlisted) : 0`,
    to: `event.status === "published" ? Math.min(Math.max(1, seatsFree(event)), event.counts.waitlisted) : 0`
  },
  {
    name: "who was promoted still waits in the store",
    breaks: "W",
    file: `${MEMORY}/MemoryStore.ts`,
    from: "else state.waiting.get(eventId)?.delete(registration)",
    to: "else state.waiting.get(eventId)?.length"
  },
  {
    name: "newcomers go before those who wait",
    breaks: "W",
    file: `${DOMAIN}/WorkingSet.ts`,
    from: `if (registration.state === "waitlisted") set.waiting.get(event.id)!.push(registration.id)`,
    to: `if (registration.state === "waitlisted") set.waiting.get(event.id)!.unshift(registration.id)`
  },
  {
    name: "answers are not remembered",
    breaks: "I",
    file: `${DOMAIN}/Batch.ts`,
    from: "if (known === undefined) remembered.push({ record, renews: false })",
    to: "if (known === undefined) remembered.slice()"
  },
  {
    name: "what is remembered is not looked at",
    breaks: "I",
    file: `${DOMAIN}/Idempotency.ts`,
    from: "if (record === undefined || record.expiresAt.getTime() <= now.getTime()) return undefined",
    to: "if (record === undefined || record.expiresAt.getTime() > 0) return undefined"
  },
  {
    name: "keys are not looked up",
    breaks: "I",
    file: `${DOMAIN}/WorkingSet.ts`,
    from: "idempotency.set(request.idempotency.scope.id, request.idempotency.scope)",
    to: "idempotency.delete(request.idempotency.scope.id)"
  },
  {
    name: "everybody in a batch is told the first one's answer",
    breaks: "I",
    file: `${APPLICATION}/Lanes.ts`,
    from: "else batch.forEach(({ answer }, index) => answer(told[index]!))",
    to: "else batch.forEach(({ answer }) => answer(told[0]!))"
  },
  {
    name: "the record is kept only if something changed",
    breaks: "I",
    file: `${MEMORY}/MemoryStore.ts`,
    from: "for (const { record } of changes.idempotency) state.idempotency.set(record.scope.id, record)",
    to: "for (const { record } of changes.idempotency) if (journal.length === 0) state.idempotency.set(record.scope.id, record)"
  },
  {
    name: "an entry is not written to the log",
    breaks: "O",
    file: `${MEMORY}/MemoryStore.ts`,
    from: "log.append(journal)",
    to: "log.append(journal.slice(0, 3))"
  },
  {
    name: "the position moves one entry too far",
    breaks: "O",
    file: `${MEMORY}/MemoryOutbox.ts`,
    from: "const behind = toPosition(given + entries.length)",
    to: "const behind = toPosition(given + entries.length + 1)"
  },
  {
    name: "what could not be sent is acknowledged",
    breaks: "O",
    file: `${APPLICATION}/Relay.ts`,
    from: "finished.push({ holding, work, outcomes: Exit.isSuccess(exit) ? exit.value : undefined })",
    to: 'finished.push({ holding, work, outcomes: Exit.isSuccess(exit) ? exit.value : deliveriesOf(work).map(() => ({ _tag: "Delivered" }) as const) })'
  },
  {
    name: "what was refused blocks nothing",
    breaks: "O",
    file: `${DOMAIN}/Block.ts`,
    from: "  return [...found.values()]\n",
    to: "  return [...found.values()].slice(0, 0)\n"
  },
  {
    name: "blocked streams are read on",
    breaks: "O",
    file: `${MEMORY}/MemoryOutbox.ts`,
    from: "blocked?.has(eventId) !== true",
    to: "blocked?.has(eventId) !== null"
  },
  {
    name: "blocked streams are never tried again",
    breaks: "O",
    file: `${APPLICATION}/Relay.ts`,
    from: "if (now() < retryAt || idle.length === 0) return\n",
    to: "if (now() < Infinity || idle.length === 0) return\n"
  },
  {
    name: "a retry begins behind the entry that failed",
    breaks: "O",
    file: `${MEMORY}/MemoryOutbox.ts`,
    from: "entry.eventId === stream && entry.version >= version",
    to: "entry.eventId === stream && entry.version > version"
  },
  {
    name: "a retry that fails ends the block",
    breaks: "O",
    file: `${DOMAIN}/Block.ts`,
    from: "if (first !== undefined) {",
    to: "if (first === null) {"
  },
  {
    name: "the epoch is not checked",
    breaks: "L",
    file: `${DOMAIN}/Lease.ts`,
    from: "lease.epoch === epoch && lease.owner !== null",
    to: "lease.epoch >= epoch"
  },
  {
    name: "the epoch does not move",
    breaks: "L",
    file: `${DOMAIN}/Lease.ts`,
    from: "{ epoch: lease.epoch + 1, owner, until: later(now, ttlMillis) }",
    to: "{ epoch: Math.max(1, lease.epoch), owner, until: later(now, ttlMillis) }"
  },
  {
    name: "a lease that ran out is never taken over",
    breaks: "L",
    file: `${DOMAIN}/Lease.ts`,
    from: "until !== null && until.getTime() > now.getTime()",
    to: "until !== null && now.getTime() > 0"
  },
  {
    name: "who fails is deleted",
    breaks: "N",
    file: `${APPLICATION}/Worker.ts`,
    from: `if (fate === "failed") return yield* giveBack(rest, pauseOf(message))`,
    to: `if (fate === "failed" && rest.length === 0) return`
  },
  {
    name: "who fails does not hold back its group",
    breaks: "N",
    file: `${APPLICATION}/Worker.ts`,
    from: `if (fate === "failed") return yield* giveBack(rest, pauseOf(message))`,
    to: `if (fate === "failed") { yield* giveBack([message], 50); continue }`
  },
  {
    name: "every reception has an inbox of its own",
    breaks: "N",
    file: `${APPLICATION}/Worker.ts`,
    from: "inbox.once(consumer, keyOf(message), handle(message))",
    to: "inbox.once(consumer, `${keyOf(message)} ${draw()}`, handle(message))"
  },
  {
    name: "messages are dropped before they are dealt with",
    breaks: "N",
    file: `${APPLICATION}/Worker.ts`,
    from: "      const fate = yield* fateOf(message)\n",
    to: '      yield* leniently("", queue.remove([message.receipt]))\n      const fate = yield* fateOf(message)\n'
  },
  {
    name: "answers of a batch go to each other's callers",
    breaks: "G",
    file: `${APPLICATION}/Lanes.ts`,
    from: "    else batch.forEach(({ answer }, index) => answer(told[index]!))\n",
    to: "    else batch.forEach(({ answer }, index) => answer(told.at(-1 - index)!))\n"
  },
  {
    name: "who waits is told to have a seat",
    breaks: "G",
    file: `${DOMAIN}/Admission.ts`,
    from: "    outcome: () => ({ registration: waitlisted, waitlistPosition: waitlistLength + 1 })\n",
    to: '    outcome: () => ({ registration: { ...waitlisted, state: "confirmed" }, waitlistPosition: null })\n'
  },
  {
    name: "a new capacity is answered and not kept",
    breaks: "G",
    file: `${DOMAIN}/Admission.ts`,
    from: '    capacity === event.capacity ? [] : [{ _tag: "CapacityChanged", from: event.capacity, to: capacity }]\n',
    to: '    capacity <= event.capacity ? [] : [{ _tag: "CapacityChanged", from: event.capacity, to: capacity }]\n'
  },
  {
    name: "who asks for another event than the batch is about is forgotten",
    breaks: "G",
    file: `${APPLICATION}/Lanes.ts`,
    from: "      else left.push(entry)\n",
    to: "      else left.slice()\n"
  },
  {
    name: "a lane stops after its first batch",
    breaks: "G",
    file: `${APPLICATION}/Lanes.ts`,
    from: "    lane.underway = []\n    lane.isWorking = false\n",
    to: "    lane.underway = []\n"
  },
  {
    name: "a relay that lost a lease never rests",
    breaks: "G",
    file: `${APPLICATION}/Relay.ts`,
    from: "    finished.splice(0, finished.length, ...over)\n",
    to: ""
  },
  {
    name: "a worker that is stopped keeps hiding messages",
    breaks: "G",
    file: `${APPLICATION}/Worker.ts`,
    from: "    yield* Fiber.interruptAll([removing, hiding])\n",
    to: ""
  },
  {
    name: "looking for promotions goes on after the end",
    breaks: "G",
    file: `${APPLICATION}/Promotions.ts`,
    from: "    Effect.forkScoped\n",
    to: "    Effect.forkDetach\n"
  }
]
