/**
 * A recount of the journal of one event, with the commands that made it: what each entry may say, and when.
 *
 * The rules are written once more here, from `docs/reference/states.md`, and share no code with the code under test. `Invariants`
 * checks the transitions of each registration, and the order of promotions.
 */
import { type EventDetails, fromStored } from "@turnout/core/admission/domain/model/Event"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import type { JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
import type { Violation } from "./Checkers.ts"

/** A command of a client under an idempotency key, which is also the correlation id of its entries. */
export interface Ordered {
  readonly key: string
  readonly actor: string
  readonly command: Command
}

export interface Entry {
  readonly version: number
  readonly occurredAt: Date
  readonly actor: string
  readonly key: string | null
  readonly event: JournalEvent
}

type Told<Tag extends JournalEvent["_tag"]> = Extract<JournalEvent, { readonly _tag: Tag }>
type AboutRegistration = Extract<JournalEvent, { readonly registration: Registration }>

const DOORS_MILLIS = 12 * 60 * 60 * 1_000
const TAKES_SEAT: ReadonlyArray<string> = ["confirmed", "attended", "noShow"]
const ENDS: ReadonlyArray<string> = ["confirmed", "waitlisted"]

/** How a registration got its seat, or began to wait. */
interface Since {
  readonly version: number
  /** The moment by which the last to get a seat is found. */
  readonly at: number
  /** Whether staff chose it, so that it may have passed others who waited. */
  readonly isChosen: boolean
}

export class Recount {
  readonly violations: Array<Violation> = []
  readonly #registrations = new Map<string, Registration>()
  readonly #seated = new Map<string, Since>()
  readonly #waits = new Map<string, Since>()
  #details: EventDetails | undefined
  #status = ""
  #statusBefore = ""
  #capacity = 0
  #taken = 0
  #isOver = false
  /** The registrations that the cancellation of the event has found, with their states, without those that left meanwhile. */
  readonly #found = new Map<string, string>()

  /** Recounts the entries of one commit for one command; `ordered` is absent for the steps that no command has asked for. */
  commit(entries: ReadonlyArray<Entry>, ordered: Ordered | undefined): void {
    const start = {
      capacity: this.#capacity,
      free: this.#capacity - this.#taken,
      waiting: this.#waits.size,
      taken: this.#taken
    }
    const confirmed = this.#inState("confirmed")
    for (const entry of entries) {
      if (ordered !== undefined && entry.actor !== ordered.actor)
        this.#tell(entry, `A5: names ${entry.actor}, and not ${ordered.actor}`)
      if (entry.occurredAt >= (this.#details?.endsAt ?? Infinity)) this.#isOver = true
      if ("registration" in entry.event) this.#about(entry, entry.event, ordered?.command, start)
      else this.#apply(entry, entry.event)
    }
    const last = entries.at(-1)!
    const demoted = entries.flatMap(({ event }) =>
      event._tag === "RegistrationDemoted" ? [event.registration.id] : []
    )
    if (demoted.length > 0) this.#demoted(last, demoted, confirmed, ordered?.command, start)
    const { command } = ordered ?? {}
    if (command !== undefined && "beyond" in command) this.#beyond(entries, command.beyond, start)
    const canStepOn = entries.length >= 1_000
    const isOpen = this.#status === "published" && !this.#isOver && !canStepOn
    if (isOpen && Math.min(this.#capacity - this.#taken, this.#waits.size) > 0)
      this.#tell(last, "W2: leaves a free seat together with a waiter")
  }

  get status(): string {
    return this.#status
  }

  #tell({ event, key, version }: Entry, what: string): void {
    const [code, ...words] = what.split(": ")
    this.violations.push(`${code}: version ${version}, ${event._tag} of ${key ?? "a step"}: ${words.join(": ")}`)
  }

  #inState(state: string): ReadonlyArray<string> {
    return [...this.#registrations.values()].filter((one) => one.state === state).map(({ id }) => id)
  }

  #apply(entry: Entry, event: JournalEvent): void {
    if ("details" in event) this.#details = fromStored(event.details)
    switch (event._tag) {
      case "EventCreated":
        this.#capacity = event.capacity
        this.#status = "draft"
        return
      case "CapacityChanged":
        if (event.from !== this.#capacity) this.#tell(entry, `R6: from ${event.from}, and it was ${this.#capacity}`)
        this.#capacity = event.to
        return
      case "EventPublished":
      case "EventCompleted":
        this.#status = event._tag === "EventPublished" ? "published" : "completed"
        return
      case "EventCancelled":
        if (this.#status !== "reopening") {
          this.#statusBefore = this.#status
          this.#found.clear()
          for (const { id, state } of this.#registrations.values()) if (ENDS.includes(state)) this.#found.set(id, state)
        }
        this.#status = "cancelled"
        return
      case "EventReopening":
        this.#status = "reopening"
        return
      case "EventReopened":
        return this.#reopened(entry, event)
    }
  }

  /** Nobody lost a seat or a place by a cancellation of the event that was taken back. */
  #reopened(entry: Entry, { status }: Told<"EventReopened">): void {
    const before = this.#status === "completed" ? "published" : this.#statusBefore
    if (status !== before) this.#tell(entry, `R6: is ${status}, and was ${before}`)
    if (this.#status === "reopening") {
      for (const [id, state] of this.#found) {
        const now = this.#registrations.get(id)!.state
        if (now !== state) this.#tell(entry, `R4: ${id} was ${state} before the event was cancelled, and is ${now}`)
      }
      const active = this.#inState("confirmed").length + this.#waits.size
      if (active !== this.#found.size) this.#tell(entry, `R4: ${active} are back of ${this.#found.size}`)
    }
    this.#status = status
  }

  /** What holds for every entry about a registration. */
  #about(entry: Entry, event: AboutRegistration, command: Command | undefined, start: Start): void {
    const { registration: now } = event
    const before = this.#registrations.get(now.id)
    const other = [...this.#registrations.values()].find(
      ({ attendee, id, state }) => id !== now.id && state !== "cancelled" && attendee.id === now.attendee.id
    )
    if (now.state !== "cancelled" && other !== undefined)
      this.#tell(entry, `R2: ${now.attendee.id} has the active registrations ${other.id} and ${now.id}`)
    const isCorrected = event._tag === "RegistrationCorrected"
    const at = isCorrected ? before?.changedAt : entry.occurredAt
    if (now.changedAt.getTime() !== at?.getTime()) this.#tell(entry, "R6: changedAt is not when the state changed")
    const place = before === undefined ? entry.version : before.sequence
    if (now.sequence !== place) this.#tell(entry, `W5: has the place ${now.sequence}, and had ${place}`)
    if (before !== undefined && +before.registeredAt !== +now.registeredAt)
      this.#tell(entry, "R6: registeredAt changed")
    if (isCorrected) this.#corrected(entry, event, before, command)
    else if (before !== undefined && who(before) !== who(now))
      this.#tell(entry, "R6: the attendee or the notes changed")
    if ((now.state === "cancelled") !== (now.cancellation !== undefined))
      this.#tell(entry, `R6: is ${now.state}, with cancellation ${JSON.stringify(now.cancellation)}`)
    const isInBetween = this.#status === "cancelled" || this.#status === "reopening"
    if (isInBetween && event._tag !== "RegistrationCancelled" && event._tag !== "RegistrationReinstated")
      this.#tell(entry, `R6: happened while the event is ${this.#status}`)
    this.#rule(entry, event, command, start, before)
    this.#place(entry, event, before)
  }

  #place({ occurredAt, version }: Entry, event: AboutRegistration, before: Registration | undefined): void {
    const { registration: now } = event
    const isChosen = event._tag === "RegistrationConfirmed" || "setAside" in event
    const since = { version, at: occurredAt.getTime(), isChosen }
    const [had, has] = [TAKES_SEAT.includes(before?.state ?? ""), TAKES_SEAT.includes(now.state)]
    this.#taken += Number(has) - Number(had)
    // Demotions go by the moment at which the registration became confirmed.
    if (has && !had) this.#seated.set(now.id, since)
    // For demotions, whoever is confirmed again after attendance was cleared counts from then on.
    else if (now.state === "confirmed" && before!.state !== "confirmed")
      this.#seated.set(now.id, { ...this.#seated.get(now.id)!, at: since.at })
    if (now.state !== "waitlisted") this.#waits.delete(now.id)
    else if (before?.state !== "waitlisted") this.#waits.set(now.id, since)
    this.#registrations.set(now.id, now)
  }

  #corrected(
    entry: Entry,
    { before: told, registration: now }: Told<"RegistrationCorrected">,
    before: Registration | undefined,
    command: Command | undefined
  ): void {
    if (before === undefined || command?._tag !== "CorrectRegistration") return this.#tell(entry, "R6: nobody asked")
    if (now.state !== before.state) this.#tell(entry, `R6: a correction made ${now.state} of ${before.state}`)
    if (who(told) !== who(before)) this.#tell(entry, "R6: before is not what it was")
    const { attendee = {}, notes = before.notes } = command.changes
    // Everybody is known by the address.
    const { email } = attendee
    const id = email === undefined ? before.attendee.id : (`mailto:${email}` as Registration["attendee"]["id"])
    const expected = who({ attendee: { ...before.attendee, ...attendee, id }, notes })
    if (who(now) !== expected) this.#tell(entry, `R6: a correction to ${expected} made ${who(now)}`)
  }

  /** What holds for each type of entry. */
  #rule(
    entry: Entry,
    event: AboutRegistration,
    command: Command | undefined,
    start: Start,
    before?: Registration
  ): void {
    const { registration: now } = event
    switch (event._tag) {
      case "AttendeeRegistered":
      case "AttendeeWaitlisted":
        return this.#registered(entry, event, command, start)
      case "RegistrationCancelled": {
        const expected = reasons[command?._tag ?? ""] ?? "eventCancelled"
        const { from, reason } = now.cancellation ?? {}
        if (reason !== expected || from !== before?.state)
          this.#tell(entry, `R6: ended from ${from} as ${reason}, and was ${before?.state}, by ${expected}`)
        if (expected !== "eventCancelled") this.#found.delete(now.id)
        else this.#next(entry, now, ({ state }) => ENDS.includes(state), 1)
        return
      }
      case "RegistrationReinstated":
        if (this.#status === "reopening")
          return this.#next(entry, now, ({ cancellation }) => cancellation?.reason === "eventCancelled", -1)
        if (command?._tag !== "ReinstateRegistration") return this.#tell(entry, "R6: nobody asked")
        return this.#reinstated(entry, now.state, start)
      case "RegistrationPromoted":
        if (this.#status !== "published" || this.#taken >= this.#capacity)
          this.#tell(entry, "R1: there is no seat to be promoted to")
        return
      case "RegistrationConfirmed":
        if (command?._tag !== "ConfirmRegistration" || command.registrationId !== now.id)
          this.#tell(entry, "W1: somebody else was chosen")
        return
      case "AttendeeAttended": {
        const isEarly = command?._tag === "MarkAttended" && command.early
        if (!isEarly && entry.occurredAt.getTime() < this.#details!.startsAt.getTime() - DOORS_MILLIS)
          this.#tell(entry, "R6: the doors were not open")
        return
      }
      case "AttendeeMissed":
        if (entry.occurredAt < this.#details!.startsAt) this.#tell(entry, "R6: the event had not started")
        return
      case "RegistrationDemoted":
        if (command?._tag !== "ChangeCapacity" || command.demote === null) this.#tell(entry, "R5: nobody asked")
    }
  }

  /** Whether there was a seat for one more: free seats are for those who wait, until the event is over. */
  #isSeatOpen({ occurredAt }: Entry, { free, waiting }: Start): boolean {
    return free > 0 && (waiting === 0 || occurredAt >= this.#details!.endsAt)
  }

  #reinstated(entry: Entry, state: string, start: Start): void {
    if (this.#status !== "published") this.#tell(entry, `R6: the event is ${this.#status}`)
    if (this.#isSeatOpen(entry, start) !== (state === "confirmed"))
      this.#tell(entry, `W1: came back ${state}, with ${start.free} seats free and ${start.waiting} waiting`)
  }

  /** What ends with an event, or comes back, is the next in the order of entry, or in the opposite order. */
  #next(entry: Entry, now: Registration, matches: (one: Registration) => boolean, order: 1 | -1): void {
    const isEnding = order === 1
    if (this.#status !== (isEnding ? "cancelled" : "reopening")) this.#tell(entry, `R6: the event is ${this.#status}`)
    for (const one of this.#registrations.values())
      if (matches(one) && (one.sequence - now.sequence) * order < 0)
        return this.#tell(entry, `W1: the place ${now.sequence} comes before ${one.sequence}`)
  }

  #registered(
    entry: Entry,
    event: Told<"AttendeeRegistered"> | Told<"AttendeeWaitlisted">,
    command: Command | undefined,
    start: Start
  ): void {
    const { free, waiting } = start
    const {
      endsAt,
      registrationClosesAt: closesAt,
      registrationOpensAt: opensAt,
      waitlist,
      waitlistLimit
    } = this.#details!
    const at = entry.occurredAt
    const isSeated = event._tag === "AttendeeRegistered"
    const isOpen = this.#isSeatOpen(entry, start)
    const isDue = free > waiting
    const rules = {
      published: this.#status === "draft",
      registrationOpensAt: opensAt !== null && at < opensAt,
      registrationClosesAt: closesAt !== null && at >= closesAt,
      endsAt: at >= endsAt,
      waitlist: !isSeated && waitlist === "closed" && !isDue,
      waitlistLimit: !isSeated && waitlistLimit !== null && waiting >= waitlistLimit && !isDue,
      capacity: isSeated && !isOpen
    }
    const broken = Object.entries(rules).flatMap(([rule, isBroken]) => (isBroken ? [rule] : []))
    const told = event.setAside ?? []
    if (String(told) !== String(broken)) this.#tell(entry, `A5: sets aside [${told}], and not [${broken}]`)
    if (broken.length > 0 && command?._tag !== "RegisterGuest") this.#tell(entry, `R6: breaks [${broken}]`)
    if (!isSeated && isOpen) this.#tell(entry, "W2: waits, though a seat is free")
  }

  /** A chosen waiter or a guest has a seat that is free, or one that was made as the command says. */
  #beyond(entries: ReadonlyArray<Entry>, beyond: string | null, start: Start): void {
    const { capacity, free } = start
    const entry = entries.at(-1)!
    const { event } = entry
    if (event._tag !== "RegistrationConfirmed" && event._tag !== "AttendeeRegistered") return
    const isFree = event._tag === "RegistrationConfirmed" ? free > 0 : this.#isSeatOpen(entry, start)
    const told = event._tag === "RegistrationConfirmed" ? event.beyond : undefined
    const expected = isFree ? null : beyond
    if (event._tag === "RegistrationConfirmed" && (told ?? null) !== expected)
      this.#tell(entry, `R1: says beyond ${told}, with ${free} seats free and ${beyond} asked for`)
    if (!isFree && beyond === null) this.#tell(entry, "R1: got a seat beyond the capacity that nobody chose to give")
    const raised = this.#capacity - capacity
    if (raised !== Number(expected === "raise"))
      this.#tell(entry, `R1: the capacity grew by ${raised}, with ${expected} needed`)
  }

  /** A raise taken back takes the seats of those who got theirs last; they are before those who waited all along. */
  #demoted(
    entry: Entry,
    demoted: ReadonlyArray<string>,
    confirmed: ReadonlyArray<string>,
    command: Command | undefined,
    { taken }: Start
  ): void {
    if (command?._tag !== "ChangeCapacity") return
    if (demoted.length !== command.demote || taken - demoted.length !== command.capacity)
      this.#tell(entry, `R5: ${demoted.length} of ${taken} lost their seats, with ${command.demote} told`)
    const first = Math.min(...demoted.map((id) => this.#seated.get(id)!.at))
    const kept = confirmed.filter((id) => !demoted.includes(id)).find((id) => this.#seated.get(id)!.at > first)
    if (kept !== undefined) this.#tell(entry, `R5: ${kept} got a seat later and keeps it`)
    for (const id of demoted) {
      const { isChosen, version } = this.#seated.get(id)!
      const place = this.#registrations.get(id)!.sequence
      for (const [other, since] of this.#waits)
        if (this.#registrations.get(other)!.sequence < place && since.version < version && !isChosen)
          this.#tell(entry, `W1: ${id} is behind ${other} now, who waited already`)
    }
  }
}

/** The seats before a command. */
interface Start {
  readonly capacity: number
  readonly taken: number
  readonly free: number
  readonly waiting: number
}

const reasons: Readonly<Record<string, string>> = { CancelRegistration: "requested", ReleaseSeat: "seatReleased" }

const who = ({ attendee, notes }: Pick<Registration, "attendee" | "notes">): string =>
  JSON.stringify([attendee.id, attendee.name, attendee.email, notes])
