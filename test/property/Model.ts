/**
 * What the decider must decide, said as plainly as possible: one event as its caller would describe it, and a list of everybody
 * who ever registered, gone through again and again. Slow, and without anything that the decider has to make it fast.
 */
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { EventDetails, EventStatus } from "@turnout/core/admission/domain/model/Event"
import type { Expecting } from "@turnout/core/admission/domain/model/event/EventVersion"
import type { RegistrationState } from "@turnout/core/admission/domain/model/Registration"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { isDeepStrictEqual } from "node:util"
import { ORGANIZATION } from "../domain/Deciding.ts"

interface Person {
  readonly id: string
  attendee: string
  state: RegistrationState
  /** When the person took that state. */
  since: Date
  /** The state that the event's cancellation ended. */
  endedFrom: RegistrationState | null
}

interface Described {
  readonly details: EventDetails
  readonly capacity: number
  readonly status: EventStatus
  readonly cancelledFrom: EventStatus | null
}

/** `ok`, with what the caller sees of a registration, or the name of a rejection. */
export type Answer = string

/** Names of rejections begin with a capital letter. */
const isRejection = (answer: Answer): boolean => /^[A-Z]/.test(answer)

const areInOrder = (details: EventDetails) => {
  const { cancellationClosesAt, endsAt, registrationClosesAt: closes, registrationOpensAt: opens, startsAt } = details
  return (
    startsAt < endsAt &&
    (opens === null || (opens < endsAt && (closes === null || opens < closes))) &&
    (cancellationClosesAt === null || cancellationClosesAt <= endsAt)
  )
}

export class Model {
  event: Described | undefined
  /** How much has happened so far, and how much had when the event itself changed last. */
  version = 0
  revision = 0
  #isDeleted = false
  readonly people: Array<Person> = []
  #changedAt = new Date(0)
  readonly #answered = new Map<string, { readonly answer: Answer; readonly until: Date }>()

