/**
 * Sinks that are put together: each has a name of its own, or nothing is delivered to any.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as SqsSink from "@turnout/adapters/sqs"
import * as QueueUrl from "@turnout/adapters/sqs/queue-url"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import { Effect, Exit, Layer, Scope } from "effect"
import * as Given from "../support/Given.ts"

const REGION = "https://sqs.eu-central-1.amazonaws.com/123456789012/turnout.fifo"
const OTHER_REGION = "https://sqs.us-east-1.amazonaws.com/123456789012/turnout.fifo"

/** A sink that counts what it is given. */
const counting = (name: string, leadsTo?: string) => {
  const given = { entries: 0 }
  const sink: Sink = {
    name,
    ...(leadsTo === undefined ? {} : { leadsTo }),
    deliver: ({ deliveries }) =>
      Effect.sync(() => {
        given.entries += deliveries.length
        return deliveries.map(() => delivered)
      })
  }
  return { sink, given }
}

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))
type Services = Layer.Success<typeof services>
const run = <A, E>(effect: Effect.Effect<A, E, Services | Scope.Scope>) =>
  Effect.scoped(effect).pipe(Effect.provide(services))

const build = (layer: Layer.Layer<never, InvalidInput, Outbox | Replays>) => Effect.asVoid(Layer.build(layer))

const refused = (layer: Layer.Layer<never, InvalidInput, Outbox | Replays>) =>
  Effect.map(Effect.flip(Effect.scoped(build(layer))), ({ issues }) => issues)

describe("sinks of one name", () => {
  it.live("are refused together, with both and what to do, and nothing is delivered to any", () => {
    const [one, other, third] = [counting("mail", "a"), counting("sms"), counting("mail", "b")]
    return run(
      Effect.gen(function* () {
        yield* Given.publishedEvent({ capacity: 1 })
        const issues = yield* refused(Relay.layers([one.sink, other.sink, third.sink]))
        assert.deepStrictEqual(issues, [
          {
            field: "sinks",
            rule: 'two sinks have the name "mail", a and b: each would be given only some of the entries. Give each a name of its own'
          }
        ])
        assert.deepStrictEqual(
          [one, other, third].map(({ given }) => given.entries),
          [0, 0, 0]
        )
        assert.deepStrictEqual((yield* OutboxOperations.use(({ status }) => status)).sinks, [])
      })
    )
  })

  it.live("are refused one after the other, as long as the first is delivered to", () =>
    run(
      Effect.gen(function* () {
        const [one, other] = [counting("mail"), counting("mail")]
        const scope = yield* Scope.make()
        yield* Scope.provide(build(Relay.layer(one.sink)), scope)
        assert.include((yield* refused(Relay.layer(other.sink)))[0]!.rule, 'two sinks have the name "mail"')
        yield* build(Relay.layer(counting("sms").sink))
        yield* Scope.close(scope, Exit.void)
        yield* build(Relay.layer(other.sink))
      })
    )
  )

  it.live("are two workers of one sink, if they are the same or lead to the same place", () =>
    run(
      Effect.gen(function* () {
        const { sink } = counting("mail")
        yield* build(Relay.layer(sink))
        yield* build(Relay.layer(sink, { owner: "another" }))
        yield* build(Relay.layer(counting("sms", "there").sink))
        yield* build(Relay.layer(counting("sms", "there").sink))
        assert.strictEqual((yield* refused(Relay.layer(counting("sms", "elsewhere").sink))).length, 1)
      })
    )
  )

  it.live("belong to one store", () =>
    run(
      Effect.gen(function* () {
        yield* build(Relay.layer(counting("mail").sink))
        yield* build(Relay.layer(counting("mail").sink)).pipe(Effect.provide(Layer.fresh(Memory.layer)))
      })
    )
  )

  it.live("queues of two regions are told apart by names that are given", () =>
    run(
      Effect.gen(function* () {
        const credentials = { accessKeyId: "a", secretAccessKey: "b" }
        const sinkOf = (queueUrl: string, name?: string) =>
          SqsSink.make({ queueUrl, credentials, ...(name === undefined ? {} : { name }) })
        const [one, other] = [yield* sinkOf(REGION), yield* sinkOf(OTHER_REGION)]
        const [issue] = yield* refused(Relay.layers([one, other]))
        for (const told of [REGION, OTHER_REGION, "sqs:turnout.fifo"]) assert.include(issue!.rule, told)
        const [twice] = yield* refused(Relay.layers([one, yield* sinkOf(REGION, "again")]))
        assert.include(twice!.rule, `two sinks lead to ${REGION}`)
        for (const name of ["", "stdout", "stdout:mail", "projection:sales", "webhook:1", "a\nb", "a".repeat(201)]) {
          const { issues } = yield* Effect.flip(sinkOf(REGION, name))
          assert.deepStrictEqual(
            issues.map(({ field }) => field),
            ["name"],
            name
          )
        }
        assert.strictEqual((yield* sinkOf(OTHER_REGION, "sqs:us")).name, "sqs:us")
      })
    )
  )
})

describe("the URL of a queue", () => {
  const REGIONS: ReadonlyArray<readonly [string, string | undefined]> = [
    [REGION, "eu-central-1"],
    ["https://sqs.us-gov-west-1.amazonaws.com/1/q", "us-gov-west-1"],
    ["https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1"],
    ["https://sqs-fips.us-east-2.amazonaws.com/1/q", "us-east-2"],
    ["https://eu-west-1.queue.amazonaws.com/1/q", "eu-west-1"],
    ["https://vpce-1-a.sqs.ap-southeast-2.vpce.amazonaws.com/1/q", "ap-southeast-2"],
    ["http://sqs.us-east-1.localhost:4566/000000000000/q", "us-east-1"],
    ["https://queue.amazonaws.com/1/q", undefined],
    ["http://127.0.0.1:4566/000000000000/q", undefined],
    ["https://sqs.example.com/1/q", undefined]
  ]
  for (const [url, region] of REGIONS)
    it(`${url} names ${region ?? "no region"}`, () => assert.strictEqual(QueueUrl.regionOf(url), region))

  it("is the same however it is written", () => {
    const one = "http://a.example/000/turnout.fifo"
    for (const other of ["HTTP://A.example:80/000/turnout.fifo", "http://a.example/000/%74urnout.fifo?x=1"])
      assert.strictEqual(QueueUrl.normalized(other), one)
    for (const other of ["http://a.example/000/turnout%2Ffifo", "https://a.example/000/turnout.fifo"])
      assert.notStrictEqual(QueueUrl.normalized(other), one)
    assert.strictEqual(QueueUrl.normalized("http://a.example/%zz"), "http://a.example/%zz")
  })
})
