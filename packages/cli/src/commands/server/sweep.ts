/**
 * `turnout sweep`: deletes at once what processes delete now and then: idempotency records that have expired, and old records
 * of the inbox.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { inboxTtl } from "../../options/Inbox.ts"
import * as IdempotencySweep from "@turnout/core/admission/application/engine/IdempotencySweep"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as InboxSweep from "@turnout/core/consumer/application/InboxSweep"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as Sweeping from "@turnout/core/kernel/application/Sweeping"
import * as Effect from "effect/Effect"
import * as Database from "../../Database.ts"
import * as Output from "../../output/Output.ts"
import { count } from "../../output/Words.ts"
import * as Steps from "../../Steps.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface SweepOptions {
  readonly inboxTtl?: number
  readonly consumer?: string
}

export const sweep = async (options: Database.GlobalOptions & SweepOptions): Promise<boolean> => {
  const { consumer, inboxTtl: ttlMillis } = options
  if (consumer !== undefined && ttlMillis === undefined)
    throw new WrongUsage("--consumer is about the inbox: say with --inbox-ttl how old its records have to be")
  const deleted = { idempotency: 0, inbox: 0 }
  const note = (name: keyof typeof deleted) => (number: number) => void (deleted[name] += number)
  const longest = IdempotencySweep.LONGEST_COMMAND_TIMEOUT_MILLIS
  const idempotency = AdmissionStore.use((store) =>
    Sweeping.throughout(IdempotencySweep.make(store, longest), note("idempotency"))
  ).pipe(Effect.provide(Database.stores(options)))
  const inbox = (ttl: number) =>
    Inbox.use((inbox) => Sweeping.throughout(InboxSweep.make(inbox, consumer ?? null, ttl), note("inbox"))).pipe(
      Effect.provide(Database.inbox(options))
    )
  const lines = () => [
    `${count(deleted.idempotency)} expired idempotency records are deleted.`,
    ...(ttlMillis === undefined ? [] : [`${count(deleted.inbox)} old records of the inbox are deleted.`])
  ]
  const document = () => (ttlMillis === undefined ? { idempotency: deleted.idempotency } : { ...deleted })
  const soFar = () =>
    deleted.idempotency + deleted.inbox === 0
      ? undefined
      : { document: document(), lines: lines(), next: "The same command goes on with the rest." }
  const all = ttlMillis === undefined ? idempotency : Effect.andThen(idempotency, inbox(ttlMillis))
  await Steps.run(options, all, soFar)
  Output.changed(options, document(), lines)
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  program
    .command("sweep")
    .description("delete expired idempotency records at once, and with --inbox-ttl old records of the inbox")
    .addOption(inboxTtl())
    .option("--consumer <name>", "only the records of this consumer (default: of every consumer)")
    .action(action(sweep))
}
