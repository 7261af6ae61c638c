/**
 * The contract of an inbox whose store speaks SQL, as a suite: what becomes of the transaction of an effect, whatever its
 * statements come to. One line runs it on an inbox:
 *
 * ```ts
 * suite("my inbox", layer)
 * ```
 */
import { describe, layer as withLayer } from "@effect/vitest"
import type { Inbox } from "@turnout/core/consumer/ports/Inbox"
import type { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { commits } from "./transactions/CommitsSuite.ts"
import { effects } from "./transactions/EffectsSuite.ts"
import type { Capabilities } from "./transactions/TransactionsGiven.ts"

export const suite = <E>(
  name: string,
  layer: Layer.Layer<Inbox | SqlClient.SqlClient, E>,
  capabilities: Capabilities
): void => {
  describe(`transactions of the inbox: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      commits(it, capabilities)
      effects(it, capabilities)
    })
  })
}
