/**
 * Turnout: the service that hosts use.
 *
 * Writes take plain input, validate it, and answer only after the commit. They fail with `InvalidInput` (nothing changed), with
 * a rejection (nothing changed; it has the facts), or with a `StoreError` that says what is known of the data. With an
 * idempotency key, a write can be sent any number of times. Reads show what is committed.
 *
 * A write that runs inside a transaction of the host (for stores on SQL: within `SqlClient.withTransaction` of the same client)
 * becomes part of that transaction, and commits or rolls back with it.
 *
 * A write tells the caches of all processes what it has changed before it is answered (`Coherence`), whether or not this process has one.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AdmissionReads } from "../ports/AdmissionReads.ts"
import { AdmissionStore } from "../ports/AdmissionStore.ts"
import type { StoreClock } from "../../kernel/ports/StoreClock.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Caches } from "./caching/CacheOptions.ts"
import * as CoherentStore from "./caching/CoherentStore.ts"
import * as Coherence from "../../caching/application/Coherence.ts"
import * as Commands from "./Commands.ts"
import * as Engine from "./engine/Engine.ts"
import * as Events from "./Events.ts"
import * as Lanes from "./engine/Lanes.ts"
import * as PooledRandom from "../../kernel/application/PooledRandom.ts"
import * as RegistrationChanges from "./RegistrationChanges.ts"
import * as Registrations from "./Registrations.ts"

export interface TurnoutOptions extends Engine.EngineOptions {
  /** The caches to read from: those of `CachedReads.caches`. Default: everything is read from the store. */
  readonly caches?: Caches
}

/** The use cases, which take plain input. */
export interface UseCases
  extends
    // By noun.
    Events.Events,
    Registrations.Registrations,
    RegistrationChanges.RegistrationChanges {}

/** The names of the use cases. */
export const methods: Readonly<Record<keyof UseCases, true>> = {
  ...Events.methods,
  ...Registrations.methods,
  ...RegistrationChanges.methods
}

export interface TurnoutService extends UseCases, Pick<Commands.Commands, "execute" | "executeAll"> {
  /** Succeeds if the store can be reached, is migrated, and takes writes. */
  readonly ready: Effect.Effect<void, StoreError>
  /** The reads of the use cases, which may come from caches. */
  readonly reads: AdmissionReads["Service"]
  /** The store's clock, which decides, as this process knows it: it has heard it once `ready` has succeeded. */
  readonly clock: StoreClock
  /** How long a write waits for its answer before it fails with `OutcomeUnknown`. Time-outs around writes must be longer. */
  readonly commandTimeoutMillis: number
}

/** The use cases, whose writes are these commands: for hosts that do something of their own about every command. */
export const useCases = (commands: Commands.Commands, reads: AdmissionReads["Service"]): UseCases => {
  const events = Events.make(commands, reads)
  return { ...events, ...Registrations.make(commands, reads, events), ...RegistrationChanges.make(commands) }
}

export const make = Effect.fnUntraced(function* (options: TurnoutOptions = {}) {
  const coherence = yield* Coherence.make
  const store = CoherentStore.make(yield* AdmissionStore, coherence)
  const stored = yield* AdmissionReads
  const reads = options.caches === undefined ? stored : yield* options.caches(stored, store, coherence)
  const commands = Commands.make(yield* Effect.provideService(Engine.make(options), AdmissionStore, store))
  const service: TurnoutService = {
    ...useCases(commands, reads),
    execute: commands.execute,
    executeAll: commands.executeAll,
    reads,
    ready: store.ready,
    clock: store.clock,
    commandTimeoutMillis: options.commandTimeoutMillis ?? Lanes.DEFAULTS.commandTimeoutMillis
  }
  return service
})

export class Turnout extends Context.Service<Turnout, TurnoutService>()("@turnout/Turnout") {}

/** The service on the store that is provided. */
export const layer = (options?: TurnoutOptions): Layer.Layer<Turnout, never, AdmissionStore | AdmissionReads> =>
  Layer.effect(Turnout, make(options)).pipe(Layer.provide(PooledRandom.layer))

/** The reads of the service, for those who answer with what they have read. */
export const layerReads: Layer.Layer<AdmissionReads, never, Turnout> = Layer.effect(
  AdmissionReads,
  Turnout.use(({ reads }) => Effect.succeed(reads))
)
