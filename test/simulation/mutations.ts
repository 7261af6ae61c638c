/**
 * Bugs to plant: small changes of the real code, each of which breaks a guarantee.
 */
export interface Mutation {
  readonly name: string
  /** The family of invariants that it breaks. */
  readonly breaks: "R" | "W" | "I" | "O" | "L" | "N" | "G" | "A"
  readonly file: string
  readonly from: string
  readonly to: string
}

const ADMISSION = "packages/core/src/admission"
const DELIVERY = "packages/core/src/delivery"
const KERNEL = "packages/core/src/kernel"
const CONSUMER = "packages/core/src/consumer"
const WEBHOOKS = "packages/core/src/webhooks"
const MEMORY = "packages/adapters/src/memory"
const POSTGRES = "packages/adapters/src/postgres"

export const mutations: ReadonlyArray<Mutation> = [
  {
    name: "a seat too many",
    breaks: "R",
    file: `${ADMISSION}/domain/model/Seats.ts`,
    from: "now.getTime() >= event.endsAt.getTime()) && seatsFree(event) > 0",
    to: "now.getTime() >= event.endsAt.getTime()) && event.capacity - seatsTaken(event) >= 0"
  },
  {
    name: "an attendee registers twice",
    breaks: "R",
    file: `${ADMISSION}/domain/state/Decision.ts`,
    from: "if (activeId === undefined) return undefined",
    to: "if (activeId !== null) return undefined"
  },
  {
    name: "a registered attendee is not loaded",
    breaks: "R",
    file: `${ADMISSION}/domain/state/RegistrationFootprint.ts`,
    from: "attendees.push({ eventId, attendeeId })",
    to: "attendees.slice()"
  },
  {
    name: "a counter that only grows",
    breaks: "R",
    file: `${ADMISSION}/domain/model/Seats.ts`,
    from: `if (from !== undefined && from !== "cancelled") counts[from] -= 1`,
    to: `if (from === "waitlisted") counts[from] -= 1`
  },
  {
    name: "a version is left out",
    breaks: "R",
    file: `${ADMISSION}/domain/Batch.ts`,
    from: "const entry: AdmissionEntry = { eventId, version: last + 1, event, metadata, occurredAt }",
    to: `const entry: AdmissionEntry = { eventId, version: last + (event._tag === "RegistrationCancelled" ? 2 : 1), event, metadata, occurredAt }`
  },
  {
    name: "capacity that was lowered is forgotten",
    breaks: "R",
    file: `${ADMISSION}/domain/state/EventRows.ts`,
    from: "event.capacity = happened.to",
    to: "event.capacity = Math.max(event.capacity, happened.to)"
  },
  {
    name: "a registration that was promoted stays as it was in the store",
    breaks: "R",
    file: `${ADMISSION}/domain/state/RegistrationRows.ts`,
    from: ".map(([id, before]) => now(id, before)),",
    to: ".map(([id, before]) => now(id, before)).slice(0, 1),"
  },
  {
    name: "the last in line is promoted",
    breaks: "W",
    file: `${ADMISSION}/domain/rules/Capacity.ts`,
    from: "set.waiting.get(event.id)![0]",
    to: "set.waiting.get(event.id)!.at(-1)"
  },
  {
    name: "a seat that is given back stays empty",
    breaks: "W",
    file: `${ADMISSION}/domain/Batch.ts`,
    from: "carryOn(set, touched, eventId, request.metadata, request.now)",
    to: "void carryOn"
  },
  {
    name: "promotion after capacity was lowered",
    breaks: "W",
    file: `${ADMISSION}/domain/model/Seats.ts`,
    from: `event.status === "published" ? Math.min(seatsFree(event), event.counts.waitlisted) : 0`,
    to: `event.status === "published" ? Math.min(Math.max(1, seatsFree(event)), event.counts.waitlisted) : 0`
  },
  {
    name: "a promoted attendee still waits in the store",
    breaks: "W",
    file: `${MEMORY}/admission/MemoryRegistrations.ts`,
    from: "else state.waiting.get(eventId)?.delete(registration)",
    to: "else state.waiting.get(eventId)?.length"
  },
  {
    name: "waiters are promoted after the end of the event",
    breaks: "W",
    file: `${ADMISSION}/domain/model/Seats.ts`,
    from: "now.getTime() < event.endsAt.getTime() ? promotionsPossible(event) : 0",
    to: "now.getTime() > 0 ? promotionsPossible(event) : 0"
  },
  {
    name: "newcomers go before those who wait",
    breaks: "W",
    file: `${ADMISSION}/domain/state/RegistrationRows.ts`,
    from: `if (registration.state === "waitlisted") insert(set, set.waiting.get(event.id)!, registration)`,
    to: `if (registration.state === "waitlisted") set.waiting.get(event.id)!.unshift(registration.id)`
  },
  {
    name: "decisions go by the clock of the process",
    breaks: "R",
    file: `${KERNEL}/application/time/HeardClock.ts`,
    from: "known === undefined ? clock.currentTimeMillisUnsafe() : Math.round(steady() + middle(known))",
    to: "clock.currentTimeMillisUnsafe()"
  },
  {
    name: "a batch is decided at the time at which its process last looked",
    breaks: "R",
    file: `${ADMISSION}/application/engine/Engine.ts`,
    from: "Batch.decide(decidedAt(requests, now), set)",
    to: "Batch.decide(decidedAt(requests, new Date(now.getTime() - (now.getTime() % 3_000))), set)"
  },
  {
    name: "the last entry of a stream is forgotten",
    breaks: "R",
    file: `${ADMISSION}/domain/Batch.ts`,
    from: "request : { ...request, now: last }",
    to: "request : { ...request }"
  },
  {
    name: "an event is as of the last change of its details",
    breaks: "R",
    file: `${ADMISSION}/domain/state/EventRows.ts`,
    from: "event.updatedAt = entry.occurredAt",
    to: `if (!("registration" in happened)) event.updatedAt = entry.occurredAt`
  },
  {
    name: "a key is remembered from the beginning of time",
    breaks: "I",
    file: `${ADMISSION}/domain/state/Idempotency.ts`,
    from: "if (Result.isSuccess(answer)) return new Date(now.getTime() + ttlMillis)",
    to: "if (Result.isSuccess(answer)) return new Date(ttlMillis)"
  },
  {
    name: "answers are not remembered",
    breaks: "I",
    file: `${ADMISSION}/domain/state/IdempotencyRows.ts`,
    from: "if (known === undefined) remembered.push({ record, renews: false })",
    to: "if (known === undefined) remembered.slice()"
  },
  {
    name: "remembered answers are not looked at",
    breaks: "I",
    file: `${ADMISSION}/domain/state/Idempotency.ts`,
    from: "if (record === undefined || record.expiresAt.getTime() <= now.getTime()) return undefined",
    to: "if (record === undefined || record.expiresAt.getTime() > 0) return undefined"
  },
  {
    name: "a refusal is remembered for as long as an effect",
    breaks: "I",
    file: `${ADMISSION}/domain/state/Idempotency.ts`,
    from: "isUnrecorded ? undefined : new Date(now.getTime() + refusalTtlMillis)",
    to: "isUnrecorded ? undefined : new Date(now.getTime() + ttlMillis)"
  },
  {
    name: "keys are not looked up",
    breaks: "I",
    file: `${ADMISSION}/domain/state/IdempotencyRows.ts`,
    from: "idempotency.set(request.idempotency.scope.id, request.idempotency.scope)",
    to: "idempotency.delete(request.idempotency.scope.id)"
  },
  {
    name: "records are swept that have not expired",
    breaks: "I",
    file: `${MEMORY}/admission/MemoryStore.ts`,
    from: "sweep(({ expiresAt }) => expiresAt.getTime() <= until)",
    to: "sweep(({ expiresAt }) => expiresAt.getTime() > until)"
  },
  {
    name: "the margin of a sweep has the wrong sign",
    breaks: "I",
    file: `${ADMISSION}/application/engine/IdempotencySweep.ts`,
    from: "step: store.forgetExpired(marginMillis(commandTimeoutMillis)),",
    to: "step: store.forgetExpired(-10_000 * marginMillis(commandTimeoutMillis)),"
  },
  {
    name: "every caller of a batch gets the answer of the first",
    breaks: "I",
    file: `${ADMISSION}/application/engine/Lanes.ts`,
    from: "else batch.forEach(({ answer }, index) => answer(told[index]!))",
    to: "else batch.forEach(({ answer }) => answer(told[0]!))"
  },
  {
    name: "the record is kept only if something changed",
    breaks: "I",
    file: `${MEMORY}/admission/MemoryIdempotency.ts`,
    from: "for (const { record } of changes.idempotency) state.idempotency.set(record.scope.id, record)",
    to: "for (const { record } of changes.idempotency) if ((changes as never as { journal: [] }).journal.length === 0) state.idempotency.set(record.scope.id, record)"
  },
  {
    name: "an entry is not written to the log",
    breaks: "O",
    file: `${MEMORY}/admission/MemoryStore.ts`,
    from: "log.append(journal)",
    to: "log.append(journal.slice(0, 3))"
  },
  {
    name: "the position moves one entry too far",
    breaks: "O",
    file: `${MEMORY}/journal/MemoryPositions.ts`,
    from: "const behind = toPosition(given + entries.length)",
    to: "const behind = toPosition(given + entries.length + 1)"
  },
  {
    name: "an entry that could not be sent is acknowledged",
    breaks: "O",
    file: `${DELIVERY}/application/Relay.ts`,
    from: "finished.push({ holding, work, outcomes: [...outcomes], isCut: Exit.isFailure(exit) })",
    to: "finished.push({ holding, work, outcomes: outcomes.map((one) => one ?? delivered), isCut: false })"
  },
  {
    name: "entries that were taken of a consignment that failed are sent again",
    breaks: "O",
    file: `${DELIVERY}/application/Relay.ts`,
    from: "DeliverySpan.deliver(sink, { slot, epoch, deliveries, settled })",
    to: "DeliverySpan.deliver(sink, { slot, epoch, deliveries })"
  },
  {
    name: "entries that have arrived after the position are forgotten",
    breaks: "O",
    file: `${DELIVERY}/application/RelayProgress.ts`,
    from: `outcomes[index]?._tag === "Delivered" && !isBlocked.has(eventId)) left.add(id)`,
    to: `outcomes[index]?._tag === "Delivered" && !isBlocked.has(eventId)) left.delete(id)`
  },
  {
    name: "the position passes an entry whose outcome is not known",
    breaks: "O",
    file: `${DELIVERY}/application/RelayProgress.ts`,
    from: "end === 0 ? position : slice.positionAfter(end - 1)",
    to: "slice.positionAfter(end)"
  },
  {
    name: "an entry that was refused blocks nothing",
    breaks: "O",
    file: `${DELIVERY}/domain/Block.ts`,
    from: "  return [...found.values()]\n",
    to: "  return [...found.values()].slice(0, 0)\n"
  },
  {
    name: "blocked streams are read on",
    breaks: "O",
    file: `${MEMORY}/delivery/MemoryOutbox.ts`,
    from: "({ eventId }) => blocked.has(eventId)",
    to: "({ eventId }) => blocked.has(eventId) && eventId === sink"
  },
  {
    name: "blocked streams are never tried again",
    breaks: "O",
    file: `${DELIVERY}/application/Relay.ts`,
    from: "if (now() < relaying.retryAt || idle.length === 0) return\n",
    to: "if (now() < (relaying.retryAt = Infinity) || idle.length === 0) return\n"
  },
  {
    name: "a retry begins after the entry that failed",
    breaks: "O",
    file: `${MEMORY}/delivery/MemoryOutbox.ts`,
    from: "entry.eventId === stream && entry.version >= version",
    to: "entry.eventId === stream && entry.version > version"
  },
  {
    name: "a retry that fails ends the block",
    breaks: "O",
    file: `${DELIVERY}/domain/Block.ts`,
    from: "if (first !== undefined) return first",
    to: "if (first === null) return first"
  },
  {
    name: "the epoch is not checked",
    breaks: "L",
    file: `${DELIVERY}/domain/Lease.ts`,
    from: "lease.epoch === epoch && lease.owner !== null",
    to: "lease.epoch >= epoch"
  },
  {
    name: "the epoch does not move",
    breaks: "L",
    file: `${DELIVERY}/domain/Lease.ts`,
    from: "{ epoch: lease.epoch + 1, owner, until: later(now, ttlMillis) }",
    to: "{ epoch: Math.max(1, lease.epoch), owner, until: later(now, ttlMillis) }"
  },
  {
    name: "a lease that ran out is never taken over",
    breaks: "L",
    file: `${DELIVERY}/domain/Lease.ts`,
    from: "until !== null && until.getTime() > now.getTime()",
    to: "until !== null && now.getTime() > 0"
  },
  {
    name: "a relay counts its leases by the wall clock",
    breaks: "L",
    file: `${KERNEL}/application/time/MonotonicTime.ts`,
    from: "Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)",
    to: "Number(clock.currentTimeNanosUnsafe() / 1_000_000n)"
  },
  {
    name: "a store counts leases by its wall clock",
    breaks: "L",
    file: `${MEMORY}/MemoryClock.ts`,
    from: "const steady = (): number => start + monotonicMillis(clock)",
    to: "const steady = (): number => clock.currentTimeMillisUnsafe()"
  },
  {
    name: "a message that fails is deleted",
    breaks: "N",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: `if (fate === "failed") return yield* giveBack(working, rest, pauseOf(working, message))`,
    to: `if (fate === "failed" && rest.length === 0) return`
  },
  {
    name: "a message that fails does not hold back its group",
    breaks: "N",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: `if (fate === "failed") return yield* giveBack(working, rest, pauseOf(working, message))`,
    to: `if (fate === "failed") { yield* giveBack(working, [message], 50); continue }`
  },
  {
    name: "every reception has an inbox of its own",
    breaks: "N",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: "inbox.once(options.consumer, keyOf(message), handle(message), limit)",
    to: "inbox.once(options.consumer, `${keyOf(message)} ${working.draw()}`, handle(message), limit)"
  },
  {
    name: "messages are dropped before they are dealt with",
    breaks: "N",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: "    const fate = yield* fateOf(working, message)\n",
    to: '    yield* leniently(working, "", working.queue.remove([message.receipt]))\n    const fate = yield* fateOf(working, message)\n'
  },
  {
    name: "a handler that never ends holds its place for ever",
    breaks: "N",
    file: `${CONSUMER}/application/HandlerLimit.ts`,
    from: "Effect.timeoutOption(Fiber.await(fiber), timeoutMillis)",
    to: "Effect.timeoutOption(Fiber.await(fiber), timeoutMillis * 1_000)"
  },
  {
    name: "a store that takes no writes is taken for the fault of each message",
    breaks: "N",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: `if (reason.error.isRetryable || reason.error.reason._tag === "NotMigrated") return reason.error`,
    to: `if (reason.error.reason._tag === "NotMigrated") return reason.error`
  },
  {
    name: "a store that takes no writes is taken for the fault of a command",
    breaks: "G",
    file: `${ADMISSION}/application/engine/Lanes.ts`,
    from: `return why._tag === "Unexpected" && why.concernsAll !== true`,
    to: `return why._tag === "Unavailable" || why._tag === "Unexpected"`
  },
  {
    name: "answers of a batch go to each other's callers",
    breaks: "G",
    file: `${ADMISSION}/application/engine/Lanes.ts`,
    from: "  else batch.forEach(({ answer }, index) => answer(told[index]!))\n",
    to: "  else batch.forEach(({ answer }, index) => answer(told.at(-1 - index)!))\n"
  },
  {
    name: "a waiter gets the answer that it has a seat",
    breaks: "G",
    file: `${ADMISSION}/domain/rules/Registering.ts`,
    from: "    outcome: () => ({ registration: waitlisted, waitlistPosition: waitlistLength + 1 })\n  })\n}\n\n// --- guests",
    to: '    outcome: () => ({ registration: { ...waitlisted, state: "confirmed" }, waitlistPosition: null })\n  })\n}\n\n// --- guests'
  },
  {
    name: "a new capacity is answered and not kept",
    breaks: "G",
    file: `${ADMISSION}/domain/rules/Capacity.ts`,
    from: '    capacity === event.capacity ? [] : [{ _tag: "CapacityChanged", from: event.capacity, to: capacity }]\n',
    to: '    capacity <= event.capacity ? [] : [{ _tag: "CapacityChanged", from: event.capacity, to: capacity }]\n'
  },
  {
    name: "a command for another event than that of the batch is forgotten",
    breaks: "G",
    file: `${ADMISSION}/application/engine/Lanes.ts`,
    from: "    else left.push(entry)\n",
    to: "    else left.slice()\n"
  },
  {
    name: "a lane stops after its first batch",
    breaks: "G",
    file: `${ADMISSION}/application/engine/Lanes.ts`,
    from: "  lane.underway = []\n  lane.isWorking = false\n",
    to: "  lane.underway = []\n"
  },
  {
    name: "a relay that lost a lease never rests",
    breaks: "G",
    file: `${DELIVERY}/application/Relay.ts`,
    from: "  finished.splice(0, finished.length, ...over)\n",
    to: ""
  },
  {
    name: "a consumer that is stopped keeps hiding messages",
    breaks: "G",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: "    yield* Fiber.interruptAll([removing, hiding, sweeping])\n",
    to: ""
  },
  {
    name: "the search for promotions goes on after the end",
    breaks: "G",
    file: `${ADMISSION}/application/engine/Steps.ts`,
    from: "    Effect.forkScoped\n",
    to: "    Effect.forkDetach\n"
  },
  {
    name: "newcomers get a place that is one too high",
    breaks: "W",
    file: `${ADMISSION}/domain/rules/Registering.ts`,
    from: "waitlistPosition: waitlistLength + 1 })\n  })\n}\n\n// --- guests",
    to: "waitlistPosition: waitlistLength + 2 })\n  })\n}\n\n// --- guests"
  },
  {
    name: "a read of a place gives one that is one too high",
    breaks: "W",
    file: `${MEMORY}/admission/MemoryRegistrations.ts`,
    from: "position: waiting!.countUpTo(registration.sequence)",
    to: "position: waiting!.countUpTo(registration.sequence) + 1"
  },
  {
    name: "a read of a place gives a length that is one too high",
    breaks: "W",
    file: `${MEMORY}/admission/MemoryRegistrations.ts`,
    from: "length: waiting!.length }",
    to: "length: waiting!.length + 1 }"
  },
  {
    name: "the waitlist takes one more than its limit",
    breaks: "W",
    file: `${ADMISSION}/domain/rules/Registering.ts`,
    from: "waitlistLength >= waitlistLimit",
    to: "waitlistLength > waitlistLimit"
  },
  {
    name: "answers count one seat too many",
    breaks: "R",
    file: `${ADMISSION}/domain/state/Decision.ts`,
    from: "counts: { ...now.counts }",
    to: "counts: { ...now.counts, confirmed: now.counts.confirmed + 1 }"
  },
  {
    name: "the event that an answer shows goes on changing with its batch",
    breaks: "R",
    file: `${ADMISSION}/domain/state/Decision.ts`,
    from: "return { event: { ...now, counts: { ...now.counts } } }",
    to: "return { event: now }"
  },
  {
    name: "a cancellation shows the registration as it was",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: 'changed(after, [{ _tag: "RegistrationCancelled"',
    to: 'changed(before, [{ _tag: "RegistrationCancelled"'
  },
  {
    name: "the notes of a registration are lost",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Registering.ts`,
    from: "notes: command.notes,",
    to: 'notes: "",'
  },
  {
    name: "the refusal of a second registration names one that is not there",
    breaks: "G",
    file: `${ADMISSION}/domain/state/Decision.ts`,
    from: "attendeeId, registrationId, state })",
    to: "attendeeId, registrationId: event.id as never, state })"
  },
  {
    name: "every answer is said to be the first",
    breaks: "I",
    file: `${ADMISSION}/domain/Batch.ts`,
    from: "replayed: found.success.requestId !== freshId",
    to: "replayed: found.success.requestId === freshId"
  },
  {
    name: "a key belongs to all principals",
    breaks: "I",
    file: `${ADMISSION}/domain/state/Idempotency.ts`,
    from: "id: `${operation}\\u0000${key}\\u0000${principal}`",
    to: "id: `${operation}\\u0000${key}`"
  },
  {
    name: "a key belongs to all operations",
    breaks: "I",
    file: `${ADMISSION}/domain/state/Idempotency.ts`,
    from: "id: `${operation}\\u0000${key}\\u0000${principal}`",
    to: "id: `${key}\\u0000${principal}`"
  },
  {
    name: "a key that was used for another command gives its answer",
    breaks: "I",
    file: `${ADMISSION}/domain/state/Idempotency.ts`,
    from: "return record.fingerprint === request.fingerprint",
    to: 'return record.fingerprint !== ""'
  },
  {
    name: "a message looks as if it were old",
    breaks: "O",
    file: `${DELIVERY}/domain/Message.ts`,
    from: "occurredAt: toText(occurredAt)",
    to: "occurredAt: toText(new Date(0))"
  },
  {
    name: "an inbox distinguishes messages by their keys only",
    breaks: "N",
    file: `${MEMORY}/consumer/MemoryInbox.ts`,
    from: "const id = JSON.stringify([consumer, key])",
    to: "const id = JSON.stringify([key])"
  },
  {
    name: "the inbox forgets messages that were dealt with just now",
    breaks: "N",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: "InboxSweep.make(working.inbox, options.consumer, options.inboxTtlMillis)",
    to: "InboxSweep.make(working.inbox, options.consumer, options.inboxTtlMillis * 0)"
  },
  {
    name: "consumers share an inbox",
    breaks: "N",
    file: `${CONSUMER}/application/Consumer.ts`,
    from: "inbox.once(options.consumer, keyOf(message), handle(message), limit)",
    to: 'inbox.once("", keyOf(message), handle(message), limit)'
  },
  {
    name: "a lane that refuses a command asks for it again at once",
    breaks: "G",
    file: `${ADMISSION}/application/engine/Lanes.ts`,
    from: "Math.min(Math.max(millis, SHORTEST_RETRY_MILLIS), LONGEST_RETRY_MILLIS)",
    to: "Math.min(Math.max(millis, 0), LONGEST_RETRY_MILLIS)"
  },
  {
    name: "every entry of a batch names the principal of the first command",
    breaks: "A",
    file: `${ADMISSION}/domain/Batch.ts`,
    from: "append(set, touched, eventId, happened, request.metadata, request.now)",
    to: "append(set, touched, eventId, happened, touched.journal[0]?.metadata ?? request.metadata, request.now)"
  },
  {
    name: "a command that has waited for too long is answered as if nothing had changed",
    breaks: "G",
    file: `${ADMISSION}/application/engine/Lanes.ts`,
    from: "entry.answer(failed(new StoreError.OutcomeUnknown({ cause })))",
    to: "entry.answer(failed(new StoreError.Unavailable({ cause })))"
  },
  {
    name: "the reader does not check whether a server has the marks",
    breaks: "O",
    file: `${POSTGRES}/journal/LogWindow.ts`,
    from: "window === null ? [marks[0]] : [window.mark, marks[0]]",
    to: "window === null || marks.length > 0 ? [] : [window.mark]"
  },
  {
    name: "only the mark at the end of a window is looked for",
    breaks: "O",
    file: `${POSTGRES}/journal/LogWindow.ts`,
    from: "window === null ? [marks[0]] : [window.mark, marks[0]]",
    to: "window === null ? [marks[0]] : [window.mark]"
  },
  {
    name: "a cursor that is taken back forgets what was open",
    breaks: "O",
    file: `${POSTGRES}/journal/LogReader.ts`,
    from: "LogWindow.at(latest, latest.openSince, earlier)",
    to: "LogWindow.at(latest, new Map(), earlier)"
  },
  {
    name: "a subscription that is set back stays where it was",
    breaks: "O",
    file: `packages/core/src/journal/application/Subscription.ts`,
    from: "slices.map(({ position, slot }) => [slot, position] as const)",
    to: "slices.map(({ deliveries, position, slot }) => [slot, deliveries.length > 0 ? position : before.get(slot)!] as const)"
  },
  {
    name: "a sink that was lost with its server is not registered again",
    breaks: "O",
    file: `${DELIVERY}/application/SlotLeases.ts`,
    from: "if (holdings.size === 0) id =",
    to: "if (holdings.size < 0) id ="
  },
  {
    name: "a sink is made for a webhook that has been removed",
    breaks: "O",
    file: `${MEMORY}/delivery/MemoryOutbox.ts`,
    from: "if (webhook !== undefined && !webhooks.has(webhook)) return undefined\n",
    to: "if (webhook !== undefined && webhooks === undefined) return undefined\n"
  },
  {
    name: "a webhook that is removed leaves its sink",
    breaks: "O",
    file: `${MEMORY}/webhooks/MemoryWebhooks.ts`,
    from: "if (sinks.delete(sink)) audit",
    to: "if (sinks.has(sink)) audit"
  },
  {
    name: "a webhook that is gone has only failed",
    breaks: "O",
    file: `${WEBHOOKS}/domain/WebhookHealth.ts`,
    from: "if (response.status === GONE) return",
    to: "if (response.status === 0) return"
  },
  {
    name: "a webhook that works again is still counted as failing",
    breaks: "O",
    file: `${WEBHOOKS}/domain/WebhookHealth.ts`,
    from: '{ _tag: health.isFailing ? "NoteWorking" : "Nothing" }',
    to: '{ _tag: "Nothing" }'
  },
  {
    name: "a webhook that fails for days is posted to for ever",
    breaks: "O",
    file: `${WEBHOOKS}/domain/WebhookHealth.ts`,
    from: "failedMillis >= disableAfterMillis",
    to: "failedMillis < 0"
  },
  {
    name: "days in which nobody has tried count as days of failing",
    breaks: "O",
    file: `${WEBHOOKS}/domain/WebhookHealth.ts`,
    from: "gapMillis >= 0 && gapMillis <= longestGapMillis",
    to: "gapMillis >= 0 && longestGapMillis >= 0"
  },
  {
    name: "failures of a webhook are counted on though nothing waits for it",
    breaks: "O",
    file: `${MEMORY}/webhooks/MemoryWebhooks.ts`,
    from: "for (const state of idle) state.failing = null",
    to: "idle.slice()"
  },
  {
    name: "a webhook that asks to be left alone is not",
    breaks: "O",
    file: `${WEBHOOKS}/domain/WebhookHealth.ts`,
    from: 'now < restsUntil ? "none" : "one"',
    to: 'now < 0 ? "none" : "one"'
  },
  {
    name: "a webhook that asks to be left alone is listened to before it is",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookPosting.ts`,
    from: "  yield* hear(response)\n",
    to: "  yield* Effect.timeoutOption(answer.read(() => true), KEPT.millis)\n  yield* hear(response)\n"
  },
  {
    name: "no other process is told that a webhook asks to be left alone",
    breaks: "O",
    file: `${MEMORY}/webhooks/MemoryWebhooks.ts`,
    from: "if (restMillis > 0) state.leftAloneUntil",
    to: "if (restMillis < 0) state.leftAloneUntil"
  },
  {
    name: "a webhook is left alone for as long as it likes",
    breaks: "O",
    file: `${WEBHOOKS}/domain/WebhookHealth.ts`,
    from: "Math.min(retryAfterMillis, longestRestMillis)",
    to: "Math.min(retryAfterMillis, longestRestMillis * 1_000)"
  },
  {
    name: "a webhook that redirects has been given the message",
    breaks: "O",
    file: `${WEBHOOKS}/domain/WebhookHealth.ts`,
    from: "status >= 200 && status < 300",
    to: "status >= 200 && status < 400"
  },
  {
    name: "an answer of a webhook counts once its body has ended",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookPosting.ts`,
    from: "return WebhookHealth.isSuccess(status) ? response :",
    to: "yield* answer.read(() => true)\n  return WebhookHealth.isSuccess(status) ? response :"
  },
  {
    name: "a webhook is listened to for ever",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookPosting.ts`,
    from: "yield* Effect.timeoutOption(reading, KEPT.millis)",
    to: "yield* reading"
  },
  {
    name: "a message that was not posted to a webhook uses up an attempt",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookSink.ts`,
    from: "if (response === undefined) return undefined",
    to: 'if (response === undefined) return failed("not posted")'
  },
  {
    name: "a webhook that is down is not left alone",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookPosting.ts`,
    from: "CircuitBreaker.success : CircuitBreaker.failure()",
    to: "CircuitBreaker.success : CircuitBreaker.ignored"
  },
  {
    name: "a webhook of an organization is posted everything",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookSink.ts`,
    from: "isOfType(entry) && ownerOf(entry.eventId) === organizationId",
    to: "isOfType(entry)"
  },
  {
    name: "a webhook of an organization is posted nothing about events of which its process has heard before",
    breaks: "O",
    file: `${WEBHOOKS}/application/EventOwners.ts`,
    from: "else note(eventId, known)",
    to: "else if (!remembered.has(eventId)) note(eventId, known)"
  },
  {
    name: "a webhook of an organization passes messages over while the store cannot tell whose they are",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookSink.ts`,
    from: "yield* Effect.mapError(owners.of(ofType), (cause) => new SinkUnavailable({ cause }))",
    to: "yield* Effect.catch(owners.of(ofType), () => Effect.succeed(() => undefined))"
  },
  {
    name: "messages after one that failed are posted to a webhook",
    breaks: "O",
    file: `${WEBHOOKS}/application/WebhookSink.ts`,
    from: 'return outcome?._tag === "Delivered"',
    to: "return outcome !== undefined"
  },
  {
    name: "a waiter is confirmed beyond the capacity though nobody chose to",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Capacity.ts`,
    from: 'if (beyond === "overhang") return Result.succeed([])',
    to: 'if (beyond !== "raise") return Result.succeed([])'
  },
  {
    name: "a raise for a chosen waiter is left out",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Capacity.ts`,
    from: '{ _tag: "CapacityChanged", from: capacity, to: capacity + 1 }',
    to: '{ _tag: "CapacityChanged", from: capacity, to: capacity }'
  },
  {
    name: "the entry of a chosen waiter does not say that the seat is beyond the capacity",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: "const how = command.beyond === null ? {} : { beyond: command.beyond }",
    to: "const how = {}"
  },
  {
    name: "the first in line gets the seat of the chosen waiter",
    breaks: "W",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: "about<ConfirmRegistration>((event, before, { command, now }) => {\n",
    to: "about<ConfirmRegistration>((event, chosen, { command, now }, set) => {\n  const before = set.registrations.get(set.waiting.get(event.id)![0]!) ?? chosen\n"
  },
  {
    name: "the entry of a guest does not say that no seat was open",
    breaks: "A",
    file: `${ADMISSION}/domain/rules/Registering.ts`,
    from: 'room.success, [...setAside, "capacity"])',
    to: "room.success, setAside)"
  },
  {
    name: "the entry of a guest does not say that the waitlist was closed",
    breaks: "A",
    file: `${ADMISSION}/domain/rules/Registering.ts`,
    from: '(waitlist === "closed" ? (["waitlist"] as const) : [])',
    to: '(waitlist === "closed" ? [] : [])'
  },
  {
    name: "nobody is named who registered a guest",
    breaks: "A",
    file: `${ADMISSION}/domain/Batch.ts`,
    from: "append(set, touched, eventId, happened, request.metadata, request.now)",
    to: 'append(set, touched, eventId, happened, "beyond" in request.command ? STEPPER : request.metadata, request.now)'
  },
  {
    name: "a guest registers twice",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Registering.ts`,
    from: "  const registered = requireUnregistered(event, command.attendee.id, set)\n  if (registered) return Result.fail(registered)\n  const setAside",
    to: "  const setAside"
  },
  {
    name: "those who lose their seats wait at the end of the line",
    breaks: "W",
    file: `${ADMISSION}/domain/rules/Capacity.ts`,
    from: 'registration: { ...registration, state: "waitlisted", changedAt: now }',
    to: 'registration: { ...registration, state: "waitlisted", changedAt: now, sequence: event.version + 1 }'
  },
  {
    name: "those who got their seats first lose them",
    breaks: "R",
    file: `${ADMISSION}/domain/model/Registration.ts`,
    from: "b.changedAt.getTime() - a.changedAt.getTime()",
    to: "a.changedAt.getTime() - b.changedAt.getTime()"
  },
  {
    name: "more people lose their seats than was said",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Capacity.ts`,
    from: "needed === demote && needed <= confirmed",
    to: "needed <= confirmed"
  },
  {
    name: "a registration is reinstated at the end of the line",
    breaks: "W",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: 'const after = reinstated(before, isSeatOpen(event, now) ? "confirmed" : "waitlisted", now)',
    to: 'const after = { ...reinstated(before, isSeatOpen(event, now) ? "confirmed" : "waitlisted", now), sequence: event.version + 1 }'
  },
  {
    name: "a registration is reinstated before those who wait",
    breaks: "W",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: 'reinstated(before, isSeatOpen(event, now) ? "confirmed"',
    to: 'reinstated(before, seatsFree(event) >= 0 ? "confirmed"'
  },
  {
    name: "an attendee who has registered again is reinstated",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: "const other = requireUnregistered(event, before.attendee.id, set)",
    to: "const other = undefined"
  },
  {
    name: "those who waited for an event have seats when it is reopened",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Steps.ts`,
    from: 'registration.cancellation?.from === "waitlisted" ? "waitlisted" : "confirmed"',
    to: 'registration.cancellation?.from === "noShow" ? "waitlisted" : "confirmed"'
  },
  {
    name: "those who waited for an event do not come back when it is reopened",
    breaks: "R",
    file: `${ADMISSION}/domain/state/RegistrationRows.ts`,
    from: "firstOf(set, set.returning.get(eventId), isEndedWithEvent)",
    to: 'firstOf(set, set.returning.get(eventId), (one) => one.cancellation?.from === "confirmed" && isEndedWithEvent(one))'
  },
  {
    name: "an event is published as soon as it begins to be reopened",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/EventLifecycle.ts`,
    from: 'event.status === "cancelled" ? { _tag: "EventReopening" } : ',
    to: ""
  },
  {
    name: "registrations of a cancelled event end as if somebody had asked",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Steps.ts`,
    from: 'cancelled(registration, "eventCancelled", now)',
    to: 'cancelled(registration, "requested", now)'
  },
  {
    name: "those who wait for a cancelled event wait for ever",
    breaks: "R",
    file: `${ADMISSION}/domain/model/Registration.ts`,
    from: 'state === "confirmed" || state === "waitlisted"',
    to: 'state === "confirmed"'
  },
  {
    name: "the last registration of a cancelled event does not end",
    breaks: "R",
    file: `${ADMISSION}/domain/model/Steps.ts`,
    from: "counts.confirmed + counts.waitlisted > 0",
    to: "counts.confirmed + counts.waitlisted > 1"
  },
  {
    name: "a correction gives a seat",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: "const after: Registration = { ...before, attendee, notes }",
    to: 'const after: Registration = { ...before, attendee, notes, state: "confirmed" }'
  },
  {
    name: "a correction makes two active registrations of one attendee",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: "attendee.id === before.attendee.id ? undefined : requireUnregistered(event, attendee.id, set)",
    to: "undefined as Rejection | undefined"
  },
  {
    name: "a second scan is told its own time",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: "return Result.succeed(unchanged(before))\n    const refused",
    to: "return Result.succeed(unchanged({ ...before, changedAt: request.now }))\n    const refused"
  },
  {
    name: "a seat that is released looks as if somebody had cancelled",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: 'cancel(before, "seatReleased", now)',
    to: 'cancel(before, "requested", now)'
  },
  {
    name: "the seat of somebody who came can be released",
    breaks: "R",
    file: `${ADMISSION}/domain/rules/Changing.ts`,
    from: 'ReleaseSeat: { from: ["noShow"]',
    to: 'ReleaseSeat: { from: ["noShow", "attended"]'
  }
]
