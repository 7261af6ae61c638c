/**
 * Dead letters of the queues that a server knows, behind the policy.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AuditLog } from "../../access/ports/AuditLog.ts"
import * as Redriving from "../../consumer/application/Redriving.ts"
import type { DeadLetters } from "../../consumer/ports/DeadLetters.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"
import * as Schema from "effect/Schema"
import { lookAtInstallation, onInstallation } from "./Guard.ts"

/** The server has no dead-letter queue of this name. */
export class DeadLettersNotFound extends TaggedError<DeadLettersNotFound>()("DeadLettersNotFound", {
  queue: described("The name that was asked for", Schema.String)
}) {
  override get message(): string {
    return `This server has no dead-letter queue ${JSON.stringify(this.queue)}: /admin/dead-letters lists those that it has.`
  }
}

const make = Effect.fnUntraced(function* (all: ReadonlyArray<DeadLetters>) {
  const log = yield* AuditLog
  const queues = new Map(all.map((letters) => [letters.name, letters]))
  const find = (queue: string): Effect.Effect<DeadLetters, DeadLettersNotFound> =>
    Effect.suspend(() => {
      const letters = queues.get(queue)
      return letters === undefined ? Effect.fail(new DeadLettersNotFound({ queue })) : Effect.succeed(letters)
    })
  return {
    queues: onInstallation("listDeadLetterQueues", () => Effect.succeed(all.map(({ name, to }) => ({ name, to })))),
    list: (queue: string, limit: number) =>
      lookAtInstallation(
        "listDeadLetters",
        Effect.gen(function* () {
          const { count, list, name, to } = yield* find(queue)
          return { name, to, count: yield* count, items: yield* list(limit) }
        }),
        `queue:${queue}`
      ),
    redrive: (queue: string, asked: Parameters<typeof Redriving.redrive>[1]) =>
      onInstallation("redriveDeadLetters", (who) =>
        Effect.flatMap(find(queue), (letters) => Redriving.redrive(letters, asked, who)).pipe(
          Effect.provideService(AuditLog, log)
        )
      )
  }
})

export class GuardedDeadLetters extends Context.Service<GuardedDeadLetters, Effect.Success<ReturnType<typeof make>>>()(
  "@turnout/GuardedDeadLetters"
) {
  /** The dead letters of these queues, no two of which have the same name. */
  static readonly layer = (all: ReadonlyArray<DeadLetters>): Layer.Layer<GuardedDeadLetters, never, AuditLog> =>
    Layer.effect(GuardedDeadLetters, make(all))
}
