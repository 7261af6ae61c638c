/**
 * Turnout for hosts that do not use Effect: plain async functions.
 *
 * ```ts
 * const turnout = createTurnout({ database: "postgres://localhost/app" })
 * const { registration, waitlistPosition } = await turnout.register(eventId, { attendee: { email: "ada@example.com" } })
 * await turnout.close()
 * ```
 *
 * Every function takes the same parameters as the method of that name of the `Turnout` service, and resolves to the same
 * result. It rejects with the same errors, all of them classes with a `_tag`: a rejection of the domain
 * (`@turnout/core/admission/domain/model/Rejection`), `InvalidInput`, `StoreError`, `Overloaded`, or `TurnoutClosed`.
 */
import { decoder, InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { MAX_SWEEP_MILLIS, MIN_SWEEP_MILLIS } from "@turnout/core/kernel/application/Sweeping"
import { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import { LONGEST_COMMAND_TIMEOUT_MILLIS } from "@turnout/core/admission/application/engine/IdempotencySweep"
import type { CacheAges, CacheOptions } from "@turnout/core/admission/application/caching/CacheOptions"
import * as Core from "@turnout/core/admission/application/Turnout"
import * as Rejection from "@turnout/core/admission/domain/model/Rejection"
import type { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import type { HostClient } from "@turnout/adapters/postgres/host-client"
import * as CallersLine from "./CallersLine.ts"
import * as Database from "./Database.ts"
import { HostTransactions } from "./HostTransactions.ts"
import { between } from "@turnout/core/kernel/domain/rules/OptionRules"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"

export type * from "./Types.ts"

export interface CreateTurnoutOptions extends Database.DatabaseOptions, Omit<Core.TurnoutOptions, "caches"> {
  /** The caches to read from, of which `{}` has the defaults. Default: everything is read from the database. */
  readonly caches?: CacheOptions
}

type Services = Core.Turnout | JournalReader | HostTransactions

/** The use cases as promises. */
export type Calls = {
  readonly [Name in keyof Core.UseCases]: (
    ...args: Parameters<Core.UseCases[Name]>
  ) => Promise<Effect.Success<ReturnType<Core.UseCases[Name]>>>
}

/** The functions of the `Turnout` service, as promises. */
export type Turnout = Calls & {
  /**
   * The use cases in a transaction that you have begun on a connection of your own, of `pg` or of postgres.js, to the database that
   * Turnout was made with: what they write is committed, and rolled back, with everything else that you write there. They do not
   * commit, and after a rejection of Turnout the transaction can go on. Calls on one connection are carried out one after the other.
   *
   * They reject as others do, and with `InvalidInput` if no transaction is open on the connection, or if the database is a folder or
   * memory. The event's row stays locked until you commit. After a `StoreError` that `isRetryable`, try your transaction again as
   * a whole.
   *
   * ```ts
   * const client = await pool.connect()
   * await client.query("BEGIN")
   * await turnout.within(client).register(eventId, { attendee: { email: "ada@example.com" } })
   * await client.query("INSERT INTO orders …")
   * await client.query("COMMIT")
   * ```
   */
  readonly within: (client: HostClient) => Calls
  /** Resolves if the store can be reached, is migrated, and takes writes; rejects with a `StoreError` otherwise. */
  readonly ready: () => Promise<void>
  /**
   * The journal as it is written, from now on, from the beginning, or from a cursor: `for await (const { event } of
   * turnout.subscribe())`. Ends when Turnout is closed; see `@turnout/core/journal/application/Subscription`.
   */
  readonly subscribe: (options?: Subscription.SubscribeOptions) => AsyncIterable<Subscription.Received>
  /**
   * Waits for calls that are under way, then closes every connection. Nothing can be called afterwards. An open database keeps the
   * program alive until it is closed; in memory, a program ends without this.
   */
  readonly close: () => Promise<void>
  /** The same as `close`: `await using turnout = createTurnout()`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** The function was called after `close`. Nothing has changed. */
export class TurnoutClosed extends TaggedError<TurnoutClosed>()("TurnoutClosed", {}) {
  override get message(): string {
    return "This Turnout has been closed; make a new one with createTurnout."
  }
}

/** The errors that the functions reject with. */
export type TurnoutError = Rejection.Rejection | InvalidInput | StoreError | Overloaded | TurnoutClosed

const isRejection = Schema.is(Rejection.Rejection)

/** Distinguishes the errors of Turnout from all others, so that the compiler checks a `switch` on `_tag`. */
export const isTurnoutError = (error: unknown): error is TurnoutError =>
  error instanceof InvalidInput ||
  error instanceof StoreError ||
  error instanceof Overloaded ||
  error instanceof TurnoutClosed ||
  isRejection(error)

/** The longest time for which answers to idempotency keys can be kept: a year. */
const LONGEST_TTL_MILLIS = 366 * 24 * 60 * 60 * 1_000
const HOUR_MILLIS = 60 * 60 * 1_000
const DAY_MILLIS = 24 * HOUR_MILLIS

const cacheAge = between(0, DAY_MILLIS)
const cacheAges = {
  event: cacheAge,
  list: cacheAge,
  attendee: cacheAge,
  place: cacheAge,
  count: cacheAge
} satisfies Record<keyof CacheAges, Schema.Top>

const turnoutOptions = {
  idempotencyTtlMillis: between(1_000, LONGEST_TTL_MILLIS),
  refusalTtlMillis: between(0, LONGEST_TTL_MILLIS),
  lanes: Database.DatabaseOptions.fields.lanes,
  maxBatch: between(1, 10_000),
  maxWaiting: between(1, 1_000_000),
  commandTimeoutMillis: between(1, LONGEST_COMMAND_TIMEOUT_MILLIS),
  drainMillis: between(0, HOUR_MILLIS),
  sweepMillis: between(MIN_SWEEP_MILLIS, MAX_SWEEP_MILLIS),
  caches: Schema.optionalKey(
    Schema.Struct({
      ages: Schema.optionalKey(Schema.Struct(cacheAges)),
      entries: between(1, 1_000_000)
    })
  )
} satisfies Record<keyof Core.TurnoutOptions, Schema.Top>

const Options = Schema.Struct({ ...Database.DatabaseOptions.fields, ...turnoutOptions }).check(
  Schema.makeFilter(Database.poolProblem)
)
const decodeOptions = decoder(Options)

/** The service, with its caches if there are to be some: only then is their code loaded. */
const coreOf = ({ caches, ...options }: typeof Options.Type) => {
  const others = Struct.pick(options, Struct.keys(Struct.omit(turnoutOptions, ["caches"])))
  if (caches === undefined) return Core.layer(others)
  const loaded = Effect.promise(() => import("@turnout/core/admission/application/caching/CachedReads"))
  return Layer.unwrap(
    Effect.map(loaded, (CachedReads) => Core.layer({ ...others, caches: CachedReads.caches(caches) }))
  )
}

type Work<A, E> = Effect.Effect<A, E, Services>

const useCase = (name: keyof Calls, args: ReadonlyArray<unknown>): Work<unknown, unknown> =>
  Core.Turnout.use((service) =>
    (service[name] as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>)(...args)
  )

/**
 * Makes the functions of Turnout. Throws `InvalidInput` for options that break a rule. Nothing is opened before the first call;
 * if the database cannot be opened, that call rejects with a `StoreError`, and the next one tries again.
 */
export const createTurnout = (options: CreateTurnoutOptions = {}): Turnout => {
  const decoded = Effect.runSync(decodeOptions(options))
  const layer = coreOf(decoded).pipe(
    Layer.provideMerge(Database.layer(Struct.pick(decoded, Struct.keys(Database.DatabaseOptions.fields))))
  )
  const isOver = Deferred.makeUnsafe<void>()
  const running = new Set<Promise<unknown>>()
  let runtime: ManagedRuntime.ManagedRuntime<Services, InvalidInput | StoreError> | undefined
  let closing: Promise<void> | undefined

  /** The open runtime; one that failed to open is given up, so that the next call opens a new one. */
  const open = async () => {
    const opening = (runtime ??= ManagedRuntime.make(layer))
    try {
      await opening.context()
      return opening
    } catch (error) {
      if (runtime === opening) runtime = undefined
      throw error
    }
  }

  const start = <A, E>(work: Work<A, E>): Promise<A> => {
    if (closing !== undefined) return Promise.reject(new TurnoutClosed())
    const result = open().then((opened) => opened.runPromise(work))
    running.add(result)
    const done = () => running.delete(result)
    result.then(done, done)
    return result
  }

  const run = async <A, E>(work: Work<A, E>): Promise<A> => {
    try {
      return await start(work)
    } catch (error) {
      CallersLine.addTo(error)
      throw error
    }
  }

  /** The calls of these names and of no others, so that the compiler misses those of a name that is missing. */
  const calls = <Name extends keyof Calls>(
    names: Readonly<Record<Name, true>>,
    around: <A, E>(work: Work<A, E>) => Work<A, E | InvalidInput> = (work) => work
  ): Pick<Calls, Name> => {
    const call =
      (name: Name) =>
      (...args: ReadonlyArray<unknown>) =>
        run(around(useCase(name, args)))
    return Object.fromEntries(Struct.keys(names).map((name) => [name, call(name)])) as Pick<Calls, Name>
  }

  const subscribe = (options?: Subscription.SubscribeOptions) => ({
    async *[Symbol.asyncIterator]() {
      if (closing !== undefined) throw new TurnoutClosed()
      const context = await (await open()).context()
      const received = Stream.interruptWhen(Subscription.subscribe(options), Deferred.await(isOver))
      yield* Stream.toAsyncIterableWith(received, context)
    }
  })

  const end = async () => {
    Deferred.doneUnsafe(isOver, Exit.void)
    await Promise.allSettled(running)
    await runtime?.dispose()
  }
  const close = () => (closing ??= end())

  return {
    ...calls(Core.methods),
    within: (client) => calls(Core.methods, (work) => HostTransactions.use(({ join }) => join(client, work))),
    subscribe,
    ready: () => run(Core.Turnout.use((service) => service.ready)),
    close,
    [Symbol.asyncDispose]: close
  }
}
