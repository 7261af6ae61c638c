/**
 * Dead letters in the API for operators: over real sockets, from an SQS in this process by the client of AWS.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as SqsDeadLetters from "@turnout/adapters/sqs/dead-letters"
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { toJson } from "@turnout/core/delivery/domain/Message"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { call, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

const silent = Logger.layer([])
const serve = (deadLetters: ReadonlyArray<DeadLetters>) =>
  Layer.fresh(Server.layer({ port: 0, adminToken: Redacted.make(TOKEN), deadLetters })).pipe(
    Layer.provideMerge(Turnout.layer()),
    Layer.provideMerge(Layer.fresh(Memory.layer)),
    Layer.merge(silent)
  )
type Services = Layer.Success<ReturnType<typeof serve>>

/** With a server that was told of these queues. */
const withQueues = <A, E>(
  given: ReadonlyArray<ReturnType<typeof sqs.deadLetterQueues>>,
  work: Effect.Effect<A, E, Services>
) =>
  Effect.gen(function* () {
    const letters = yield* Effect.forEach(given, ({ dead, live }) =>
      SqsDeadLetters.make({ queueUrl: dead.queueUrl, to: live.queueUrl, ...sqs.access() })
    )
    return yield* Effect.provide(work, serve(letters))
  }).pipe(Effect.scoped)

/** The messages of a stream of three entries. */
const messages = Effect.gen(function* () {
  const { id } = yield* Given.publishedEvent({ capacity: 5 })
  yield* Given.register(id, 1)
  const journal = yield* JournalReader
  const slices = yield* journal.read(yield* journal.positions("beginning"), 10)
  return slices.flatMap(({ deliveries }) => deliveries).map((delivery) => ({ ...delivery, json: toJson(delivery) }))
})

