/**
 * Requests that are carried out in an open transaction of the host.
 *
 * The host decides when it commits, and no other transaction sees its events before that. So what proceeds in steps is finished
 * within the same transaction.
 */
import * as Effect from "effect/Effect"
import * as Batch from "../../domain/Batch.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import { type Changes, nothing } from "../../domain/state/Changes.ts"
import { footprint } from "../../domain/state/Footprint.ts"
import type { Answer } from "../../domain/model/Outcome.ts"
import { decidedAt, eventsOf, type PendingRequest } from "../../domain/state/Request.ts"
import type { AdmissionStore } from "../../ports/AdmissionStore.ts"
import type { StoreClock } from "../../../kernel/ports/StoreClock.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import * as Steps from "./Steps.ts"

export interface HostTransaction {
  readonly transact: AdmissionStore["Service"]["transact"]
  readonly clock: StoreClock
  /** The request for the next step of an event. */
  readonly nextStep: (eventId: EventId) => Effect.Effect<PendingRequest>
}

/**
 * Carries out requests in the host's transaction. The answer to a command that leaves steps to be made shows its event after
 * the last of them, and its key remembers that answer.
 */
export const execute = Effect.fnUntraced(function* (
  { clock, nextStep, transact }: HostTransaction,
  requests: ReadonlyArray<PendingRequest>
): Effect.fn.Return<ReadonlyArray<Batch.Reply>, StoreError> {
  const events = eventsOf(requests)
  // One moment, that of the decision, says which answers are to be finished: an event that ends meanwhile has no more steps due,
  // and its answers would be neither remembered nor finished.
  let decided = clock.now()
  const dueOf = (answer: Answer) => Steps.eventWithStepDue(answer, decided)
  let unfinished: Changes["idempotency"] = []
  const replies = yield* transact(events, () => ({
    footprint: footprint(requests),
    decide: (set, now) => {
      decided = now
      const { changes, replies } = Batch.decide(decidedAt(requests, now), set)
      const isUnfinished = ({ record }: (typeof unfinished)[number]) => dueOf(record.answer) !== undefined
      unfinished = changes.idempotency.filter(isUnfinished)
      if (unfinished.length === 0) return { changes, replies }
      const idempotency = changes.idempotency.filter((remembered) => !isUnfinished(remembered))
      return { changes: { ...changes, idempotency }, replies }
    }
  }))

  const step = (eventId: EventId) =>
    Effect.map(
      Effect.flatMap(nextStep(eventId), (request) =>
        transact([eventId], () => ({
          footprint: footprint([request]),
          decide: (set, now) => Batch.decide(decidedAt([request], now), set)
        }))
      ),
      ([reply]) => reply!
    )
  const last = new Map<EventId, Answer>()
  for (const { answer } of replies) {
    const due = dueOf(answer)
    if (due === undefined || last.has(due)) continue
    last.set(due, yield* Steps.finish(step, due, clock))
  }
  if (last.size === 0) return replies

  // An answer that repeats an earlier one stays as it was.
  const own = new Set(replies.flatMap(({ answer, replayed }) => (replayed ? [] : [answer])))
  const finished = (answer: Answer): Answer => {
    const due = own.has(answer) ? dueOf(answer) : undefined
    return due === undefined ? answer : last.get(due)!
  }
  if (unfinished.length > 0) {
    const idempotency = unfinished.map(({ record, renews }) => ({
      record: { ...record, answer: finished(record.answer) },
      renews
    }))
    const changes: Changes = { ...nothing, idempotency }
    yield* transact(events, () => ({ footprint: footprint([]), decide: () => ({ changes, replies: [] }) }))
  }
  return replies.map(({ answer, replayed }) => ({ answer: finished(answer), replayed }))
})
