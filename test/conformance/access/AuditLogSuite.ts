/**
 * The contract of an audit log, and of the entries that the other stores write into it, as a suite. One line runs it on a
 * log and its stores:
 *
 * ```ts
 * suite("my audit log", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { AuditLog, type LoggedEntry } from "@turnout/core/access/ports/AuditLog"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { sinkOf } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"

const use = <A, E, R>(f: (log: AuditLog["Service"]) => Effect.Effect<A, E, R>) => AuditLog.use(f)

const latest = (limit: number, after: number | null = null) => use((log) => log.list({ after, limit }))

/** The entries after an id, in the order of their ids. */
const since = (last: number) => Effect.map(latest(200), (entries) => entries.filter(({ id }) => id > last).toReversed())

/** The id of the last entry. */
const last = Effect.map(latest(1), ([entry]) => entry?.id ?? 0)

const shown = ({ action, details, who }: LoggedEntry) => ({ who, action, details })

/** The largest difference between the clock of a store and that of the test. */
const TOLERANCE_MILLIS = 5_000

export const suite = <E>(
  name: string,
  layer: Layer.Layer<AuditLog | Outbox | OutboxOperations | Replays | WebhookStore, E>
): void => {
  describe(`audit log: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("gives back who did what and when, and the details as JSON gives them back", () =>
        Effect.gen(function* () {
          const at = new Date("2030-01-02T03:04:05.678Z")
          const before = Date.now()
          const details = {
            z: 1,
            a: [null, true, { 'the "key"\'': "äöü 🎟 \\ ' $1" }],
            at,
            none: undefined,
            big: 2 ** 53
          }
          yield* use((log) => log.note("Ada O'Hara, «ops»", "test.it's", details))
          const [entry] = yield* latest(1)
          assert.deepStrictEqual(shown(entry!), {
            who: "Ada O'Hara, «ops»",
            action: "test.it's",
            details: { z: 1, a: [null, true, { 'the "key"\'': "äöü 🎟 \\ ' $1" }], at: at.toISOString(), big: 2 ** 53 }
          })
          assert.deepStrictEqual(Object.keys(entry!.details), ["z", "a", "at", "big"], "in their order")
          assert.isAbove(entry!.at.getTime(), before - TOLERANCE_MILLIS)
          assert.isBelow(entry!.at.getTime(), Date.now() + TOLERANCE_MILLIS)
        })
      )

      it.effect("does not change with the object that was noted", () =>
        Effect.gen(function* () {
          const details = { ids: ["a"] }
          yield* use((log) => log.note("ada", "test.ids", details))
          details.ids.push("b")
          assert.deepStrictEqual((yield* latest(1))[0]?.details, { ids: ["a"] })
        })
      )

      it.effect("has an entry for each time that an action is repeated, the latest with the highest id", () =>
        Effect.gen(function* () {
          const before = yield* last
          for (let n = 0; n < 3; n++) yield* use((log) => log.note("ada", "test.again", {}))
          const entries = yield* since(before)
          assert.deepStrictEqual(
            entries.map(({ action }) => action),
            ["test.again", "test.again", "test.again"]
          )
          for (const [index, { id }] of entries.entries()) assert.isAbove(id, entries[index - 1]?.id ?? before)
        })
      )

      it.effect("keeps every entry of those that are written at the same time", () =>
        Effect.gen(function* () {
          const before = yield* last
          const numbers = Array.from({ length: 40 }, (_, n) => n)
          yield* Effect.forEach(numbers, (n) => use((log) => log.note(`operator ${n}`, "test.together", { n })), {
            concurrency: "unbounded"
          })
          const entries = yield* since(before)
          assert.strictEqual(new Set(entries.map(({ id }) => id)).size, numbers.length)
          assert.deepStrictEqual(
            entries.map(({ details, who }) => [details["n"], who]).toSorted(([a], [b]) => Number(a) - Number(b)),
            numbers.map((n) => [n, `operator ${n}`])
          )
        })
      )

      it.effect("lists the latest first, page by page, without entries that are written meanwhile", () =>
        Effect.gen(function* () {
          for (const n of [1, 2, 3, 4, 5]) yield* use((log) => log.note("ada", "test.page", { n }))
          const all = yield* latest(200)
          assert.deepStrictEqual(
            all.slice(0, 5).map(({ details }) => details["n"]),
            [5, 4, 3, 2, 1]
          )
          const pages: Array<ReadonlyArray<LoggedEntry>> = []
          do {
            pages.push(yield* latest(2, pages.at(-1)?.at(-1)?.id ?? null))
            yield* use((log) => log.note("grace", "test.meanwhile", {}))
          } while (pages.at(-1)!.length > 0)
          assert.deepStrictEqual(pages.flat(), all)
          assert.deepStrictEqual([pages[0]!.length, yield* latest(1, all.at(-1)!.id)], [2, []])
        })
      )

      it.effect(
        "has an entry for each change of a store, with the details of the decision, and none for a refusal",
        () =>
          Effect.gen(function* () {
            const [webhooks, replays, operations] = [yield* WebhookStore, yield* Replays, yield* OutboxOperations]
            const sink = `sink-${randomUUID()}`
            yield* Outbox.use((outbox) => outbox.register(sink, "beginning"))
            const [webhook, url, other] = [randomUUID(), "https://example.com/it's", "https://example.com/other"]
            const settings = {
              organizationId: null,
              url,
              types: ["EventCreated"],
              description: "",
              secret: "whsec_first",
              from: "now" as const
            }
            const nothing = { ...everything, message: randomUUID() }
            const before = yield* last

            yield* webhooks.create(webhook, settings, "ada")
            yield* webhooks.create(webhook, settings, "nobody")
            yield* webhooks.update(webhook, { url: other, types: null }, "grace")
            const { previousSecretUntil } = yield* webhooks.rotate(webhook, "whsec_second", 60_000, "ada")
            yield* use((log) => log.note("ada", "dlq.redrive", { from: "dead", to: "live", messages: 3 }))
            yield* webhooks.disable(webhook, "410", "turnout")
            yield* webhooks.enable(webhook, "ada")
            yield* webhooks.remove(webhook, "grace")
            yield* Effect.flip(webhooks.remove(webhook, "nobody"))
            const replay = yield* replays.start({ sink, selection: nothing, perSecond: null, who: "ada" })
            yield* replays.cancel(replay.id, "grace")
            yield* Effect.flip(replays.cancel(replay.id, "nobody"))
            yield* operations.forget(sink, "ada")
            yield* Effect.flip(operations.forget(sink, "nobody"))

            const entries = (yield* since(before)).map(shown)
            // Stores write a time in different forms.
            const until = entries.find(({ action }) => action === "webhooks.rotate")?.details["until"]
            assert.deepStrictEqual(new Date(String(until)), previousSecretUntil)
            const of = (who: string, action: string, details: Record<string, unknown>) => ({ who, action, details })
            assert.deepStrictEqual(entries, [
              of("ada", "webhooks.create", { webhook, url, types: ["EventCreated"] }),
              of("grace", "webhooks.update", { webhook, url: other, types: null }),
              of("ada", "webhooks.rotate", { webhook, until }),
              of("ada", "dlq.redrive", { from: "dead", to: "live", messages: 3 }),
              of("turnout", "webhooks.disable", { webhook, url: other, because: "410" }),
              of("ada", "webhooks.enable", { webhook, url: other }),
              of("grace", "webhooks.remove", { webhook, url: other }),
              of("grace", "outbox.forget", { sink: sinkOf(webhook) }),
              of("ada", "outbox.replay", { replay: replay.id, sink, selection: nothing, entries: 0 }),
              of("grace", "outbox.replay.cancel", { replay: replay.id, sink, sent: 0 }),
              of("ada", "outbox.forget", { sink })
            ])
          })
      )
    })
  })
}
