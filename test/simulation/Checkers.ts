/**
 * Checks of a history, independent of the code that made it: they compare the answers to clients, the journal, the arrivals
 * at the queue and the records of consumers.
 */
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { Arrival, Recorded } from "./Servers.ts"

/** A request of a client, and its answers. */
export interface Operation {
  readonly key: string
  readonly what: "register" | "cancel" | "capacity"
  readonly eventId: string
  /** The id of the attendee who is to be registered. */
  readonly attendee?: string
  /** The new capacity. */
  readonly capacity?: number
  readonly startedAt: number
  endedAt: number
  /** The answers. There may be several, since a client without an answer asks again. */
  readonly answers: Array<{ readonly isOk: boolean; readonly text: string; readonly registrationId?: string }>
}

/** The part of a command that the checks need. */
export const askedOf = (command: Command): Pick<Operation, "attendee" | "capacity"> => {
  if (command._tag === "Register") return { attendee: command.attendee.id }
  return command._tag === "ChangeCapacity" ? { capacity: command.capacity } : {}
}

export interface History {
  readonly operations: ReadonlyArray<Operation>
  /** The journals by their streams. */
  readonly journals: ReadonlyMap<string, ReadonlyArray<StoredJournalEntry>>
  readonly arrivals: ReadonlyArray<Arrival>
  readonly recorded: ReadonlyArray<Recorded>
  readonly consumers: ReadonlyArray<string>
}

export type Violation = `${string}: ${string}`

interface WithRegistration {
  readonly registration?: { readonly id: string }
}

const registrationOf = ({ payload }: StoredJournalEntry): string | undefined =>
  (payload as WithRegistration).registration?.id

/** Checks I1, I5 and R4: each key has one effect and equal answers, and an acknowledged operation is in the journal. */
const idempotency = ({ journals, operations }: Pick<History, "journals" | "operations">): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const entries = new Map<string, Array<string>>()
  for (const journal of journals.values())
    for (const entry of journal) {
      const id = registrationOf(entry)
      if (id !== undefined) entries.set(id, [...(entries.get(id) ?? []), entry.type])
    }
  for (const { answers, key, what } of operations) {
    const texts = new Set(answers.map(({ text }) => text))
    if (texts.size > 1) found.push(`I1: ${key} was answered ${[...texts].join(" and ")}`)
    const [answer] = answers
    if (what === "register" && answer?.isOk === true) {
      const own = entries.get(answer.registrationId!) ?? []
      const begun = own.filter((type) => type === "AttendeeRegistered" || type === "AttendeeWaitlisted").length
      if (begun !== 1) found.push(`R4: ${key} was acknowledged, and is in the journal ${begun} times`)
    }
    if (what === "cancel" && answer?.isOk === true) {
      const own = entries.get(answer.registrationId!) ?? []
      const ended = own.filter((type) => type === "RegistrationCancelled").length
      if (ended !== 1) found.push(`R4: the cancellation ${key} was acknowledged, and is in the journal ${ended} times`)
    }
  }
  return found
}

/** The state of an event after an entry of its journal. */
interface Moment {
  readonly version: number
  readonly capacity: number
  /** The attendees of registrations that are not cancelled. */
  readonly active: ReadonlySet<string>
}

/** Every moment of an event, including the one before its first entry. */
const momentsOf = (journal: ReadonlyArray<StoredJournalEntry>): ReadonlyArray<Moment> => {
  const moments: Array<Moment> = [{ version: 0, capacity: 0, active: new Set() }]
  for (const { payload, type, version } of journal) {
    const { capacity, registration, to } = payload as {
      readonly capacity?: number
      readonly to?: number
      readonly registration?: { readonly attendee: { readonly id: string }; readonly state: string }
    }
    const last = moments.at(-1)!
    let { active } = last
    if (registration !== undefined) {
      const { attendee, state } = registration
      const isActive = state !== "cancelled"
      if (isActive !== active.has(attendee.id))
        active = isActive
          ? new Set([...active, attendee.id])
          : new Set([...active].filter((other) => other !== attendee.id))
    }
    const now = type === "EventCreated" ? capacity! : type === "CapacityChanged" ? to! : last.capacity
    moments.push({ version, capacity: now, active })
  }
  return moments
}

interface Placed {
  readonly operation: Operation
  readonly version: number
}

