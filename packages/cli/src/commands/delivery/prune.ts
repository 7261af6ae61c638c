/**
 * `turnout outbox prune`: deletes entries of the journal that nothing keeps, and says what keeps the others.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import { instant } from "../../options/Instants.ts"
import * as OutboxAdministration from "@turnout/core/delivery/application/OutboxAdministration"
import type { Keeper } from "@turnout/core/delivery/domain/Keeper"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import * as Effect from "effect/Effect"
import type * as Database from "../../Database.ts"
import { changeOutbox } from "../../Operating.ts"
import * as Advice from "../../output/Advice.ts"
import type * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as Progress from "../../output/Progress.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"

const relaysOf = (relays: number): string =>
  relays === 0 ? "no relay" : relays === 1 ? "1 relay" : `${count(relays)} relays`

const streamsOf = (streams: number): string => (streams === 1 ? "1 stream" : `${count(streams)} streams`)

/** The keeper, since when it keeps something, and how far it has come, in words. */
const inWords = (keeper: Keeper): readonly [who: string, since: Date, state: string] => {
  switch (keeper._tag) {
    case "Sink":
      return [keeper.sink, keeper.oldest, `not given; ${relaysOf(keeper.relays)}`]
    case "BlockedStreams": {
      const { parked, since, sink, stream, streams } = keeper
      return [sink, since, `${streamsOf(streams)} blocked, ${count(parked)} parked; the first is ${stream}`]
    }
    case "Replay": {
      const { replay, sent, sink, startedAt, state, total } = keeper
      return [sink, startedAt, `replay ${replay} is ${state}; ${count(sent)} of ${count(total)} sent`]
    }
    case "Store":
      return ["the store", keeper.oldest, "the last hour stays"]
  }
}

const entriesOf = (keeper: Keeper): string =>
  keeper._tag === "BlockedStreams" ? "" : `${count(keeper.entries)}${keeper.isMore ? " or more" : ""}`

const row = (keeper: Keeper) => {
  const [who, since, state] = inWords(keeper)
  return [who, time(since), time(keeper.oldest), entriesOf(keeper), state]
}

const HEAD = ["kept by", Table.spare("since"), Table.spare("oldest entry"), "entries", Table.text("state")]

/** What keeps the entries that are left, and what lets go of them. */
const linesOf = (keepers: ReadonlyArray<Keeper>): ReadonlyArray<Line.Line> => {
  // The last entry of a deleted event stays for ever, so that its id is not used again, and has no keeper.
  if (keepers.length === 0) return ["Nothing keeps other entries from before that time."]
  return [
    "Others are kept:",
    "",
    ...Table.lines(HEAD, keepers.map(row)),
    "",
    ...keepers.map((keeper) => `${inWords(keeper)[0]}: ${Advice.letGo(keeper)}`)
  ]
}

const oldestOf = (keepers: ReadonlyArray<Keeper>): Date | null =>
  keepers.length === 0 ? null : new Date(Math.min(...keepers.map(({ oldest }) => oldest.getTime())))

export const prune = async (
  options: Database.GlobalOptions & ActorOptions & { readonly before: Date }
): Promise<boolean> => {
  const before = time(options.before)
  const bar = Progress.make(options, "{value} entries deleted")
  let deleted = 0
  const step = Effect.map(OutboxAdministration.prune(options.before, whoOf(options)), (pruned) => {
    deleted += pruned.deleted
    bar.update(deleted)
    return pruned
  })
  const told = () => `${count(deleted)} entries that happened before ${before} are deleted.`
  const soFar = () =>
    deleted === 0
      ? undefined
      : { document: { deleted }, lines: [told()], next: "The same command goes on with the rest." }
  const keepers = await changeOutbox(
    options,
    Effect.sync(() => bar.start(0)).pipe(
      Effect.andThen(Effect.repeat(Effect.uninterruptible(step), { until: ({ isMore }) => !isMore })),
      Effect.ensuring(Effect.sync(bar.stop)),
      Effect.andThen(OutboxOperations.use((operations) => operations.keepers(options.before)))
    ),
    soFar
  )
  const document = {
    deleted,
    oldest: oldestOf(keepers),
    keepers: keepers.map((keeper) => ({ ...keeper, advice: Advice.letGo(keeper) }))
  }
  Output.changed(options, document, () => [told(), ...linesOf(keepers)])
  return true
}

/** Declares the command and its options. */
export const declare = (outbox: Command, action: Action): void => {
  outbox
    .command("prune")
    .description("delete entries of the journal that nothing keeps, and say what keeps the others")
    .requiredOption("--before <time>", "only entries from before this time; the last hour stays", instant)
    .addOption(as())
    .action(action(prune))
}