  #in(...states: ReadonlyArray<RegistrationState>): ReadonlyArray<Person> {
    return this.people.filter(({ state }) => states.includes(state))
  }
  get #taken(): number {
    return this.#in("confirmed", "attended", "noShow").length
  }
  #free({ capacity }: Described): number {
    return Math.max(0, capacity - this.#taken)
  }
  /** A person takes another state, which is one thing that happens. */
  #put(person: Person, state: RegistrationState, now: Date): void {
    person.state = state
    person.since = now
    this.version += 1
  }
  /** Whoever waits gets a seat, in the order of arrival, as long as there are any. */
  #promote(event: Described, now: Date): void {
    if (event.status !== "published" || now >= event.details.endsAt) return
    for (const waiter of this.#in("waitlisted")) if (this.#free(event) > 0) this.#put(waiter, "confirmed", now)
  }
  /** The registrations of an event that is cancelled end, and come back if it is reopened. */
  #end(now: Date): void {
    for (const one of this.#in("confirmed", "waitlisted")) {
      one.endedFrom = one.state
      this.#put(one, "cancelled", now)
    }
  }
  #comeBack(now: Date): void {
    for (const one of this.people) {
      if (one.endedFrom === null) continue
      this.#put(one, one.endedFrom, now)
      one.endedFrom = null
    }
  }
  #isRegistered(attendee: string, but?: Person): boolean {
    return this.people.some((one) => one !== but && one.attendee === attendee && one.state !== "cancelled")
  }

  /** Nothing happens before what has happened: whoever comes with an earlier time is answered as of the last change. */
  ask(request: Request): Answer {
    const now = request.now < this.#changedAt ? this.#changedAt : request.now
    const before = this.version
    const answer = this.#ask({ ...request, now })
    if (this.version !== before) this.#changedAt = now
    return answer
  }

  /** An answer is given again under its key until it expires: a refusal soon, and nothing is remembered of what was not found. */
  #ask(request: Request): Answer {
    const { idempotency, now } = request
    // Promotions that are due come before every command.
    if (this.event !== undefined) this.#promote(this.event, now)
    if (idempotency === null) return this.#decide(request)
    const known = this.#answered.get(idempotency.scope.id)
    if (known !== undefined && known.until > now) return known.answer
    const answer = this.#decide(request)
    const millis = isRejection(answer) ? idempotency.refusalTtlMillis : idempotency.ttlMillis
    const until = new Date(now.getTime() + millis)
    if (!answer.endsWith("NotFound")) this.#answered.set(idempotency.scope.id, { answer, until })
    return answer
  }

  /** The event itself becomes another, unless its caller has seen it as it no longer is. Nothing happens if it is so already. */
  #become(next: Described, command: Command | Expecting, refusal: (next: Described) => Answer): Answer {
    if (isDeepStrictEqual(next, this.event)) return "ok"
    const conflict = this.#conflict(command)
    if (conflict !== "ok") return conflict
    const answer = refusal(next)
    if (answer !== "ok") return answer
    this.event = next
    this.revision = this.version += 1
    return "ok"
  }

  #conflict(command: Command | Expecting): Answer {
    const { expectedVersions: seen } = command as Expecting
    const isSeen = seen === undefined || seen.some((one) => one >= this.revision && one <= this.version)
    return isSeen ? "ok" : "VersionConflict"
  }

  /** One more seat, which nobody has to have seen the event for. */
  #raise(event: Described): void {
    this.event = { ...event, capacity: event.capacity + 1 }
    this.revision = this.version += 1
  }

  #decide({ command, freshId, now }: Request): Answer {
    if (command._tag === "CreateEvent") {
      if (this.event !== undefined) return "EventAlreadyExists"
      if (this.#isDeleted) return "EventWasDeleted"
      const { capacity, id: _, organizationId, ...given } = command.event
      if (![undefined, DEFAULT_ORGANIZATION, ORGANIZATION].includes(organizationId)) return "OrganizationNotFound"
      const details: EventDetails = {
        description: "",
        location: "",
        registrationOpensAt: null,
        registrationClosesAt: null,
        waitlist: "open",
        waitlistLimit: null,
        registration: "open",
        cancellationClosesAt: null,
        ...given
      }
      this.event = { details, capacity, status: "draft", cancelledFrom: null }
      this.revision = this.version = 1
      return "ok"
    }
    if (this.event === undefined) return "EventNotFound"
    if (command._tag === "Register") return this.#register(this.event, command.attendee.id, freshId, now)
    if (command._tag === "RegisterGuest") return this.#invite(this.event, command, freshId, now)
    if ("registrationId" in command) return this.#change(this.event, command, now)
    return this.#manage(this.event, command, now)
  }

  #manage(event: Described, command: Command, now: Date): Answer {
    const { details, status } = event
    const isOpen = status === "draft" || status === "published"
    const turn = (to: EventStatus): Answer => this.#become({ ...event, status: to }, command, () => "ok")
    switch (command._tag) {
      case "UpdateEvent": {
        if (!isOpen) return "EventStatusConflict"
        const changed = { ...event, details: { ...details, ...command.changes } }
        const refusal = (next: Described) => (areInOrder(next.details) ? "ok" : "ScheduleInvalid")
        const answer = this.#become(changed, command, refusal)
        if (answer === "ok") this.#promote(changed, now)
        return answer
      }
      case "PublishEvent": {
        if (!isOpen) return "EventStatusConflict"
        const answer = turn("published")
        if (answer === "ok") this.#promote(this.event!, now)
        return answer
      }
      case "UnpublishEvent":
        if (!isOpen) return "EventStatusConflict"
        if (status === "draft") return "ok"
        return this.people.some(({ state }) => state !== "cancelled") ? "EventHasRegistrations" : turn("draft")
      case "CancelEvent": {
        if (status === "cancelled") return "ok"
        if (status === "completed") return "EventStatusConflict"
        const answer = this.#become({ ...event, status: "cancelled", cancelledFrom: status }, command, () => "ok")
        if (answer === "ok") this.#end(now)
        return answer
      }
      case "ReopenEvent": {
        if (status !== "cancelled" && status !== "completed") return "ok"
        if (now >= details.endsAt) return "EventOver"
        const reopened: Described = { ...event, status: event.cancelledFrom ?? "published", cancelledFrom: null }
        const conflict = this.#conflict(command)
        if (conflict !== "ok") return conflict
        // The event is cancelled no more before the first of them comes back, and open once the last of them is there.
        if (status === "cancelled") this.version += 1
        this.#comeBack(now)
        this.#become(reopened, {}, () => "ok")
        this.#promote(reopened, now)
        return "ok"
      }
      case "CompleteEvent":
        if (status === "completed") return "ok"
        if (status !== "published") return "EventStatusConflict"
        return now < details.startsAt ? "EventNotStarted" : turn("completed")
      case "ChangeCapacity": {
        if (!isOpen) return "EventStatusConflict"
        const { capacity, demote, keepOverhang } = command
        const changed = { ...event, capacity }
        if (demote !== null) {
          if (capacity === event.capacity && capacity >= this.#taken) return "ok"
          const conflict = this.#conflict(command)
          if (conflict !== "ok") return conflict
          const seated = this.#in("confirmed")
          if (demote !== Math.max(0, this.#taken - capacity) || demote > seated.length) return "DemotionsMismatch"
          this.#become(changed, command, () => "ok")
          const late = seated.map((one, index) => ({ one, index }))
          late.sort((a, b) => b.one.since.getTime() - a.one.since.getTime() || b.index - a.index)
          for (const { one } of late.slice(0, demote)) this.#put(one, "waitlisted", now)
          return "ok"
        }
        const isBelow = capacity < this.#taken && capacity < event.capacity && !keepOverhang
        const answer = this.#become(changed, command, () => (isBelow ? "CapacityBelowSeatsTaken" : "ok"))
        if (answer === "ok") this.#promote(changed, now)
        return answer
      }
      case "DeleteEvent": {
        if (status !== "draft") return "EventStatusConflict"
        if (this.people.length > 0) return "EventHadRegistrations"
        const answer = this.#become({ ...event, status: "cancelled" }, command, () => "ok")
        if (answer !== "ok") return answer
        this.event = undefined
        this.#isDeleted = true
        return "ok"
      }
      default:
        return "ok"
    }
  }

  #register(event: Described, attendee: string, id: string, now: Date): Answer {
    const { endsAt, registrationClosesAt, registrationOpensAt, waitlist, waitlistLimit } = event.details
    if (event.status !== "published") return "EventStatusConflict"
    if (this.#isRegistered(attendee)) return "AlreadyRegistered"
    if (registrationOpensAt !== null && now < registrationOpensAt) return "RegistrationNotOpen"
    if (now >= endsAt || (registrationClosesAt !== null && now >= registrationClosesAt)) return "RegistrationClosed"
    const waiters = this.#in("waitlisted").length
    if (waiters === 0 && this.#free(event) > 0) return this.#enter(id, attendee, "confirmed", now)
    if (waitlist === "closed") return "CapacityFull"
    if (waitlistLimit !== null && waiters >= waitlistLimit) return "WaitlistFull"
    return this.#enter(id, attendee, "waitlisted", now)
  }

  #enter(id: string, attendee: string, state: "confirmed" | "waitlisted", now: Date): Answer {
    this.version += 1
    this.people.push({ id, attendee, state, since: now, endedFrom: null })
    return state === "confirmed" ? state : `waitlisted ${this.#in("waitlisted").length}`
  }

  /** A free seat is for those who wait, until the event is over. */
  #isSeatOpen(event: Described, now: Date): boolean {
    return this.#free(event) > 0 && (now >= event.details.endsAt || this.#in("waitlisted").length === 0)
  }

  /** Staff are bound by nothing but the status of the event, and by seats. */
  #invite(event: Described, command: Extract<Command, { _tag: "RegisterGuest" }>, id: string, now: Date): Answer {
    const attendee = command.attendee.id
    if (event.status !== "draft" && event.status !== "published") return "EventStatusConflict"
    if (this.#isRegistered(attendee)) return "AlreadyRegistered"
    const isOpen = this.#isSeatOpen(event, now)
    if (!isOpen && command.beyond === null) {
      return event.status === "draft" ? "CapacityFull" : this.#enter(id, attendee, "waitlisted", now)
    }
    if (!isOpen && command.beyond === "raise") this.#raise(event)
    return this.#enter(id, attendee, "confirmed", now)
  }

  #change(event: Described, command: Extract<Command, { readonly registrationId: string }>, now: Date): Answer {
    const one = this.people.find(({ id }) => id === command.registrationId)
    if (one === undefined) return "RegistrationNotFound"
    const [to, from, statuses] = (
      {
        CancelRegistration: [
          "cancelled",
          ["confirmed", "waitlisted"],
          ["draft", "published", "completed", "cancelled"]
        ],
        ReleaseSeat: ["cancelled", ["noShow"], ["published", "completed"]],
        ConfirmRegistration: ["confirmed", ["waitlisted"], ["published"]],
        ReinstateRegistration: ["", ["cancelled"], ["published"]],
        CorrectRegistration: [
          "",
          ["confirmed", "waitlisted", "attended", "noShow"],
          ["draft", "published", "completed"]
        ],
        MarkAttended: ["attended", ["confirmed", "noShow"], ["published", "completed"]],
        MarkNoShow: ["noShow", ["confirmed", "attended"], ["published", "completed"]],
        ClearAttendance: ["confirmed", ["attended", "noShow"], ["published", "completed"]]
      } as const
    )[command._tag]
    const isThere =
      command._tag === "ReinstateRegistration" && (one.state === "confirmed" || one.state === "waitlisted")
    if (one.state === to || isThere) return one.state
    if (!(statuses as ReadonlyArray<EventStatus>).includes(event.status)) return "EventStatusConflict"
    if (!(from as ReadonlyArray<RegistrationState>).includes(one.state)) return "RegistrationStateConflict"
    return this.#turn(event, one, command, now)
  }

  #turn(
    event: Described,
    one: Person,
    command: Extract<Command, { readonly registrationId: string }>,
    now: Date
  ): Answer {
    const { startsAt } = event.details
    switch (command._tag) {
      case "CorrectRegistration": {
        const attendee = command.changes.attendee?.id ?? one.attendee
        if (this.#isRegistered(attendee, one)) return "AlreadyRegistered"
        if (attendee === one.attendee) return one.state
        one.attendee = attendee
        this.version += 1
        return one.state
      }
      case "ReinstateRegistration": {
        if (this.#isRegistered(one.attendee)) return "AlreadyRegistered"
        this.#put(one, this.#isSeatOpen(event, now) ? "confirmed" : "waitlisted", now)
        return one.state
      }
      case "ConfirmRegistration":
        if (this.#free(event) === 0) {
          if (command.beyond === null) return "CapacityFull"
          if (command.beyond === "raise") this.#raise(event)
        }
        this.#put(one, "confirmed", now)
        return one.state
      case "MarkAttended":
        if (!command.early && now.getTime() < startsAt.getTime() - 12 * 3_600_000) return "DoorsNotOpen"
        this.#put(one, "attended", now)
        return one.state
      case "MarkNoShow":
        if (now < startsAt) return "EventNotStarted"
        this.#put(one, "noShow", now)
        return one.state
      case "ClearAttendance":
        this.#put(one, "confirmed", now)
        return one.state
      default:
        this.#put(one, "cancelled", now)
        this.#promote(event, now)
        return one.state
    }
  }

  /** Everybody, as the decider keeps them. */
  registrations(): ReadonlyArray<readonly [id: string, state: RegistrationState]> {
    return this.people.map(({ id, state }) => [id, state])
  }
}
