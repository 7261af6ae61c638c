/**
 * Replays, behind the policy.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Replays } from "../../delivery/ports/Replays.ts"
import { onInstallation } from "./Guard.ts"

type Service = Replays["Service"]

const make = Effect.map(Replays, (replays) => ({
  list: (...page: Parameters<Service["list"]>) => onInstallation("listReplays", () => replays.list(...page)),
  get: (...id: Parameters<Service["get"]>) => onInstallation("getReplay", () => replays.get(...id)),
  count: (...selection: Parameters<Service["count"]>) =>
    onInstallation("countReplay", () => replays.count(...selection)),
  start: (start: Omit<Parameters<Service["start"]>[0], "who">) =>
    onInstallation("startReplay", (who) => replays.start({ ...start, who })),
  resume: (id: Parameters<Service["resume"]>[0]) => onInstallation("resumeReplay", (who) => replays.resume(id, who)),
  cancel: (id: Parameters<Service["cancel"]>[0]) => onInstallation("cancelReplay", (who) => replays.cancel(id, who))
}))

export class GuardedReplays extends Context.Service<GuardedReplays, Effect.Success<typeof make>>()(
  "@turnout/GuardedReplays"
) {
  static readonly layer: Layer.Layer<GuardedReplays, never, Replays> = Layer.effect(GuardedReplays, make)
}
