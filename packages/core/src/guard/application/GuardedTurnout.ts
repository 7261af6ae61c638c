/**
 * The `Turnout` service, behind the policy: events, registrations and waitlists for the principal of the request.
 *
 * A write is decided for the principal under the lock of its event, and is recorded in their name, which is also the scope of its
 * idempotency key. A read shows nothing of what belongs to another organization: it is not found, as what is not there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type * as Result from "effect/Result"
import { registrationResource } from "../../access/domain/audit/AuditEntry.ts"
import * as Secrets from "../../access/application/Secrets.ts"
import {
  actorOf,
  isAttendee,
  isStaff,
  organizationsWith,
  type Principal,
  roleIn
} from "../../access/domain/policy/Principal.ts"
import { AttendeeLinkStore } from "../../access/ports/AttendeeLinkStore.ts"
import * as Exports from "../../admission/application/Exports.ts"
import { Turnout } from "../../admission/application/Turnout.ts"
import type {
  GivenAttendeeQuery,
  GivenEventQuery,
  GivenRegistrationQuery,
  GivenWaitlistQuery
} from "../../admission/application/Queries.ts"
import { type AttendeeInput, fromInput } from "../../admission/domain/model/Attendee.ts"
import type { CreateEvent } from "../../admission/domain/model/Event.ts"
import type { OutcomeOf } from "../../admission/domain/model/Outcome.ts"
import type { RegistrationId } from "../../admission/domain/model/Registration.ts"
import type { RejectionOf } from "../../admission/domain/model/Rejection.ts"
import type { WriteOptions } from "../../admission/domain/state/WriteOptions.ts"
import { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import type { Overloaded } from "../../kernel/application/Overloaded.ts"
import * as PooledRandom from "../../kernel/application/PooledRandom.ts"
import { InvalidInput } from "../../kernel/application/InvalidInput.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import { DEFAULT_ORGANIZATION, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { SelfServiceEnded } from "../../kernel/domain/access/Refusals.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import { actionOf, type CallerCommand, callerOf } from "./EventAccess.ts"
import { may, mayAtAll, type NotAllowed, ownOrganization } from "./Guard.ts"
import * as Looks from "./recording/Looks.ts"
import * as Recording from "./recording/Recording.ts"
import * as StaffCommands from "./recording/StaffCommands.ts"

/** The answer to a command, whether it was given before, and the secret of the link to the registration that was made. */
export interface Reply<C extends CallerCommand> {
  readonly answer: Result.Result<OutcomeOf<C>, RejectionOf<C["_tag"]> | NotAllowed | OnlyOf<C>>
  readonly replayed: boolean
  /** The secret of the link that the attendee is given, once; `null` if there is none. */
  readonly linkSecret: string | null
}

/** The refusals that only some commands can meet. */
type OnlyOf<C extends CallerCommand> = C extends { readonly _tag: "CancelRegistration" } ? SelfServiceEnded : never

/** The refusals before a command is decided. */
type BeforeOf<C extends CallerCommand> = C extends CreateEvent ? OrganizationNotFound : never

/** The options of a write. The principal is the actor. */
export type Options = Omit<WriteOptions, "actor">

/** A new event with the organization that it belongs to, which the principal may make it for. */
const prepare = Effect.fnUntraced(function* (
  principal: Principal,
  command: CreateEvent
): Effect.fn.Return<CreateEvent, NotAllowed | OrganizationNotFound | InvalidInput> {
  const of = command.event.organizationId ?? (yield* ownOrganization(principal, "createEvent", "organizationId"))
  const organizationId = of === "all" ? DEFAULT_ORGANIZATION : of
  const absent = () => new OrganizationNotFound({ organization: organizationId })
  yield* may(principal, "createEvent", { on: "owned", organizationId }, absent)
  // The default organization is named by none.
  if (organizationId === DEFAULT_ORGANIZATION) return command
  return { ...command, event: { ...command.event, organizationId } }
})

const mustBeThere = (rule: string): Effect.Effect<never, InvalidInput> =>
  Effect.fail(new InvalidInput({ issues: [{ field: "attendee", rule }] }))

const attendeeOf = Effect.fnUntraced(function* (
  given: typeof AttendeeInput.Type | undefined
): Effect.fn.Return<typeof AttendeeInput.Type, InvalidInput, CurrentPrincipal> {
  const principal = yield* CurrentPrincipal
  if (principal.kind !== "user") return given ?? (yield* mustBeThere("must be there"))
  const { address, name } = principal
  if (given === undefined) {
    if (address === null) return yield* mustBeThere("must be there, since no verified address of yours is known")
    return { email: address, ...(name === null ? {} : { name }) }
  }
  // A person is called as their token or session says; staff name others as they like.
  return isAttendee(principal, fromInput(given).id) && name !== null ? { ...given, name } : given
})

