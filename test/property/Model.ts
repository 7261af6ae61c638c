/**
 * What the decider must decide, said as plainly as possible: a list of everybody who ever registered, gone through again and
 * again. Slow, and without anything that the decider has to make it fast.
 */
import { registrationId } from "../domain/Deciding.ts"

export type State = "confirmed" | "waitlisted" | "cancelled" | "attended"

interface Person {
  readonly number: number
  readonly person: number
  state: State
}

/** What is asked; people and registrations go by number. */
export type Ask =
  | { readonly kind: "register"; readonly number: number; readonly person: number }
  | { readonly kind: "cancel" | "confirm" | "attended"; readonly number: number }
  | { readonly kind: "capacity"; readonly capacity: number; readonly keepOverhang: boolean }

/** `ok`, with what the caller sees of a registration, or the name of a rejection. */
export type Answer = string

export class Model {
  capacity: number
  readonly people: Array<Person> = []

  constructor(capacity: number) {
    this.capacity = capacity
  }

  #in(...states: ReadonlyArray<State>): ReadonlyArray<Person> {
    return this.people.filter(({ state }) => states.includes(state))
  }
  get #free(): number {
    return Math.max(0, this.capacity - this.#in("confirmed", "attended").length)
  }
  /** Whoever waits gets a seat, in the order of arrival, as long as there are any. */
  #promote(): void {
    for (const waiter of this.#in("waitlisted")) if (this.#free > 0) waiter.state = "confirmed"
  }

  ask(asked: Ask): Answer {
    if (asked.kind === "capacity") {
      const taken = this.#in("confirmed", "attended").length
      if (asked.capacity < taken && asked.capacity < this.capacity && !asked.keepOverhang)
        return "CapacityBelowSeatsTaken"
      this.capacity = asked.capacity
      this.#promote()
      return "ok"
    }
    if (asked.kind === "register") {
      const { number, person } = asked
      if (this.people.some((one) => one.person === person && one.state !== "cancelled")) return "AlreadyRegistered"
      const waiters = this.#in("waitlisted").length
      const state = waiters === 0 && this.#free > 0 ? "confirmed" : "waitlisted"
      this.people.push({ number, person, state })
      return state === "confirmed" ? "confirmed" : `waitlisted ${waiters + 1}`
    }
    const one = this.people.find(({ number }) => number === asked.number)
    if (one === undefined) return "RegistrationNotFound"
    const { state } = one
    const to = { cancel: "cancelled", confirm: "confirmed", attended: "attended" }[asked.kind] as State
    if (state === to) return to
    const from = { cancel: ["confirmed", "waitlisted"], confirm: ["waitlisted"], attended: ["confirmed"] }[asked.kind]
    if (!from.includes(state)) return "RegistrationStateConflict"
    if (asked.kind === "confirm" && this.#free === 0) return "CapacityFull"
    one.state = to
    this.#promote()
    return to
  }

  /** Everybody, as the decider keeps them. */
  registrations(): ReadonlyArray<readonly [id: string, state: State]> {
    return this.people.map(({ number, state }) => [registrationId(number), state])
  }
}