/** The highest version of the operations that ended before a time, and the lowest of those that began after it. */
const bounds = (placed: ReadonlyArray<Placed>) => {
  const ended = placed.toSorted((a, b) => a.operation.endedAt - b.operation.endedAt)
  const highest: Array<Placed> = []
  for (const one of ended) highest.push(one.version > (highest.at(-1)?.version ?? 0) ? one : highest.at(-1)!)
  const begun = placed.toSorted((a, b) => b.operation.startedAt - a.operation.startedAt)
  const lowest: Array<Placed> = []
  for (const one of begun) lowest.push(one.version < (lowest.at(-1)?.version ?? Infinity) ? one : lowest.at(-1)!)
  /** The number of elements at the start of a list for which `isSo` is true, if it is false for all later ones. */
  const countWhile = (list: ReadonlyArray<Placed>, isSo: (one: Placed) => boolean) => {
    let [from, to] = [0, list.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (isSo(list[middle]!)) from = middle + 1
      else to = middle
    }
    return from
  }
  return {
    before: (time: number) => highest[countWhile(ended, ({ operation }) => operation.endedAt < time) - 1],
    after: (time: number) => lowest[countWhile(begun, ({ operation }) => operation.startedAt > time) - 1]
  }
}

/**
 * Checks G1: the history of each event is linearizable. The journal is the order. Each operation has taken effect at one
 * moment between its start and its end, and has the answer of that moment. An operation that wrote an entry took effect at
 * that entry. One that wrote none, because it was refused or had nothing left to do, took effect at some moment that gives
 * its answer.
 */
const linearizable = ({ journals, operations }: Pick<History, "journals" | "operations">): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  for (const [eventId, own] of Map.groupBy(operations, (operation) => operation.eventId)) {
    const journal = journals.get(eventId) ?? []
    const entered = new Map<string, StoredJournalEntry>()
    const cancelled = new Map<string, number>()
    for (const entry of journal) {
      const id = registrationOf(entry)
      if (id === undefined) continue
      if (!entered.has(id)) entered.set(id, entry)
      if (entry.type === "RegistrationCancelled") cancelled.set(id, entry.version)
    }
    const moments = momentsOf(journal)
    const answered = own.filter(({ answers }) => answers.length > 0)
    const registered = answered.flatMap((operation): ReadonlyArray<Placed> => {
      const [answer] = operation.answers
      const entry = operation.what === "register" && answer!.isOk ? entered.get(answer!.registrationId!) : undefined
      return entry === undefined ? [] : [{ operation, version: entry.version }]
    })
    const { after, before } = bounds(registered)
    for (const { operation, version } of registered) {
      const last = before(operation.startedAt)
      if (last !== undefined && last.version > version)
        found.push(`G1: in ${eventId}, ${last.operation.key} was over before ${operation.key} began, and came after it`)
      const state =
        entered.get(operation.answers[0]!.registrationId!)!.type === "AttendeeRegistered" ? "confirmed" : "waitlisted"
      if (!operation.answers[0]!.text.endsWith(` ${state}`))
        found.push(`G1: ${operation.key} was ${state} and got the answer ${operation.answers[0]!.text}`)
    }
    for (const operation of answered) {
      const answer = operation.answers[0]!
      const earliest = before(operation.startedAt)?.version ?? 0
      const latest = (after(operation.endedAt)?.version ?? Infinity) - 1
      const hasMoment = (isSo: (moment: Moment) => boolean) =>
        moments.some((moment) => moment.version >= earliest && moment.version <= latest && isSo(moment))
      if (operation.what === "cancel" && answer.isOk && (cancelled.get(answer.registrationId!) ?? Infinity) > latest)
        found.push(`G1: ${operation.key} was answered as cancelled before it was`)
      if (operation.what === "capacity" && answer.isOk && !hasMoment(({ capacity }) => capacity === operation.capacity))
        found.push(`G1: ${operation.key} set a capacity of ${operation.capacity} that there never was while it ran`)
      if (answer.text === "AlreadyRegistered" && !hasMoment(({ active }) => active.has(operation.attendee!)))
        found.push(
          `G1: ${operation.key} was refused since ${operation.attendee} was registered, who never was while it ran`
        )
    }
  }
  return found
}

/**
 * Checks W2: between two commits nobody waits while a seat is free. A promotion comes right after the entry that freed the
 * seat. An entry after the end of the event promotes nobody, so that this no longer holds after it.
 */
const noSeatStaysFree = ({ journals }: Pick<History, "journals">): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  for (const [eventId, journal] of journals) {
    const states = new Map<string, string>()
    let capacity = 0
    let endsAt = Infinity
    for (const [index, { occurredAt, payload, type, version }] of journal.entries()) {
      if (occurredAt.getTime() >= endsAt) break
      const count = (state: string) => [...states.values()].filter((one) => one === state).length
      const isPromotion = type === "RegistrationPromoted" || type === "RegistrationConfirmed"
      if (!isPromotion && count("confirmed") < capacity && count("waitlisted") > 0)
        found.push(`W2: a seat of ${eventId} was free and somebody waited when version ${version} happened`)
      if (type === "RegistrationPromoted" && journal[index - 1]!.occurredAt.getTime() !== occurredAt.getTime())
        found.push(`W2: version ${version} of ${eventId} was promoted later than the seat became free`)
      const { from, registration, to } = payload as {
        readonly registration?: { readonly id: string; readonly state: string }
        readonly from?: unknown
        readonly to?: number
      }
      if (type === "EventCreated") {
        const created = payload as { readonly capacity: number; readonly details: { readonly endsAt: string } }
        capacity = created.capacity
        endsAt = Date.parse(created.details.endsAt)
      }
      if (type === "CapacityChanged" && from !== undefined) capacity = to!
      if (registration !== undefined) states.set(registration.id, registration.state)
    }
  }
  return found
}

