/**
 * What must hold of a history, checked apart from the code that made it: by what clients were told, what the journal says,
 * what arrived at the queue and what consumers have recorded.
 */
import type { StoredJournalEntry } from "@turnout/core/domain/JournalEvent"
import type { Arrival, Recorded } from "./Servers.ts"

/** What a client asked for, and what it was told in the end. */
export interface Operation {
  readonly key: string
  readonly what: "register" | "cancel" | "capacity"
  readonly eventId: string
  readonly startedAt: number
  endedAt: number
  /** Answers, however many: a client that does not know asks again. */
  readonly answers: Array<{ readonly isOk: boolean; readonly text: string; readonly registrationId?: string }>
}

export interface History {
  readonly operations: ReadonlyArray<Operation>
  /** By stream. */
  readonly journals: ReadonlyMap<string, ReadonlyArray<StoredJournalEntry>>
  readonly arrivals: ReadonlyArray<Arrival>
  readonly recorded: ReadonlyArray<Recorded>
}

export type Violation = `${string}: ${string}`

interface WithRegistration {
  readonly registration?: { readonly id: string }
}

const registrationOf = ({ payload }: StoredJournalEntry): string | undefined =>
  (payload as WithRegistration).registration?.id

/** I1, I5, R4: one effect for each key, and the same answer every time; what was acknowledged is in the journal. */
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

/** G1: what was acknowledged before something else was asked for comes before it in the journal. */
const realTime = ({ journals, operations }: Pick<History, "journals" | "operations">): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const place = new Map<string, number>()
  for (const journal of journals.values())
    for (const entry of journal) {
      const id = registrationOf(entry)
      if (id !== undefined && !place.has(id)) place.set(id, entry.version)
    }
  const registrations = operations.flatMap((operation) => {
    const [answer] = operation.answers
    const version =
      operation.what === "register" && answer?.isOk === true ? place.get(answer.registrationId!) : undefined
    return version === undefined ? [] : [{ operation, version }]
  })
  for (const [eventId, own] of Map.groupBy(registrations, ({ operation }) => operation.eventId)) {
    const byEnd = own.toSorted((a, b) => a.operation.endedAt - b.operation.endedAt)
    let over = 0
    /** The one with the highest version of those that were over. */
    let last: (typeof own)[number] | undefined
    for (const one of own.toSorted((a, b) => a.operation.startedAt - b.operation.startedAt)) {
      for (; over < byEnd.length && byEnd[over]!.operation.endedAt < one.operation.startedAt; over++)
        if (last === undefined || byEnd[over]!.version > last.version) last = byEnd[over]
      if (last !== undefined && last.version > one.version)
        found.push(
          `G1: in ${eventId}, ${last.operation.key} was over before ${one.operation.key} began, and came after it`
        )
    }
  }
  return found
}

/** W2: between two commits nobody waits while a seat is free. What a commit promotes comes right behind what freed the seat. */
const noSeatStaysFree = ({ journals }: Pick<History, "journals">): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  for (const [eventId, journal] of journals) {
    const states = new Map<string, string>()
    let capacity = 0
    for (const [index, { occurredAt, payload, type, version }] of journal.entries()) {
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
      if (type === "EventCreated") ({ capacity } = payload as { readonly capacity: number })
      if (type === "CapacityChanged" && from !== undefined) capacity = to!
      if (registration !== undefined) states.set(registration.id, registration.state)
    }
  }
  return found
}

/** O2, O3, O4: everything arrives, each stream in order, and nothing that did not happen. */
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

/** N1, N2: one effect for each message, in the order of its stream. */
const effects = ({ journals, recorded }: History): ReadonlyArray<Violation> => {
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

/** L1: of a message, deliveries under a later epoch of its slot are never followed by a first one under an earlier. */
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

/** What must hold of the registrations of events. */
export const checkRegistrations = (history: Pick<History, "journals" | "operations">): ReadonlyArray<Violation> => [
  ...idempotency(history),
  ...realTime(history),
  ...noSeatStaysFree(history)
]

export const check = (history: History): ReadonlyArray<Violation> => [
  ...checkRegistrations(history),
  ...delivery(history),
  ...effects(history),
  ...epochs(history)
]
