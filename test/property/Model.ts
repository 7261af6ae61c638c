/**
 * What the decider must decide, said as plainly as possible: one event as its caller would describe it, and a list of everybody
 * who ever registered, gone through again and again. Slow, and without anything that the decider has to make it fast.
 */
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { EventDetails, EventStatus } from "@turnout/core/admission/domain/model/Event"
import type { RegistrationState } from "@turnout/core/admission/domain/model/Registration"
import type { Request } from "@turnout/core/admission/domain/state/Request"

interface Person {
  readonly id: string
  readonly attendee: string
  state: RegistrationState
}

interface Described {
  readonly details: EventDetails
  readonly capacity: number
  readonly status: EventStatus
}

/** `ok`, with what the caller sees of a registration, or the name of a rejection. */
export type Answer = string

/** Names of rejections begin with a capital letter. */
const isRejection = (answer: Answer): boolean => /^[A-Z]/.test(answer)

const areInOrder = ({ endsAt, registrationClosesAt: closes, registrationOpensAt: opens, startsAt }: EventDetails) =>
  startsAt < endsAt && (opens === null || (opens < endsAt && (closes === null || opens < closes)))

export class Model {
  event: Described | undefined
  readonly people: Array<Person> = []
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
  /** Whoever waits gets a seat, in the order of arrival, as long as there are any. */
  #promote(event: Described, now: Date): void {
    if (event.status !== "published" || now >= event.details.endsAt) return
    for (const waiter of this.#in("waitlisted")) if (this.#free(event) > 0) waiter.state = "confirmed"
  }

  /** An answer is given again under its key until it expires: a refusal soon, and nothing is remembered of what was not found. */
  ask(request: Request): Answer {
    const { idempotency, now } = request
    // Promotions that are due come before every command.
    if (this.event !== undefined) this.#promote(this.event, now)
    if (idempotency === null) return this.#decide(request)
    const known = this.#answered.get(idempotency.scope.id)
    if (known !== undefined && known.until > now) return known.answer
    const answer = this.#decide(request)
    const until = isRejection(answer) ? idempotency.refusalExpiresAt : idempotency.expiresAt
    if (!answer.endsWith("NotFound")) this.#answered.set(idempotency.scope.id, { answer, until })
    return answer
  }

  #decide({ command, freshId, now }: Request): Answer {
    if (command._tag === "CreateEvent") {
      if (this.event !== undefined) return "EventAlreadyExists"
      const { capacity, id: _, ...given } = command.event
      const details: EventDetails = {
        description: "",
        location: "",
        registrationOpensAt: null,
        registrationClosesAt: null,
        waitlist: "open",
        waitlistLimit: null,
        ...given
      }
      this.event = { details, capacity, status: "draft" }
      return "ok"
    }
    if (this.event === undefined) return "EventNotFound"
    if (command._tag === "Register") return this.#register(this.event, command.attendee.id, freshId, now)
    if ("registrationId" in command) return this.#change(this.event, command, now)
    return this.#manage(this.event, command, now)
  }

  #manage(event: Described, command: Command, now: Date): Answer {
    const { details, status } = event
    const isOpen = status === "draft" || status === "published"
    const become = (to: EventStatus): Answer => {
      this.event = { ...event, status: to }
      return "ok"
    }
    switch (command._tag) {
      case "UpdateEvent": {
        if (!isOpen) return "EventStatusConflict"
        const changed = { ...details, ...command.changes }
        if (!areInOrder(changed)) return "ScheduleInvalid"
        this.event = { ...event, details: changed }
        this.#promote(this.event, now)
        return "ok"
      }
      case "PublishEvent":
        return isOpen ? become("published") : "EventStatusConflict"
      case "UnpublishEvent":
        if (!isOpen) return "EventStatusConflict"
        return this.people.some(({ state }) => state !== "cancelled") ? "EventHasRegistrations" : become("draft")
      case "CancelEvent":
        return status === "completed" ? "EventStatusConflict" : become("cancelled")
      case "CompleteEvent":
        if (status === "completed") return "ok"
        if (status !== "published") return "EventStatusConflict"
        return now < details.startsAt ? "EventNotStarted" : become("completed")
      case "ChangeCapacity": {
        if (!isOpen) return "EventStatusConflict"
        const { capacity, keepOverhang } = command
        if (capacity < this.#taken && capacity < event.capacity && !keepOverhang) return "CapacityBelowSeatsTaken"
        this.event = { ...event, capacity }
        this.#promote(this.event, now)
        return "ok"
      }
      default:
        return "ok"
    }
  }

  #register(event: Described, attendee: string, id: string, now: Date): Answer {
    const { endsAt, registrationClosesAt, registrationOpensAt, waitlist, waitlistLimit } = event.details
    if (event.status !== "published") return "EventStatusConflict"
    if (this.people.some((one) => one.attendee === attendee && one.state !== "cancelled")) return "AlreadyRegistered"
    if (registrationOpensAt !== null && now < registrationOpensAt) return "RegistrationNotOpen"
    if (now >= endsAt || (registrationClosesAt !== null && now >= registrationClosesAt)) return "RegistrationClosed"
    const waiters = this.#in("waitlisted").length
    if (waiters === 0 && this.#free(event) > 0) {
      this.people.push({ id, attendee, state: "confirmed" })
      return "confirmed"
    }
    if (waitlist === "closed") return "CapacityFull"
    if (waitlistLimit !== null && waiters >= waitlistLimit) return "WaitlistFull"
    this.people.push({ id, attendee, state: "waitlisted" })
    return `waitlisted ${waiters + 1}`
  }

  #change(event: Described, command: Extract<Command, { readonly registrationId: string }>, now: Date): Answer {
    const one = this.people.find(({ id }) => id === command.registrationId)
    if (one === undefined) return "RegistrationNotFound"
    const isAttendance = command._tag === "MarkAttended" || command._tag === "MarkNoShow"
    const [to, from] = (
      {
        CancelRegistration: ["cancelled", ["confirmed", "waitlisted"]],
        ConfirmRegistration: ["confirmed", ["waitlisted"]],
        MarkAttended: ["attended", ["confirmed", "noShow"]],
        MarkNoShow: ["noShow", ["confirmed", "attended"]]
      } as const
    )[command._tag]
    if (one.state === to) return to
    if (event.status !== "published" && !(isAttendance && event.status === "completed")) return "EventStatusConflict"
    if (!(from as ReadonlyArray<RegistrationState>).includes(one.state)) return "RegistrationStateConflict"
    if (to === "confirmed" && this.#free(event) === 0) return "CapacityFull"
    if (to === "noShow" && now < event.details.startsAt) return "EventNotStarted"
    one.state = to
    this.#promote(event, now)
    return to
  }

  /** Everybody, as the decider keeps them. */
  registrations(): ReadonlyArray<readonly [id: string, state: RegistrationState]> {
    return this.people.map(({ id, state }) => [id, state])
  }
}
