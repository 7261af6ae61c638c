/**
 * Calls of several clients to two services on one store, in whatever order fast-check lets what they wait for go on.
 */
import * as MemoryStore from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Context, Effect, Layer, ManagedRuntime, Result } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { checkRegistrations, type Operation } from "../simulation/Checkers.ts"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"

const RUNS = 300
const SEATS = 2

/** What a client does one after the other: registers somebody, or cancels what it registered last. */
type Script = ReadonlyArray<{ readonly what: "register" | "cancel"; readonly person: number; readonly service: number }>

const scripts: fc.Arbitrary<ReadonlyArray<Script>> = fc.array(
  fc.array(
    fc.record({
      what: fc.constantFrom("register" as const, "register" as const, "cancel" as const),
      person: fc.integer({ min: 1, max: 5 }),
      service: fc.nat(1)
    }),
    { minLength: 1, maxLength: 4 }
  ),
  { minLength: 2, maxLength: 4 }
)

/** A store to which every transaction takes its time, and so does its answer. */
const slow = (store: AdmissionStore["Service"], scheduler: fc.Scheduler): AdmissionStore["Service"] => {
  const wait = (label: string) => Effect.promise(() => scheduler.schedule(Promise.resolve(), label))
  return AdmissionStore.of({
    ...store,
    transact: (events, close) =>
      wait("a transaction begins").pipe(
        Effect.andThen(store.transact(events, close)),
        Effect.tap(() => wait("its answer comes"))
      )
  })
}

describe("concurrent calls", { timeout: 120_000 }, () => {
  it("G1, I1, R1–R4, W1–W6: leave a history that could have been made one by one, in every schedule", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, all) => {
        const runtime = ManagedRuntime.make(MemoryStore.layer)
        const store = await runtime.runPromise(AdmissionStore)
        const reads = await runtime.runPromise(AdmissionReads)
        const serviceOn = (own: AdmissionStore["Service"]) =>
          Layer.build(
            Turnout.layer({ maxBatch: 2 }).pipe(
              Layer.provide([Layer.succeed(AdmissionStore, own), Layer.succeed(AdmissionReads, reads)])
            )
          )
        await runtime.runPromise(
          Effect.gen(function* () {
            const plain = yield* serviceOn(store)
            const { id } = yield* Effect.provide(Given.publishedEvent({ capacity: SEATS }), plain)
            const services = [yield* serviceOn(slow(store, scheduler)), yield* serviceOn(slow(store, scheduler))]
            const operations: Array<Operation> = []
            let clock = 0
            const client = Effect.fnUntraced(function* (name: string, script: Script) {
              let own: string | undefined
              for (const [n, { person, service, what }] of script.entries()) {
                if (what === "cancel" && own === undefined) continue
                const key = `${name} ${n}`
                const operation: Operation = {
                  key,
                  what,
                  eventId: id,
                  attendee: `mailto:person-${person}@example.com`,
                  startedAt: ++clock,
                  endedAt: Infinity,
                  answers: []
                }
                operations.push(operation)
                const { cancelRegistration, register } = Context.get(services[service]!, Turnout.Turnout)
                const options = { idempotencyKey: key }
                const asked: Effect.Effect<Registration, { readonly _tag: string }> =
                  what === "register"
                    ? Effect.map(register(id, Given.person(person), options), ({ registration }) => registration)
                    : cancelRegistration(id, own!, options)
                const result = yield* Effect.result(asked)
                operation.endedAt = ++clock
                if (Result.isSuccess(result)) {
                  const registration = result.success
                  if (what === "register") own = registration.id
                  const text = `${registration.id} ${registration.state}`
                  operation.answers.push({ isOk: true, text, registrationId: registration.id })
                } else operation.answers.push({ isOk: false, text: result.failure._tag })
              }
            })
            const clients = Effect.runPromise(
              Effect.all(
                all.map((script, index) => client(`client ${index}`, script)),
                { concurrency: "unbounded" }
              )
            )
            yield* Effect.promise(() => scheduler.waitFor(clients))
            const taken = yield* Effect.provide(Invariants.snapshot(id), plain)
            Invariants.check(taken)
            assert.deepStrictEqual(checkRegistrations({ operations, journals: new Map([[id, taken.journal]]) }), [])
          }).pipe(Effect.scoped)
        )
        await runtime.dispose()
      }),
      { numRuns: RUNS }
    )
  })
})