describe("dead letters in the API for operators", { timeout: 60_000 }, () => {
  it.live("are shown, and left where they are", () => {
    const one = sqs.deadLetterQueues()
    const other = sqs.deadLetterQueues()
    return withQueues(
      [one, other],
      Effect.gen(function* () {
        const [first] = yield* messages
        one.bury(first!.json, first!.eventId)
        one.bury("no message of ours", "another")
        const { body: known } = yield* call("GET", "/admin/dead-letters")
        assert.deepStrictEqual(
          known.items,
          [one, other].map(({ dead, live }) => ({ name: dead.name, to: live.name }))
        )
        const reply = yield* call("GET", `/admin/dead-letters/${one.dead.name}`)
        assert.deepInclude(reply.body, { name: one.dead.name, to: one.live.name, count: 2 })
        const [ours, theirs] = reply.body.items
        assert.deepInclude(ours, { group: first!.eventId, body: first!.json, receiveCount: 1 })
        assert.deepStrictEqual(ours.message, JSON.parse(first!.json))
        assert.deepInclude(theirs, { group: "another", body: "no message of ours", message: null })
        const few = yield* call("GET", `/admin/dead-letters/${one.dead.name}?limit=1`)
        assert.deepInclude(few.body.items[0], { id: ours.id, receiveCount: 2 })
        assert.strictEqual(few.body.items.length, 1)
        assert.strictEqual(one.dead.bodies().length, 2)
        const empty = yield* call("GET", `/admin/dead-letters/${other.dead.name}`)
        assert.deepInclude(empty.body, { count: 0, items: [] })
      })
    )
  })

  it.live("are moved back, all or some, and who did it is written down", () => {
    const queues = sqs.deadLetterQueues()
    const { bury, dead, live } = queues
    const at = `/admin/dead-letters/${dead.name}/redrive`
    return withQueues(
      [queues],
      Effect.gen(function* () {
        const [first, second, third] = yield* messages
        bury(first!.json, "a")
        bury(second!.json, "b")
        bury(third!.json, "c")
        const some = yield* call("POST", at, { body: { messages: [second!.id] } })
        assert.deepStrictEqual(some.body, { moved: 1, isMore: false })
        assert.deepStrictEqual(live.bodies(), [second!.json])
        assert.sameMembers(dead.bodies(), [first!.json, third!.json])
        const all = yield* call("POST", at, { body: {} })
        assert.deepStrictEqual(all.body, { moved: 2, isMore: false })
        assert.strictEqual(live.bodies().length, 3)
        assert.deepStrictEqual(dead.bodies(), [])
        const { body: audit } = yield* call("GET", "/admin/audit?action=dlq.redrive")
        const details = { from: dead.name, to: live.name }
        assert.deepStrictEqual(
          audit.items.map(({ action, details, who }: Record<string, unknown>) => [action, who, details]),
          [
            ["dlq.redrive", "operator", { ...details, messages: 2 }],
            ["dlq.redrive", "operator", { ...details, messages: 1 }]
          ]
        )
      })
    )
  })

  it.live("are moved in parts if there are many, those of a group in order", () => {
    const queues = sqs.deadLetterQueues()
    const { bury, dead, live } = queues
    const bodies = Array.from({ length: 103 }, (_, number) => `letter ${number}`)
    for (const body of bodies) bury(body)
    const redrive = call("POST", `/admin/dead-letters/${dead.name}/redrive`, { body: {} })
    return withQueues(
      [queues],
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* redrive).body, { moved: 100, isMore: true })
        assert.deepStrictEqual(dead.bodies(), bodies.slice(100))
        assert.deepStrictEqual((yield* redrive).body, { moved: 3, isMore: false })
        assert.deepStrictEqual(live.bodies(), bodies)
      })
    )
  })

  it.live("are told to be out of reach while others of their group stand before them", () => {
    const queues = sqs.deadLetterQueues()
    const { bury, dead, live } = queues
    const at = `/admin/dead-letters/${dead.name}/redrive`
    return withQueues(
      [queues],
      Effect.gen(function* () {
        const [first, second, third] = yield* messages
        bury(first!.json, "a")
        bury(second!.json, "a")
        bury(third!.json, "b")
        const facts = { missing: [second!.id], groups: [{ group: "a", before: [first!.id] }] }
        const told = yield* call("POST", at, { body: { messages: [second!.id, third!.id] } })
        assert.strictEqual(told.status, 409)
        assert.deepInclude(told.body, { code: "dead_letters_out_of_reach", moved: 1, ...facts })
        assert.include(told.body.detail, `${first!.id} in the group a`)
        assert.deepStrictEqual(live.bodies(), [third!.json])
        const again = yield* call("POST", at, { body: { messages: [second!.id] } })
        assert.strictEqual(again.status, 409)
        assert.deepInclude(again.body, { code: "dead_letters_out_of_reach", moved: 0 })
        const both = yield* call("POST", at, { body: { messages: [second!.id, first!.id] } })
        assert.deepStrictEqual(both.body, { moved: 2, isMore: false })
        assert.deepStrictEqual(live.bodies(), [third!.json, first!.json, second!.json])
      })
    )
  })

  it.live("are written down as far as they were moved before the queue went away", () => {
    const queues = sqs.deadLetterQueues()
    const { bury, dead, live } = queues
    bury("one", "a")
    bury("two", "b")
    return Effect.gen(function* () {
      const letters = yield* SqsDeadLetters.make({ queueUrl: dead.queueUrl, to: live.queueUrl, ...sqs.access() })
      const failing: DeadLetters = {
        ...letters,
        redrive: (asked) =>
          Effect.andThen(
            letters.redrive({ ...asked, most: 1 }),
            SqsDeadLetters.make({ queueUrl: `${dead.queueUrl}-gone`, to: live.queueUrl, ...sqs.access() }).pipe(
              Effect.orDie,
              Effect.flatMap((gone) => gone.redrive(asked)),
              Effect.scoped
            )
          )
      }
      yield* Effect.gen(function* () {
        const reply = yield* call("POST", `/admin/dead-letters/${dead.name}/redrive`, { body: {} })
        assert.deepStrictEqual([reply.status, reply.body.code], [503, "queue_unavailable"])
        assert.strictEqual(reply.headers.get("retry-after"), "1")
        assert.include(reply.body.reason, "The queue cannot be reached")
        assert.notInclude(JSON.stringify(reply.body), " at ", "no stack")
        const { body: audit } = yield* call("GET", "/admin/audit?action=dlq.redrive")
        assert.deepInclude(audit.items[0], {
          action: "dlq.redrive",
          details: { from: dead.name, to: live.name, messages: 1 }
        })
      }).pipe(Effect.provide(serve([failing])))
    }).pipe(Effect.scoped)
  })

  it.live("are refused where a request is wrong, and nothing is moved", () => {
    const queues = sqs.deadLetterQueues()
    const { bury, dead } = queues
    bury("one")
    const at = `/admin/dead-letters/${dead.name}`
    const wrong: ReadonlyArray<readonly [string, string, unknown, number, string]> = [
      ["GET", "/admin/dead-letters/none", undefined, 404, "dead_letters_not_found"],
      ["POST", "/admin/dead-letters/none/redrive", {}, 404, "dead_letters_not_found"],
      ["GET", `${at}?limit=0`, undefined, 400, "validation_failed"],
      ["GET", `${at}?limit=501`, undefined, 400, "validation_failed"],
      ["GET", "/admin/dead-letters/a%00b", undefined, 400, "validation_failed"],
      ["POST", `${at}/redrive`, { messages: [] }, 400, "validation_failed"],
      ["POST", `${at}/redrive`, { messages: [""] }, 400, "validation_failed"],
      ["POST", `${at}/redrive`, { messages: Array.from({ length: 101 }, String) }, 400, "validation_failed"],
      ["POST", `${at}/redrive`, { to: "http://127.0.0.1/elsewhere" }, 400, "validation_failed"],
      ["POST", `${at}/redrive`, undefined, 415, "unsupported_media_type"],
      ["GET", `${at}/redrive`, undefined, 405, "method_not_allowed"]
    ]
    return withQueues(
      [queues],
      Effect.gen(function* () {
        for (const [method, path, body, status, code] of wrong) {
          const reply = yield* call(method, path, { body })
          assert.deepStrictEqual([reply.status, reply.body.code], [status, code], `${method} ${path}`)
        }
        assert.strictEqual((yield* call("POST", `${at}/redrive`, { body: {}, token: null })).status, 401)
        assert.deepStrictEqual(dead.bodies(), ["one"])
        assert.deepStrictEqual((yield* call("GET", "/admin/audit?action=dlq.redrive")).body.items, [])
      })
    )
  })

  it("are of queues with different names", () => {
    const letters = { name: "dead", to: "live" } as DeadLetters
    assert.throws(() => serve([letters, letters]), /deadLetters: two queues have the same name/)
  })
})
