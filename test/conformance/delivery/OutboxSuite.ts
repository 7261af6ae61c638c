/**
 * The contract of an outbox, as a suite. One line runs it on an outbox:
 *
 * ```ts
 * suite("my outbox", layer)
 * ```
 *
 * Each test has a sink and events of its own, so tests share a store and run on one that holds other data. The parts of the
 * contract are in `outbox/`.
 */
import { describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Layer } from "effect"
import { blockedStreams } from "./outbox/BlockedStreamsSuite.ts"
import { keeping } from "./outbox/KeepersSuite.ts"
import { leases } from "./outbox/LeasesSuite.ts"
import { operators } from "./outbox/OperatorsSuite.ts"
import { reading } from "./outbox/ReadingSuite.ts"

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | AuditLog | Outbox | OutboxOperations, E>
): void => {
  describe(`outbox: ${name}`, () => {
    const layer = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      reading(it)
      leases(it)
      blockedStreams(it)
      operators(it)
      keeping(it)
    })
  })
}
