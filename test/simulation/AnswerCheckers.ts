/**
 * Checks of the content of answers, independent of the code that made them: places in the waitlist, states, counts,
 * registrations, whether an answer was given before, the time to come back; and of the principals that the journal records.
 *
 * Everything is recounted from the journal, which is the record of what happened. An answer that shows the effect of a
 * command must agree with the journal. An answer that shows a state, such as a rejection or a read, must have been true at
 * some moment between the request and the answer.
 */
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { decode, type JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
import { type Event, fromStored } from "@turnout/core/admission/domain/model/Event"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import type { Message } from "@turnout/core/delivery/domain/Message"
import type { Rejection } from "@turnout/core/admission/domain/model/Rejection"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import type { Reply } from "@turnout/core/admission/application/Commands"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import type { WaitlistEntry, WaitlistPlace } from "@turnout/core/admission/ports/RegistrationReads"
import { Result } from "effect"
import { isDeepStrictEqual } from "node:util"
import type { Operation, Violation } from "./Checkers.ts"
import type { StoreTimes } from "./StoreTime.ts"

/** An operation with its command and the content of its answers. */
export interface Asked extends Operation {
  readonly command: Command
  readonly actor: string
  /** The idempotency key, which is not unique: other clients, other operations and other payloads may use the same. */
  readonly idempotencyKey: string
  /** The number of times that it was sent to a process. */
  sent: number
  /** The replies, each with the number of the send that it answers. */
  readonly replies: Array<Reply<Command> & { readonly sent: number }>
  readonly failures: Array<{ readonly error: InvalidInput | StoreError | Overloaded; readonly sent: number }>
}

/** The cause that the journal must name for the effect of an operation, which is different each time that it is sent. */
export const causeOf = ({ actor, key }: Pick<Asked, "actor" | "key">, sent: number): string =>
  `${key} of ${actor}, sent for the ${sent}. time`

/** A read of a client, and its answer. */
export type Look = {
  readonly eventId: string
  readonly startedAt: number
  readonly endedAt: number
} & (
  | { readonly _tag: "Event"; readonly event: Event }
  | { readonly _tag: "Place"; readonly registrationId: string; readonly place: WaitlistPlace }
  | { readonly _tag: "Waitlist"; readonly waitlist: ReadonlyArray<WaitlistEntry> }
)

export interface Words {
  readonly asked: ReadonlyArray<Asked>
  readonly looks: ReadonlyArray<Look>
  /** The journals by their streams. */
  readonly journals: ReadonlyMap<string, ReadonlyArray<StoredJournalEntry>>
  /** The messages that consumers were given. */
  readonly messages: ReadonlyArray<Message>
  /** What the store's clock has shown between two moments. */
  readonly storeTimes: (from: number, to: number) => StoreTimes
}

/** By how much a decision may differ from the store's clock. */
const MOST_OFF_MILLIS = 1_000

/** The state of an event after an entry of its journal, by recount. */
interface Moment {
  readonly version: number
  readonly event: Omit<Event, "id">
  /** The ids of the waitlisted registrations, first in line first. */
  readonly waiting: ReadonlyArray<string>
  readonly registrations: ReadonlyMap<string, Registration>
}

interface Entry {
  readonly stored: StoredJournalEntry
  readonly happened: JournalEvent
}

interface Stream {
  readonly entries: ReadonlyArray<Entry>
  /** The state after each entry. */
  readonly moments: ReadonlyArray<Moment>
  /** The entries by the operation that asked for them. */
  readonly byOperation: ReadonlyMap<string, ReadonlyArray<Entry>>
}

const streamOf = (journal: ReadonlyArray<StoredJournalEntry>): Stream => {
  const entries = journal.map((stored): Entry => {
    const { payload, schemaVersion, type } = stored
    return { stored, happened: decode(type, schemaVersion, payload) }
  })
  const moments: Array<Moment> = []
  let waiting: ReadonlyArray<string> = []
  let registrations: ReadonlyMap<string, Registration> = new Map()
  let event: Omit<Event, "id" | "version" | "counts"> | undefined
  for (const { happened, stored } of entries) {
    const { occurredAt, version } = stored
    if (happened._tag === "EventCreated") {
      const { capacity, details, organizationId = DEFAULT_ORGANIZATION } = happened
      const at = { revision: version, createdAt: occurredAt, updatedAt: occurredAt }
      event = { organizationId, ...fromStored(details), capacity, status: "draft", ...at }
    }
    if (event === undefined) throw new Error("a journal begins with EventCreated")
    event = { ...event, updatedAt: occurredAt }
    if (happened._tag === "EventPublished") event = { ...event, status: "published", revision: version }
    if (happened._tag === "CapacityChanged") event = { ...event, capacity: happened.to, revision: version }
    if ("registration" in happened) {
      const { registration } = happened
      registrations = new Map([...registrations, [registration.id, registration]])
      waiting = waiting.filter((id) => id !== registration.id)
      if (registration.state === "waitlisted") waiting = [...waiting, registration.id]
    }
    const count = (state: string) => [...registrations.values()].filter((one) => one.state === state).length
    const counts = {
      confirmed: count("confirmed"),
      waitlisted: count("waitlisted"),
      attended: count("attended"),
      noShow: count("noShow")
    }
    moments.push({ version, event: { ...event, version, counts }, waiting, registrations })
  }
  const byOperation = Map.groupBy(entries, ({ stored }) => stored.metadata.correlationId ?? "")
  return { entries, moments, byOperation }
}

const isSame = <A>(actual: A, expected: A): boolean => isDeepStrictEqual(actual, expected)

const wordsOf = (value: unknown): string => JSON.stringify(value)

/** The moments between two times, as far as the operations answered before and begun after them show. */
const boundsOf = (stream: Stream, asked: ReadonlyArray<Asked>) => {
  const placed = asked.flatMap((operation) => {
    const last = stream.byOperation.get(operation.key)?.at(-1)
    return last === undefined ? [] : [{ operation, version: last.stored.version }]
  })
  return (startedAt: number, endedAt: number): ReadonlyArray<Moment> => {
    let [earliest, latest] = [0, Infinity]
    for (const { operation, version } of placed) {
      if (operation.endedAt < startedAt) earliest = Math.max(earliest, version)
      if (operation.startedAt > endedAt) latest = Math.min(latest, version - 1)
    }
    return stream.moments.filter(({ version }) => version >= earliest && version <= latest)
  }
}

/** Checks the answer to a command that was accepted against its effect. */
const success = (
  { command, key }: Asked,
  outcome: Result.Result.Success<Reply<Command>["answer"]>,
  { byOperation, entries, moments }: Stream
): ReadonlyArray<Violation> => {
  const own = byOperation.get(key) ?? []
  if ("event" in outcome) {
    const { id, ...shown } = outcome.event
    const moment = moments.find(({ version }) => version === shown.version)
    if (command._tag !== "ChangeCapacity" || id !== command.eventId || shown.capacity !== command.capacity)
      return [`G1: ${key} asked for ${wordsOf(command)} and got ${wordsOf(outcome.event)}`]
    if (moment === undefined || !isSame(shown, moment.event))
      return [`R3: ${key} got ${wordsOf(shown)}, and by recount it was ${wordsOf(moment?.event)}`]
    const last = own.at(-1)
    if (last !== undefined && last.stored.version !== shown.version)
      return [
        `G1: ${key} got version ${shown.version} of an event that it had brought to version ${last.stored.version}`
      ]
    return []
  }
  if ("deleted" in outcome) return [`G1: ${key} got the deletion of ${outcome.deleted}, which nobody had asked for`]
  const { registration } = outcome
  const waitlistPosition = "waitlistPosition" in outcome ? outcome.waitlistPosition : null
  const entry = entries.find(({ happened }) => {
    if (!("registration" in happened) || happened.registration.id !== registration.id) return false
    return (
      command._tag === "Register" ||
      (command._tag === "CancelRegistration" && happened._tag === "RegistrationCancelled")
    )
  })
  if (entry === undefined || !("registration" in entry.happened))
    return [`R4: ${key} got ${wordsOf(registration)}, of which the journal knows nothing`]
  const found: Array<Violation> = []
  if (!isSame(registration, entry.happened.registration))
    found.push(`R4: ${key} got ${wordsOf(registration)}, and it is ${wordsOf(entry.happened.registration)}`)
  const { version } = entry.stored
  const rank = moments[entries.indexOf(entry)]!.waiting.indexOf(registration.id) + 1
  const place = command._tag === "Register" && rank > 0 ? rank : null
  if (waitlistPosition !== place)
    found.push(`W6: ${key} got place ${waitlistPosition}, and had place ${place} by recount`)
  if (command._tag === "Register") {
    const { attendee, eventId, notes } = command
    if (!isSame([registration.eventId, registration.attendee, registration.notes], [eventId, attendee, notes]))
      found.push(`R4: ${key} asked for ${wordsOf(command)} and got ${wordsOf(registration)}`)
    if (registration.sequence !== version)
      found.push(`R6: ${key} got the sequence ${registration.sequence} from version ${version}`)
    if (own.length !== 1 || own[0] !== entry)
      found.push(`R4: ${key} got the effect of another operation, or had another effect too`)
  }
  if (command._tag === "CancelRegistration" && registration.id !== command.registrationId)
    found.push(`G1: ${key} asked for ${command.registrationId} and got ${registration.id}`)
  return found
}

/** Tells whether a rejection that a simulated client can get was true at a moment. */
const isTrueAt =
  (
    rejection: Rejection,
    { attendeeId, times }: { readonly attendeeId: string | undefined; readonly times: StoreTimes }
  ) =>
  ({ event, registrations, waiting }: Moment): boolean => {
    if (rejection._tag === "AlreadyRegistered") {
      const registration = registrations.get(rejection.registrationId)
      return (
        registration !== undefined &&
        registration.attendee.id === attendeeId &&
        rejection.attendeeId === attendeeId &&
        registration.state === rejection.state &&
        rejection.state !== "cancelled"
      )
    }
    // It was decided by the store's clock, and not before the last entry.
    if (rejection._tag === "RegistrationClosed") {
      const latest = Math.max(times.latest + MOST_OFF_MILLIS, event.updatedAt.getTime())
      return isSame(rejection.closedAt, event.endsAt) && latest >= event.endsAt.getTime()
    }
    if (rejection._tag === "RegistrationNotOpen") {
      const earliest = Math.max(times.earliest - MOST_OFF_MILLIS, event.updatedAt.getTime())
      return isSame(rejection.opensAt, event.registrationOpensAt) && earliest < rejection.opensAt.getTime()
    }
    if (rejection._tag === "WaitlistFull")
      return (
        rejection.capacity === event.capacity &&
        rejection.waitlistLength === waiting.length &&
        rejection.waitlistLimit === event.waitlistLimit &&
        waiting.length >= rejection.waitlistLimit
      )
    return false
  }

const scopeOf = ({ actor, idempotencyKey, what }: Asked): string => wordsOf([actor, what, idempotencyKey])

const failure = (
  operation: Asked,
  rejection: Rejection,
  stream: Stream,
  sameScope: ReadonlyArray<Asked>,
  { moments, times }: { readonly moments: ReadonlyArray<Moment>; readonly times: StoreTimes }
): ReadonlyArray<Violation> => {
  const { command, key } = operation
  if (stream.byOperation.has(key)) return [`G1: ${key} was refused (${rejection._tag}), and is in the journal`]
  if (rejection._tag === "IdempotencyKeyReused") {
    const isReused = sameScope.some((other) => !isSame(other.command, command) && other.startedAt <= operation.endedAt)
    return isReused ? [] : [`I2: ${key} was refused for a key that no other command had used`]
  }
  const attendeeId = command._tag === "Register" ? command.attendee.id : undefined
  return moments.some(isTrueAt(rejection, { attendeeId, times }))
    ? []
    : [`G1: ${key} was refused with ${wordsOf(rejection)}, which was never true while it ran`]
}

/** The number of the send that had the effect of an operation; `undefined` if the journal has no entry of it. */
const effectiveOf = (operation: Asked, { byOperation }: Stream): number | undefined => {
  const [entry] = byOperation.get(operation.key) ?? []
  if (entry === undefined) return undefined
  const numbers = Array.from({ length: operation.sent }, (_, index) => index + 1)
  return numbers.find((sent) => causeOf(operation, sent) === entry.stored.metadata.causationId)
}

/** Checks I1 and I2: repeated answers are marked as such, and the first answer belongs to the send that had the effect. */
const repeats = (operation: Asked, stream: Stream): ReadonlyArray<Violation> => {
  const { key, replies, sent } = operation
  const refused = replies.filter(
    ({ answer }) => Result.isFailure(answer) && answer.failure._tag === "IdempotencyKeyReused"
  )
  if (refused.some(({ replayed }) => replayed))
    return [`I1: the refusal of ${key} for its idempotency key was marked as repeated`]
  if (refused.length > 0) return []
  const first = replies.filter(({ replayed }) => !replayed)
  if (first.length > 1) return [`I1: ${key} was answered for the first time ${first.length} times`]
  if (first.length === 0 && replies.length > 0 && replies.length === sent)
    return [`I1: every answer to ${key} was marked as repeated`]
  const effective = effectiveOf(operation, stream)
  return effective !== undefined && replies.some((reply) => reply.replayed === (reply.sent === effective))
    ? [`I1: the ${effective}. time that ${key} was sent had the effect, and another answer was marked as the first`]
    : []
}

/** The shortest and the longest time for which a refused caller is asked to wait, in milliseconds. */
const WAITS = { shortest: 50, longest: 10_000 } as const

/**
 * Checks G1: an operation that failed with nothing changed has had no effect, and a refused caller gets a time to come
 * back.
 */
const failed = (operation: Asked, stream: Stream): ReadonlyArray<Violation> => {
  const { failures, key } = operation
  const effective = effectiveOf(operation, stream)
  return failures.flatMap(({ error, sent }): ReadonlyArray<Violation> => {
    const isUnknown = error._tag === "StoreError" && error.reason._tag === "OutcomeUnknown"
    if (sent === effective && !isUnknown)
      return [`G1: ${key} failed with ${error._tag}, after which nothing has changed, and has had an effect`]
    if (error._tag === "StoreError") return []
    if (error._tag !== "Overloaded") return [`G1: ${key} failed with ${error._tag}`]
    const { retryAfterMillis: millis } = error
    const isWithin = millis >= WAITS.shortest && millis <= WAITS.longest
    return isWithin ? [] : [`G2: ${key} was asked to come back after ${millis} milliseconds`]
  })
}

/** Checks I2: of several commands under one key, of one principal and operation, one has an effect. */
const onePayload = (sameScope: ReadonlyArray<Asked>): ReadonlyArray<Violation> => {
  const accepted = sameScope.filter(({ replies }) => replies.some(({ answer }) => Result.isSuccess(answer)))
  const [first, ...others] = accepted
  return others
    .filter(({ command }) => !isSame(command, first!.command))
    .map(({ key }): Violation => `I2: ${key} was carried out under the idempotency key of ${first!.key}`)
}

/** Checks A5: every entry names the principal who asked for it, and is the effect of that principal's command. */
const attributed = (stream: Stream, byKey: ReadonlyMap<string, Asked>): ReadonlyArray<Violation> => {
  const { entries } = stream
  const found: Array<Violation> = []
  for (const [index, { happened, stored }] of entries.entries()) {
    const { metadata, version } = stored
    const operation = byKey.get(metadata.correlationId ?? "")
    if (happened._tag === "EventCreated" || happened._tag === "EventPublished") continue
    const { command } = operation ?? {}
    const isOwn =
      operation !== undefined &&
      metadata.actor === operation.actor &&
      effectiveOf(operation, stream) !== undefined &&
      isSame(metadata, stream.byOperation.get(operation.key)![0]!.stored.metadata)
    const isAskedFor =
      happened._tag === "RegistrationPromoted"
        ? isSame(metadata, entries[index - 1]?.stored.metadata) && command?._tag !== "Register"
        : happened._tag === "CapacityChanged"
          ? command?._tag === "ChangeCapacity" && command.capacity === happened.to
          : happened._tag === "RegistrationCancelled"
            ? command?._tag === "CancelRegistration" && command.registrationId === happened.registration.id
            : command?._tag === "Register" &&
              "registration" in happened &&
              isSame(happened.registration.attendee, command.attendee)
    if (operation === undefined || !isOwn || !isAskedFor || operation.eventId !== stored.eventId)
      found.push(`A5: version ${version}, ${happened._tag}, names ${wordsOf(metadata)}, who did not ask for it`)
    if (happened._tag === "AttendeeWaitlisted") {
      const limit = entries.flatMap((entry) => (entry.happened._tag === "EventCreated" ? [entry.happened] : []))[0]!
        .details.waitlistLimit
      const waiting = entries.slice(0, index + 1).reduce((sum, entry) => {
        const before = entry.happened
        if (before._tag === "AttendeeWaitlisted") return sum + 1
        if (before._tag === "RegistrationPromoted") return sum - 1
        return before._tag === "RegistrationCancelled" && before.from === "waitlisted" ? sum - 1 : sum
      }, 0)
      if (limit !== null && waiting > limit) found.push(`W2: ${waiting} wait where ${limit} may`)
    }
  }
  return found
}

/** Checks reads, and with them W6: the answer to a read was true at some moment during the read. */
const seen = (look: Look, moments: ReadonlyArray<Moment>): ReadonlyArray<Violation> => {
  const isShown = ({ event, registrations, waiting }: Moment): boolean => {
    if (look._tag === "Event") return isSame({ ...event, id: look.eventId } as Event, look.event)
    if (look._tag === "Place")
      return isSame({ ...look.place }, { position: waiting.indexOf(look.registrationId) + 1, length: waiting.length })
    const line = waiting.map((id, index) => ({ position: index + 1, registration: registrations.get(id)! }))
    return isSame(look.waitlist, line)
  }
  const { _tag, endedAt: _e, eventId, startedAt: _s, ...shown } = look
  return moments.some(isShown)
    ? []
    : [`W6: a read of ${eventId} gave ${wordsOf(shown)}, which was never true meanwhile`]
}

/** Checks O1: consumers are given the entries of the journal. */
const given = (messages: ReadonlyArray<Message>, journals: Words["journals"]): ReadonlyArray<Violation> => {
  const happened = new Map([...journals.values()].flat().map((entry) => [entry.id, entry]))
  return messages.flatMap((message): ReadonlyArray<Violation> => {
    const entry = happened.get(message.id)
    return entry === undefined || isSame({ ...message }, { ...entry })
      ? []
      : [`O1: a consumer was given ${wordsOf(message)} for ${wordsOf(entry)}`]
  })
}

/** Checks all answers about an event against its journal. */
const aboutEvent = (
  eventId: string,
  journal: ReadonlyArray<StoredJournalEntry>,
  own: ReadonlyArray<Asked>,
  { asked, looks, storeTimes }: Words
): ReadonlyArray<Violation> => {
  const stream = streamOf(journal)
  const between = boundsOf(stream, own)
  const byKey = new Map(asked.map((operation) => [operation.key, operation]))
  const byScope = Map.groupBy(asked, scopeOf)
  const found: Array<Violation> = [...attributed(stream, byKey)]
  for (const operation of own) {
    found.push(...repeats(operation, stream), ...failed(operation, stream))
    const sameScope = byScope.get(scopeOf(operation))!
    const { endedAt, startedAt } = operation
    const moments = between(startedAt, endedAt)
    const times = storeTimes(startedAt, endedAt)
    for (const { answer } of operation.replies)
      found.push(
        ...(Result.isSuccess(answer)
          ? success(operation, answer.success, stream)
          : failure(operation, answer.failure, stream, sameScope, { moments, times }))
      )
  }
  for (const look of looks)
    if (look.eventId === eventId) found.push(...seen(look, between(look.startedAt, look.endedAt)))
  return found
}

export const checkWords = (words: Words): ReadonlyArray<Violation> => {
  const { asked, journals, messages } = words
  const found: Array<Violation> = [...given(messages, journals)]
  for (const sameScope of Map.groupBy(asked, scopeOf).values()) found.push(...onePayload(sameScope))
  const byEvent = Map.groupBy(asked, ({ eventId }) => eventId)
  for (const [eventId, journal] of journals) {
    try {
      found.push(...aboutEvent(eventId, journal, byEvent.get(eventId) ?? [], words))
    } catch (error) {
      found.push(`R6: the journal of ${eventId} makes no sense: ${String(error)}`)
    }
  }
  return found
}
