/**
 * Checks of a history of staff and attendees: the journal as `StaffRecount` and `Invariants` recount it, and the answers.
 *
 * Each key has one effect, which is one commit of the entries that its command can make; every answer tells that effect, or,
 * if nothing changed, something that was so.
 */
import type * as Commands from "@turnout/core/admission/application/Commands"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import { decode } from "@turnout/core/journal/domain/JournalEvent"
import { Result } from "effect"
import * as Invariants from "../support/Invariants.ts"
import type { Violation } from "./Checkers.ts"
import { type Entry, type Ordered, Recount } from "./StaffRecount.ts"

/** A command of a client, and the answers that it has heard. */
export interface Order extends Ordered {
  readonly replies: Array<Commands.Reply<Command>>
}

/** The correlation id of what was there before the clients. */
export const SETUP = "setup"

/** The actor of steps that no command has asked for. */
const STEPPER = "turnout"

/** The types of the entries that a command makes if it changes something. */
const SHAPES: Readonly<Partial<Record<Command["_tag"], RegExp>>> = {
  Register: /^(AttendeeRegistered|AttendeeWaitlisted)$/,
  RegisterGuest: /^((CapacityChanged )?AttendeeRegistered|AttendeeWaitlisted)$/,
  CancelRegistration: /^RegistrationCancelled( RegistrationPromoted)?$/,
  ReleaseSeat: /^RegistrationCancelled( RegistrationPromoted)?$/,
  ConfirmRegistration: /^(CapacityChanged )?RegistrationConfirmed$/,
  ReinstateRegistration: /^RegistrationReinstated$/,
  CorrectRegistration: /^RegistrationCorrected$/,
  MarkAttended: /^AttendeeAttended$/,
  MarkNoShow: /^AttendeeMissed$/,
  ClearAttendance: /^AttendanceCleared$/,
  ChangeCapacity:
    /^(CapacityChanged( RegistrationPromoted)*|(CapacityChanged )?RegistrationDemoted( RegistrationDemoted)*)$/,
  PublishEvent: /^EventPublished( RegistrationPromoted)*$/,
  CompleteEvent: /^EventCompleted$/,
  CancelEvent: /^EventCancelled( RegistrationCancelled)*$/,
  ReopenEvent:
    /^(EventReopening( RegistrationReinstated)*( EventReopened( RegistrationPromoted)*)?|EventReopened( RegistrationPromoted)*)$/
}

/** The types of the entries of steps. */
const STEPS: ReadonlyArray<string> = [
  "RegistrationPromoted",
  "RegistrationCancelled",
  "RegistrationReinstated",
  "EventReopened"
]

/** A registration without the attendee, whom answers show as corrected since. */
const momentOf = ({ cancellation, changedAt, id, registeredAt, sequence, state }: Registration): string =>
  JSON.stringify([id, state, sequence, registeredAt, changedAt, cancellation?.from, cancellation?.reason])

type Answer = Commands.Reply<Command>["answer"]

/** What an answer says, without the attendee. */
const textOf = (answer: Answer): string => {
  if (Result.isFailure(answer)) return answer.failure._tag
  const { success } = answer
  if ("deleted" in success) return `deleted ${success.deleted}`
  if (!("registration" in success)) return `version ${success.event.version}, ${success.event.status}`
  const rest = "changed" in success ? `changed ${success.changed}` : `position ${success.waitlistPosition}`
  return `${momentOf(success.registration)} ${rest}`
}

/** The entries of the same key that follow each other; of what was there before the clients, each entry by itself. */
const commitsOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<ReadonlyArray<Entry>> => {
  const commits: Array<Array<Entry>> = []
  for (const entry of entries) {
    const last = commits.at(-1)
    const isSame = last?.[0]?.key === entry.key && last[0].actor === entry.actor && entry.key !== SETUP
    if (isSame) last.push(entry)
    else commits.push([entry])
  }
  return commits
}

/** Checks the answers to a command, whose effect these entries are. */
const checkAnswers = (
  { command, key, replies }: Order,
  own: ReadonlyArray<Entry>,
  moments: ReadonlySet<string>
): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const texts = new Set(replies.map(({ answer }) => textOf(answer)))
  if (texts.size > 1) found.push(`I1: ${key} was answered ${[...texts].join(" and ")}`)
  const first = replies.filter(({ replayed }) => !replayed).length
  if (first > 1) found.push(`I1: ${key} was carried out ${first} times`)
  const [reply] = replies
  if (reply === undefined) return found
  const { answer } = reply
  if (Result.isFailure(answer)) {
    if (own.length > 0) found.push(`I1: ${key} was refused with ${answer.failure._tag}, and has an effect`)
    return found
  }
  const { success } = answer
  if (!("registration" in success)) return found
  const isChanged = !("changed" in success) || success.changed
  if (isChanged !== own.length > 0)
    found.push(`R4: ${command._tag} ${key} was told that ${isChanged ? "something" : "nothing"} has changed`)
  if (!moments.has(momentOf(success.registration)))
    found.push(`R4: ${key} was told ${textOf(answer)}, which never was so`)
  if ("registrationId" in command && command.registrationId !== success.registration.id)
    found.push(`R4: ${key} was told of another registration`)
  const told = own.some(
    ({ event }) => "registration" in event && momentOf(event.registration) === momentOf(success.registration)
  )
  if (own.length > 0 && !told) found.push(`R4: ${key} was told ${textOf(answer)}, which is not its effect`)
  return found
}

/** Checks a history at whose end this is stored. */
export const checkStaff = (orders: ReadonlyArray<Order>, stored: Invariants.Snapshot): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  try {
    Invariants.check(stored)
  } catch (error) {
    found.push((error instanceof Error ? error.message : String(error)) as Violation)
  }
  const entries = stored.journal.map(({ metadata, occurredAt, payload, schemaVersion, type, version }): Entry => ({
    version,
    occurredAt,
    actor: metadata.actor,
    key: metadata.correlationId,
    event: decode(type, schemaVersion, payload)
  }))
  const known = new Map(orders.map((order) => [order.key, order]))
  const effects = new Map<string, ReadonlyArray<Entry>>()
  const recount = new Recount()
  for (const commit of commitsOf(entries)) {
    const { actor, key, version } = commit[0]!
    const types = commit.map(({ event }) => event._tag)
    const order = known.get(key ?? "")
    recount.commit(commit, order)
    if (key === SETUP) continue
    if (order === undefined) {
      if (key !== null || actor !== STEPPER || !types.every((type) => STEPS.includes(type)))
        found.push(`A5: version ${version} is of ${actor}, and nobody asked for ${types.join(" ")}`)
      continue
    }
    if (effects.has(order.key)) found.push(`I1: ${order.key} has another effect at version ${version}`)
    effects.set(order.key, commit)
    if (SHAPES[order.command._tag]?.test(types.join(" ")) !== true)
      found.push(`R6: ${order.command._tag} ${order.key} made ${types.join(" ").slice(0, 200)}`)
  }
  const moments = new Set(
    entries.flatMap(({ event }) => ("registration" in event ? [momentOf(event.registration)] : []))
  )
  const { event } = stored
  if (event.status !== recount.status)
    found.push(`O1: the event is ${event.status}, and ${recount.status} in the journal`)
  return [
    ...found,
    ...recount.violations,
    ...orders.flatMap((order) => checkAnswers(order, effects.get(order.key) ?? [], moments))
  ]
}
