/**
 * `turnout outbox replay`: sends entries of the journal to a sink again.
 *
 * The relays of the sink carry the replay out; the command starts it, and shows its progress. The replay goes on when the command
 * has ended, and when the relay that carried it out has died.
 */
import { type Command, Option } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import { instant } from "../../options/Instants.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { cursor, limit } from "../../options/Paging.ts"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import { MAX_PER_SECOND, type Replay, type ReplayId, type Selection } from "@turnout/core/delivery/domain/Replay"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import * as Effect from "effect/Effect"
import * as Database from "../../Database.ts"
import { withReplays } from "../../Operating.ts"
import * as Ids from "../../options/Ids.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Progress from "../../output/Progress.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"
import * as Steps from "../../Steps.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface SelectionOptions {
  readonly from?: Date
  readonly to?: Date
  readonly event?: string
  readonly type?: ReadonlyArray<string>
  readonly stream?: EventId
  readonly all?: boolean
}

const WATCH_INTERVAL = "300 millis"
/** After this number of looks without progress, the command says if the sink has no relay that could carry the replay out. */
const LOOKS_BEFORE_HINT = 10

const toSelection = ({ all, event, from, stream, to, type }: SelectionOptions): Selection => {
  const isRestricted = [event, from, stream, to, type].some((restriction) => restriction !== undefined)
  if (isRestricted === (all === true))
    throw new WrongUsage("say what to send again: --from, --to, --event, --type or --stream; or --all of the journal")
  return {
    from: from ?? null,
    to: to ?? null,
    types: type ?? null,
    stream: stream ?? null,
    message: event ?? null
  }
}

const describe = ({ from, message, stream, to, types }: Selection): string =>
  [
    from === null ? "" : `from ${time(from)}`,
    to === null ? "" : `to ${time(to)}`,
    types === null ? "" : types.join(", "),
    stream === null ? "" : `stream ${stream}`,
    message === null ? "" : `message ${message}`
  ]
    .filter((part) => part !== "")
    .join(", ") || "everything"

const HEAD = [
  "replay",
  Table.text("sink"),
  Table.spareText("what"),
  "state",
  "sent",
  "of",
  Table.spare("started"),
  Table.spareText("by")
]
const row = ({ id, selection, sent, sink, startedAt, state, total, who }: Replay) => [
  id,
  sink,
  describe(selection),
  state,
  count(sent),
  count(total),
  time(startedAt),
  who
]

const inWords = (replay: Replay): ReadonlyArray<Line.Line> => [
  ...Table.lines(HEAD, [row(replay)]),
  ...(replay.error === null
    ? []
    : ["", `${replay.error}. "turnout outbox replay resume ${replay.id}" tries that again, "… cancel" gives it up.`])
]

/** Shows progress until the replay is over. Calls `tell` with the replay after each look. */
const follow = Effect.fnUntraced(function* (
  id: ReplayId,
  options: Database.GlobalOptions,
  tell: (replay: Replay) => void
) {
  const replays = yield* Replays
  const operations = yield* OutboxOperations
  const bar = Progress.make(options, "{bar} {percentage} % | {value} of {total} messages | {eta_formatted} left")
  const look = Effect.tap(replays.get(id), (replay) => Effect.sync(() => tell(replay)))
  let replay = yield* look
  bar.start(replay.total, replay.sent)
  const looking = Effect.gen(function* () {
    for (let looks = 1; replay.state === "running"; looks++) {
      yield* Effect.sleep(WATCH_INTERVAL)
      replay = yield* look
      bar.update(replay.sent)
      if (looks !== LOOKS_BEFORE_HINT || replay.sent > 0) continue
      // If the sink is forgotten meanwhile, its replays are deleted, and the next look fails.
      const relays = yield* Effect.catchTag(operations.relays(replay.sink), "SinkNotFound", () => Effect.succeed(0))
      if (relays === 0)
        Output.notice("", Line.of`${Line.warning("waiting:")} no relay of ${replay.sink} is running; start one`)
    }
  })
  yield* Effect.ensuring(looking, Effect.sync(bar.stop))
})

/**
 * Watches the replay that `begin` gives until it is over, or a signal ends the command. Only a replay that has finished is a
 * success. When `begin` has ended, its change is committed.
 */
