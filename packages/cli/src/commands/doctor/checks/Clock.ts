/**
 * How far the clock of this machine is from the store's, by which everything is decided.
 */
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import { type Check, notice, ok, warning } from "../Check.ts"

/** Beyond this, times in logs are misleading; beyond that, AWS refuses requests. */
const NOTICE_MILLIS = 1_000
const WARNING_MILLIS = 60_000

const ADVICE = "timedatectl status (or chronyc tracking) shows whether the clock of this machine is kept right"

export const check: Check<WebhookStore> = {
  name: "clock",
  look: Effect.gen(function* () {
    const store = yield* WebhookStore
    // Whatever the store is asked, it tells the time as well.
    yield* store.targets
    const ahead = Math.round(store.clock.aheadMillis() ?? 0)
    const facts = { aheadMillis: ahead }
    const millis = Math.abs(ahead)
    if (millis < NOTICE_MILLIS) return [ok(`the clocks of the store and of this machine differ by ${millis} ms`, facts)]
    const words = `the clock of the store is ${ahead > 0 ? "ahead of" : "behind"} that of this machine by ${millis} ms`
    return millis < WARNING_MILLIS
      ? [notice(`${words}; the store's decides`, facts, ADVICE)]
      : [
          warning(
            `${words}; the store's decides, and AWS refuses requests of a clock that is minutes off`,
            facts,
            ADVICE
          )
        ]
  })
}
