/**
 * The contract of an outbox about keys, as a suite: an outbox distinguishes its rows by every part of their keys: slots,
 * positions, relays and blocked streams by their sink as well, and blocked streams of one sink by their stream, slot and
 * version. One line runs it on an outbox:
 *
 * ```ts
 * suite("my outbox", layer)
 * ```
 *
 * Each test has sinks and events of its own, so tests share a store and run on one that holds other data.
 */
import { describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Layer } from "effect"
import { deliveryKeys } from "./outbox/DeliveryKeysSuite.ts"
import { operatorKeys } from "./outbox/OperatorKeysSuite.ts"

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | Outbox | OutboxOperations | Replays, E>
): void => {
  describe(`keys of the outbox: ${name}`, () => {
    const layer = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      deliveryKeys(it)
      operatorKeys(it)
    })
  })
}