const make = Effect.gen(function* () {
  const turnout = yield* Turnout
  const reads = yield* AdmissionReads
  const links = yield* AttendeeLinkStore
  const random = yield* SecureRandom.SecureRandom
  const newSecret = Secrets.newSecret(random)
  const { eventFor, readOf, registrationFor } = Looks.make(turnout, reads)

  const execute = Effect.fnUntraced(function* <C extends CallerCommand>(
    given: C,
    options: Options
  ): Effect.fn.Return<Reply<C>, NotAllowed | BeforeOf<C> | InvalidInput | StoreError | Overloaded, CurrentPrincipal> {
    const principal = yield* CurrentPrincipal
    yield* mayAtAll(principal, actionOf[given._tag], StaffCommands.resourceOf(given))
    const prepared = given._tag === "CreateEvent" ? prepare(principal, given) : Effect.succeed(given)
    const command = yield* prepared as Effect.Effect<C, NotAllowed | BeforeOf<C> | InvalidInput>
    const makesOne = command._tag === "Register" || command._tag === "RegisterGuest"
    const secret = makesOne ? yield* newSecret : null
    const caller = callerOf(principal, secret === null ? undefined : Secrets.digestOf(secret))
    const said = { ...options, actor: actorOf(principal) }
    // Registering pays nothing for the audit trail.
    const reply = yield* command._tag === "Register" || !isStaff(principal)
      ? turnout.execute(command, said, caller)
      : StaffCommands.execute(turnout, principal, command, said, caller)
    return { ...(reply as unknown as Reply<C>), linkSecret: reply.replayed ? null : secret }
  })

  return {
    execute,
    /** Returns who is registered: the one who is given, or else the person who asks, by their own name and verified address. */
    attendeeOf,
    getEvent: Effect.fnUntraced(function* (eventId: EventId) {
      return yield* eventFor(yield* CurrentPrincipal, "getEvent", eventId)
    }),
    listEvents: Effect.fnUntraced(function* (query: GivenEventQuery) {
      const own = organizationsWith(yield* CurrentPrincipal, "events:read")
      return yield* turnout.listEvents(query, own === "all" ? undefined : own)
    }),
    listRegistrations: (eventId: EventId, query: GivenRegistrationQuery) =>
      readOf("listRegistrations", eventId, turnout.listRegistrations(eventId, query)),
    exportRegistrations: (eventId: EventId, query: Exports.ExportQuery) =>
      readOf("exportRegistrations", eventId, Exports.ofRegistrations(turnout, eventId, query)),
    getRegistration: Effect.fnUntraced(function* (eventId: EventId, registrationId: RegistrationId) {
      const principal = yield* CurrentPrincipal
      const { organizationId } = yield* registrationFor(principal, "getRegistration", eventId, registrationId)
      const registration = yield* turnout.getRegistration(eventId, registrationId)
      if (roleIn(principal, organizationId) !== undefined) {
        const about = { resource: registrationResource(registrationId), organizationId }
        yield* Recording.read(principal, "getRegistration", about)
      }
      return registration
    }),
    listWaitlist: (eventId: EventId, query: GivenWaitlistQuery) =>
      readOf("listWaitlist", eventId, turnout.listWaitlist(eventId, query)),
    exportWaitlist: (eventId: EventId) => readOf("exportWaitlist", eventId, Exports.ofWaitlist(turnout, eventId)),
    waitlistPosition: Effect.fnUntraced(function* (eventId: EventId, registrationId: RegistrationId) {
      yield* registrationFor(yield* CurrentPrincipal, "getWaitlistPlace", eventId, registrationId)
      return yield* turnout.waitlistPosition(eventId, registrationId)
    }),
    /** Gives a registration a new link, which ends the one before, and returns its secret, which is shown this once. */
    replaceLink: Effect.fnUntraced(function* (eventId: EventId, registrationId: RegistrationId) {
      const principal = yield* CurrentPrincipal
      yield* registrationFor(principal, "replaceAttendeeLink", eventId, registrationId)
      const { id } = yield* turnout.getRegistration(eventId, registrationId)
      const secret = yield* newSecret
      yield* links.replace(eventId, id, Secrets.digestOf(secret), actorOf(principal))
      return secret
    }),
    /** Returns the registrations of an attendee: all for the attendee, and those for the events of their organizations for staff. */
    listAttendeeRegistrations: Effect.fnUntraced(function* (attendeeId: string, query: GivenAttendeeQuery) {
      const principal = yield* CurrentPrincipal
      const action = "listAttendeeRegistrations"
      yield* mayAtAll(principal, action)
      const isOwn = isAttendee(principal, attendeeId)
      const own = organizationsWith(principal, "people:read")
      const visible = isOwn || own === "all" ? undefined : own
      const page = yield* turnout.listAttendeeRegistrations(attendeeId, query, visible)
      const organizationId = own !== "all" && own.length === 1 ? own[0]! : null
      // The id of an attendee can be an address, which the audit trail has no need of.
      if (!isOwn) yield* Recording.read(principal, action, { organizationId })
      return page
    })
  }
})

export class GuardedTurnout extends Context.Service<GuardedTurnout, Effect.Success<typeof make>>()(
  "@turnout/GuardedTurnout"
) {
  static readonly layer: Layer.Layer<GuardedTurnout, never, Turnout | AdmissionReads | AttendeeLinkStore> =
    // A registration has a secret of its own: a draw from the operating system for each would cost as much as checking its address.
    Layer.effect(GuardedTurnout, make).pipe(Layer.provide(PooledRandom.layer))
}
