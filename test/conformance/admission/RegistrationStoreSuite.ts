/**
 * The contract of a registration store, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my store", layer)
 * ```
 *
 * Each test makes its own events, so tests share a store and run on a store that holds other data. The parts of the contract
 * are in files of their own.
 */
import { describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Layer } from "effect"
import { batches, type Capabilities } from "./BatchesSuite.ts"
import { deleting } from "./DeletingSuite.ts"
import { findingEvents } from "./EventFindingSuite.ts"
import { expiry } from "./ExpirySuite.ts"
import { idempotency } from "./IdempotencySuite.ts"
import { reads } from "./ReadsSuite.ts"
import { registering } from "./RegisteringSuite.ts"
import { findingRegistrations } from "./RegistrationFindingSuite.ts"
import { reopening } from "./ReopeningSuite.ts"
import { slips } from "./SlipsSuite.ts"
import { versions } from "./VersionsSuite.ts"
import { waitlist } from "./WaitlistSuite.ts"

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads, E>,
  capabilities: Capabilities = { callers: 1_000 },
  options: Turnout.TurnoutOptions = {}
): void => {
  describe(`registration store: ${name}`, () => {
    const layer = Turnout.layer(options).pipe(Layer.provideMerge(store))
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      registering(it)
      waitlist(it)
      slips(it)
      reopening(it)
      idempotency(it)
      expiry(it)
      batches(it, capabilities)
      versions(it)
      deleting(it)
      reads(it)
      findingEvents(it)
      findingRegistrations(it)
    })
  })
}
