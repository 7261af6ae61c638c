/**
 * The contract of a store of replays about keys, as a suite: a store changes the replay that is named and no other. One
 * line runs it on a store:
 *
 * ```ts
 * suite("my replays", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { everything, type ReplayId } from "@turnout/core/delivery/domain/Replay"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { type HeldReplay, Replays } from "@turnout/core/delivery/ports/Replays"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

const LONG = 120_000

const use = <A, E, R>(f: (replays: Replays["Service"]) => Effect.Effect<A, E, R>) => Replays.use(f)

const claim = (sink: string) => use((replays) => replays.claim(sink, "worker", LONG))

/** A replay of a stream to a sink of its own, held by a relay. All of these have the same epoch. */
const heldReplay = Effect.gen(function* () {
  const sink = `sink ${randomUUID()}`
  yield* Outbox.use((outbox) => outbox.register(sink, "now"))
  const { id: stream } = yield* Given.publishedEvent()
  yield* use((replays) => replays.start({ sink, selection: { ...everything, stream }, perSecond: null, who: "ada" }))
  return (yield* claim(sink)) ?? assert.fail("there is nothing to claim")
})

const stateOf = (id: ReplayId) => use((replays) => replays.get(id))

type Change = (replays: Replays["Service"], held: HeldReplay) => Effect.Effect<unknown, unknown>

const advance = (replays: Replays["Service"], held: HeldReplay, state: "running" | "stopped" | "finished") =>
  replays.advance({ ...held, id: held.replay.id, sent: 1, state, error: state === "stopped" ? "no" : null }, LONG)

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | Outbox | OutboxOperations | Replays, E>
): void => {
  describe(`keys of replays: ${name}`, () => {
    const services = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect.each<readonly [string, Change]>([
        ["progress", (replays, held) => advance(replays, held, "running")],
        ["stopping", (replays, held) => advance(replays, held, "stopped")],
        ["finishing", (replays, held) => advance(replays, held, "finished")],
        ["cancelling", (replays, { replay }) => replays.cancel(replay.id, "ada")],
        [
          "resuming",
          (replays, held) => Effect.andThen(advance(replays, held, "stopped"), replays.resume(held.replay.id, "ada"))
        ],
        ["giving back", (replays, held) => replays.release({ ...held, id: held.replay.id })]
      ])("%s is about one replay", ([, change]) =>
        Effect.gen(function* () {
          const others = [yield* heldReplay]
          const own = yield* heldReplay
          others.push(yield* heldReplay)
          assert.deepStrictEqual(
            others.map(({ epoch }) => epoch),
            [own.epoch, own.epoch]
          )
          // One of the other replays is stopped.
          yield* use((replays) => advance(replays, others[1]!, "stopped"))
          const states = Effect.forEach(others, ({ replay }) => stateOf(replay.id))
          const before = yield* states
          yield* use((replays) => change(replays, own))
          assert.deepStrictEqual(yield* states, before)
          for (const { replay } of others)
            assert.isUndefined(yield* claim(replay.sink), "the replay is held, or stopped")
          assert.isDefined(yield* use((replays) => advance(replays, others[0]!, "running")), "the replay is held")
        })
      )

      it.effect("keeps the entries that it is still to send, until it is finished or cancelled", () =>
        Effect.gen(function* () {
          const soon = new Date(Date.now() + 60_000)
          const keepersOf = (id: ReplayId) =>
            Effect.map(
              OutboxOperations.use((operations) => operations.keepers(soon)),
              (all) => all.filter((keeper) => keeper._tag === "Replay" && keeper.replay === id)
            )
          const [own, other] = [yield* heldReplay, yield* heldReplay]
          const { id, sink } = own.replay
          const [keeper, ...others] = yield* keepersOf(id)
          assert.deepStrictEqual(others, [])
          assert.deepInclude(keeper, { _tag: "Replay", replay: id, sink, state: "running", sent: 0, total: 2 })
          assert.deepInclude(keeper, { startedAt: own.replay.startedAt })
          yield* use((replays) => advance(replays, own, "stopped"))
          assert.deepInclude((yield* keepersOf(id))[0], { state: "stopped", sent: 1 })
          yield* use((replays) => replays.cancel(id, "ada"))
          yield* use((replays) => advance(replays, other, "finished"))
          for (const { replay } of [own, other]) assert.deepStrictEqual(yield* keepersOf(replay.id), [])
        })
      )
    })
  })
}
