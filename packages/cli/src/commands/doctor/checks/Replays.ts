/**
 * Replays that are open: stopped by an entry, or running without anybody who carries them out.
 */
import type { Replay } from "@turnout/core/delivery/domain/Replay"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { MAX_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import { count } from "../../../output/Words.ts"
import { type Check, type Finding, ok, warning } from "../Check.ts"

const ofReplay = ({ error, id, sent, sink, startedAt, state, total }: Replay, relays: number): Finding => {
  const facts = { replay: id, sink, state, sent, total, startedAt, relays }
  const far = `${count(sent)} of ${count(total)} messages sent`
  if (state === "stopped")
    return warning(
      `the replay ${id} to ${sink} is stopped (${far}): ${error ?? "no reason is known"}`,
      facts,
      `turnout outbox replay resume ${id}`,
      `turnout outbox replay cancel ${id}`
    )
  if (relays === 0)
    return warning(
      `the replay ${id} to ${sink} waits (${far}): no relay of the sink runs`,
      facts,
      "Start a relay of the sink.",
      `turnout outbox replay cancel ${id}`
    )
  return ok(`the replay ${id} to ${sink} runs: ${far}`, facts)
}

export const check: Check<Replays | OutboxOperations> = {
  name: "replays",
  look: Effect.gen(function* () {
    const replays = yield* Replays
    const operations = yield* OutboxOperations
    // The latest: an older one that is open has kept entries for so long that the sinks tell of it.
    const open = (yield* replays.list({ after: null, limit: MAX_LIMIT })).filter(
      ({ state }) => state === "running" || state === "stopped"
    )
    if (open.length === 0) return [ok("no replay is open")]
    return yield* Effect.forEach(open, (replay) =>
      Effect.map(
        // The sink may be forgotten meanwhile, and its replays with it.
        Effect.catchTag(operations.relays(replay.sink), "SinkNotFound", () => Effect.succeed(0)),
        (relays) => ofReplay(replay, relays)
      )
    )
  })
}