const watchToItsEnd = async (
  options: Database.GlobalOptions,
  begin: Effect.Effect<Replay, unknown, Replays>
): Promise<boolean> => {
  let last: Replay | undefined
  const tell = (replay: Replay) => void (last = replay)
  const watching = Effect.uninterruptible(Effect.tap(begin, (replay) => Effect.sync(() => tell(replay)))).pipe(
    Effect.flatMap(({ id }) => follow(id, options, tell)),
    Effect.provide(Database.stores(options))
  )
  const soFar = (replay: Replay) => ({
    document: { replay },
    lines: inWords(replay),
    next: `The replay goes on. To see it again: turnout outbox replay watch ${replay.id}`
  })
  await Steps.run(options, watching, () => (last === undefined ? undefined : soFar(last)))
  const replay = last as Replay | undefined
  if (replay === undefined) return false
  Output.changed(options, { replay }, () => inWords(replay))
  return replay.state === "finished"
}

export const start = async (
  options: Database.GlobalOptions &
    ActorOptions &
    SelectionOptions & {
      readonly sink?: string
      readonly dryRun?: boolean
      readonly perSecond?: number
      readonly wait: boolean
    }
): Promise<boolean> => {
  const { sink } = options
  if (sink === undefined) throw new WrongUsage('name the sink: --sink; "turnout outbox status" lists them')
  if (options.dryRun === true && options.perSecond !== undefined)
    throw new WrongUsage("--per-second is about sending, and --dry-run sends nothing: leave one of them out")
  if (options.dryRun === true && !options.wait)
    throw new WrongUsage("--no-wait is about sending, and --dry-run sends nothing: leave one of them out")
  const selection = toSelection(options)
  if (options.dryRun === true) {
    const entries = await withReplays(options, (replays) => replays.count(selection))
    Output.result(options, { entries }, () => [
      `${count(entries)} entries would be sent to ${sink} again: ${describe(selection)}.`
    ])
    return true
  }
  const starting = Replays.use((replays) =>
    replays.start({ sink, selection, perSecond: options.perSecond ?? null, who: whoOf(options) })
  )
  if (options.wait) return watchToItsEnd(options, starting)
  const replay = await withReplays(options, (replays) => Effect.provideService(starting, Replays, replays))
  Output.changed(options, { replay }, () => inWords(replay))
  return true
}

export const list = async (options: Database.GlobalOptions & Paging.KeyPaging<ReplayId>): Promise<boolean> => {
  const page = Paging.byKey(
    await withReplays(options, (replays) => pageByKey(replays.list, Paging.toRequest(options), ({ id }) => id))
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["Nothing has been replayed."]
      : [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)]
  )
  return true
}

export const watch = (options: Database.GlobalOptions, id: ReplayId): Promise<boolean> =>
  watchToItsEnd(
    options,
    Replays.use((replays) => replays.get(id))
  )

const change =
  (to: (replays: Replays["Service"], id: ReplayId, who: string) => Effect.Effect<Replay, unknown>) =>
  async (options: Database.GlobalOptions & ActorOptions, id: ReplayId): Promise<boolean> => {
    const replay = await withReplays(options, (replays) => to(replays, id, whoOf(options)))
    Output.changed(options, { replay }, () => inWords(replay))
    return true
  }

export const resume = change((replays, id, who) => replays.resume(id, who))
export const cancel = change((replays, id, who) => replays.cancel(id, who))

/** Declares the command and its options. */
export const declare = (outbox: Command, action: Action): void => {
  const replay = outbox
    .command("replay")
    .description("send entries of the journal to a sink again; its relays carry it out")
    .option("--sink <name>", "the sink")
    .option("--from <time>", "only what happened at this time or later", instant)
    .option("--to <time>", "only what happened before this time", instant)
    .option("--event <message>", "only the entry with this message id", Ids.id)
    .addOption(new Option("--type <type...>", "only journal events of these types").choices(JournalEventType.literals))
    .option("--stream <event>", "only the stream of this event", Ids.eventId)
    .option("--all", "the whole journal")
    .option("--dry-run", "count the entries, and send nothing")
    .option("--per-second <n>", "at most this many messages a second", wholeNumber(1, MAX_PER_SECOND))
    .option("--no-wait", "do not wait until the replay is over")
    .addOption(as())
    .action(action(start))
  replay
    .command("list")
    .description("list replays, the latest first")
    .addOption(limit())
    .addOption(cursor(Ids.id))
    .action(action(list))
  replay
    .command("watch")
    .description("show the progress of a replay until it is over")
    .argument("<replay>", "id of the replay", Ids.id)
    .action(action(watch))
  replay
    .command("resume")
    .description("go on with a replay that was stopped by an entry that could not be delivered")
    .argument("<replay>", "id of the replay", Ids.id)
    .addOption(as())
    .action(action(resume))
  replay
    .command("cancel")
    .description("end a replay")
    .argument("<replay>", "id of the replay", Ids.id)
    .addOption(as())
    .action(action(cancel))
}
