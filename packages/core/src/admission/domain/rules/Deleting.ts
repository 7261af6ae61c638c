/**
 * Deleting an event: possible for a draft that nobody has ever registered for. A registration stays on record even if it was
 * cancelled and its event was taken back to draft.
 */
import * as Result from "effect/Result"
import { type Decide, type Deciders, requireStatus, requireVersion } from "../state/Decision.ts"
import { type DeleteEvent, EventHadRegistrations } from "../model/event/EventDeletion.ts"
import { namedInJournal } from "../../../kernel/domain/OrganizationId.ts"
import { hasRegistrations } from "../state/RegistrationRows.ts"

const deleteEvent: Decide<DeleteEvent> = (event, { command }, set) => {
  const eventId = event.id
  const refused = requireStatus(event, command, ["draft"])
  if (refused) return Result.fail(refused)
  if (hasRegistrations(set, eventId)) return Result.fail(new EventHadRegistrations({ eventId }))
  const conflict = requireVersion(event, command)
  if (conflict) return Result.fail(conflict)
  return Result.succeed({
    events: [{ _tag: "EventDeleted", ...namedInJournal(event.organizationId) }],
    outcome: () => ({ deleted: eventId })
  })
}

export const deciders: Deciders<DeleteEvent> = {
  DeleteEvent: deleteEvent
}