/**
 * Checks R7: within a stream times never go back, nobody registers before registration opens or after the event has ended, and the
 * times of a registration agree with those of its entries.
 */
const times = ({ journals }: Pick<History, "journals">): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  for (const [eventId, journal] of journals) {
    let [opensAt, endsAt, last] = [-Infinity, Infinity, -Infinity]
    for (const { occurredAt, payload, type, version } of journal) {
      const at = occurredAt.getTime()
      const { details, registration } = payload as {
        readonly details?: { readonly registrationOpensAt: string | null; readonly endsAt: string }
        readonly registration?: { readonly registeredAt: string; readonly changedAt: string }
      }
      if (details !== undefined) {
        opensAt = details.registrationOpensAt === null ? -Infinity : Date.parse(details.registrationOpensAt)
        endsAt = Date.parse(details.endsAt)
      }
      if (at < last) found.push(`R7: version ${version} of ${eventId} happened before the one before it`)
      const isEntry = type === "AttendeeRegistered" || type === "AttendeeWaitlisted"
      if (isEntry && (at < opensAt || at >= endsAt))
        found.push(`R7: version ${version} of ${eventId} registered somebody while nobody could`)
      if (registration !== undefined) {
        const isOrdered = Date.parse(registration.registeredAt) <= at
        if (Date.parse(registration.changedAt) !== at || !isOrdered)
          found.push(`R7: version ${version} of ${eventId} has other times than its registration`)
      }
      last = at
    }
  }
  return found
}

/** Checks O2, O3 and O4: every entry arrives, each stream in order, and nothing arrives that is not in the journal. */
const delivery = ({ arrivals, journals }: History): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const happened = new Map([...journals.values()].flat().map((entry) => [entry.id, entry]))
  const next = new Map<string, number>()
  const arrived = new Set<string>()
  for (const { id, stream, version } of arrivals) {
    if (!happened.has(id)) found.push(`O4: ${id} arrived and is not in the journal`)
    if (arrived.has(id)) continue
    arrived.add(id)
    const expected = next.get(stream) ?? 1
    if (version !== expected) found.push(`O3: version ${version} of ${stream} arrived where ${expected} was due`)
    next.set(stream, version + 1)
  }
  for (const { eventId, id, version } of happened.values())
    if (!arrived.has(id)) found.push(`O2: version ${version} of ${eventId} never arrived`)
  return found
}

/** Checks N1 and N2: at each consumer, each message has one effect, in the order of its stream. */
const effects = ({ consumers, journals, recorded }: History): ReadonlyArray<Violation> =>
  consumers.flatMap((consumer) =>
    effectsAt(
      journals,
      recorded.filter((one) => one.consumer === consumer)
    )
  )

const effectsAt = (journals: History["journals"], recorded: ReadonlyArray<Recorded>): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const last = new Map<string, number>()
  const seen = new Set<string>()
  for (const { message, stream, version } of recorded) {
    if (seen.has(message)) found.push(`N1: ${message} had two effects`)
    seen.add(message)
    const before = last.get(stream) ?? 0
    if (version !== before + 1)
      found.push(`N2: the effect of version ${version} of ${stream} came after that of ${before}`)
    last.set(stream, version)
  }
  for (const { eventId, id, version } of [...journals.values()].flat())
    if (!seen.has(id)) found.push(`N2: version ${version} of ${eventId} had no effect`)
  return found
}

/** Checks L1: once an entry of a stream has arrived under an epoch, no new entry of it arrives under an earlier epoch. */
const epochs = ({ arrivals }: History): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const highest = new Map<string, { readonly epoch: number; readonly version: number }>()
  for (const { epoch, stream, version } of arrivals) {
    const before = highest.get(stream)
    if (before !== undefined && epoch < before.epoch && version > before.version)
      found.push(
        `L1: version ${version} of ${stream} arrived under epoch ${epoch}, after ${before.version} under ${before.epoch}`
      )
    if (before === undefined || epoch >= before.epoch)
      highest.set(stream, { epoch, version: Math.max(version, before?.version ?? 0) })
  }
  return found
}

/** Runs the checks about the registrations of events. */
export const checkRegistrations = (history: Pick<History, "journals" | "operations">): ReadonlyArray<Violation> => [
  ...idempotency(history),
  ...linearizable(history),
  ...noSeatStaysFree(history),
  ...times(history)
]

export const check = (history: History): ReadonlyArray<Violation> => [
  ...checkRegistrations(history),
  ...delivery(history),
  ...effects(history),
  ...epochs(history)
]
