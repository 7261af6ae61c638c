/**
 * The commands of staff: what the policy refuses under the lock of an event is recorded, and the journal is given the id of the request.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { eventResource, registrationResource } from "../../../access/domain/audit/AuditEntry.ts"
import { CurrentRequest } from "../../../access/application/audit/CurrentRequest.ts"
import type { Principal } from "../../../access/domain/policy/Principal.ts"
import type { TurnoutService } from "../../../admission/application/Turnout.ts"
import type { Caller } from "../../../admission/domain/state/Caller.ts"
import type { WriteOptions } from "../../../admission/domain/state/WriteOptions.ts"
import type { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import { actionOf, becauseOf, type CallerCommand } from "../EventAccess.ts"
import * as Recording from "./Recording.ts"

/** The resource of a command. */
export const resourceOf = (command: CallerCommand): string | null => {
  if ("registrationId" in command) return registrationResource(command.registrationId)
  return "eventId" in command ? eventResource(command.eventId) : null
}

/** A caller who remembers what the decider was told last: it may ask several times. */
const remembering = (caller: Caller) => {
  let last: { readonly refused: { readonly _tag: string }; readonly organizationId: OrganizationId } | undefined
  return {
    caller: {
      ...caller,
      refusalOf: (command, subject) => {
        const refused = caller.refusalOf(command, subject)
        last = refused === undefined ? undefined : { refused, organizationId: subject.event.organizationId }
        return refused
      }
    } satisfies Caller,
    last: () => last
  }
}

/** Carries out a command for staff, and records a refusal. */
export const execute = Effect.fnUntraced(function* <C extends CallerCommand>(
  turnout: TurnoutService,
  principal: Principal,
  command: C,
  options: WriteOptions,
  plain: Caller
) {
  const { caller, last } = remembering(plain)
  const { id } = yield* CurrentRequest
  // The journal is joined by it to where the request came from.
  const { correlationId = id ?? undefined, ...rest } = options
  const said = correlationId === undefined ? rest : { ...rest, correlationId }
  const reply = yield* turnout.execute(command, said, caller)
  const told = last()
  if (told !== undefined && Result.isFailure(reply.answer)) {
    const about = { resource: resourceOf(command), organizationId: told.organizationId }
    yield* Recording.refused(principal, actionOf[command._tag], becauseOf(told.refused), about)
  }
  return reply
})
