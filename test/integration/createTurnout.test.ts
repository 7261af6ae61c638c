import { describe, it } from "@effect/vitest"
import { createTurnout, isTurnoutError, TurnoutClosed } from "turnout"
import * as Memory from "@turnout/adapters/memory"
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import * as Core from "@turnout/core/admission/application/Turnout"
import { AlreadyRegistered } from "@turnout/core/admission/domain/model/Registration"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect, promisify } from "node:util"
import { afterEach, assert } from "vitest"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const closing: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A Turnout that is closed after the test. */
const open = (options?: Parameters<typeof createTurnout>[0]) => {
  const turnout = createTurnout(options)
  closing.push(turnout.close)
  return turnout
}

const temporaryFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-test-"))
  closing.push(async () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const published = async (turnout: ReturnType<typeof createTurnout>, capacity = 1) => {
  const { id } = await turnout.createEvent(Given.eventInput({ capacity }))
  return turnout.publishEvent(id)
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("should have rejected"),
    (error: unknown) => error
  )

describe("createTurnout", () => {
  it("rejects with errors that lead to the caller, and print as errors", async () => {
    const turnout = open()
    const askForNothing = async () => {
      await turnout.getEvent("01a1fc98-aa31-70bb-aea8-a708368a1d5e")
    }
    const register = async () => {
      await turnout.register("no id", {} as never)
    }
    for (const [ask, name, words] of [
      [askForNothing, "EventNotFound", "There is no event 01a1fc98-aa31-70bb-aea8-a708368a1d5e."],
      [register, "InvalidInput", "eventId: must be a UUID"]
    ] as const) {
      const error = await failure(ask())
      assert.instanceOf(error, Error)
      const [head, first] = (error as Error).stack!.split("\n")
      assert.strictEqual(head, `${name}: ${words}`)
      assert.match(first!, new RegExp(`^ {4}at (?:async )?${ask.name} .*createTurnout\\.test\\.ts:\\d+:\\d+\\)$`))
      assert.include(inspect(error), (error as Error).stack!)
    }
    // Nobody is known to wait.
    const stack = await new Promise((resolve) => {
      turnout.getEvent("no id").catch(({ stack: own }: Error) => resolve(own))
    })
    assert.match(String(stack), /^InvalidInput: eventId: must be a UUID\n/)
  })

  it.each([
    ["a folder", "./none", ["@effect/sql-pg"], "@effect/sql-pg @electric-sql/pglite"],
    ["a folder", "./none", ["@electric-sql/pglite"], "@effect/sql-pg @electric-sql/pglite"],
    ["a server", "postgres://127.0.0.1:1/none", ["@effect/sql-pg", "@electric-sql/pglite"], "@effect/sql-pg"]
  ])("names at once all that %s needs and is not installed", async (_what, database, missing, needed) => {
    const hooks = `
      import { registerHooks } from "node:module"
      registerHooks({
        resolve: (name, context, next) => {
          if (!${JSON.stringify(missing)}.includes(name)) return next(name, context)
          throw Object.assign(new Error("Cannot find package " + name), { code: "ERR_MODULE_NOT_FOUND" })
        }
      })`
    const program = `
      import { createTurnout } from "turnout"
      await createTurnout({ database: ${JSON.stringify(database)} }).ready().catch((error) => console.log(error.message))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        "--conditions=@turnout/source",
        "--import",
        `data:text/javascript,${encodeURIComponent(hooks)}`,
        "--input-type=module",
        "--eval",
        program
      ],
      { timeout: 20_000 }
    )
    assert.include(stdout, `this database needs: npm install ${needed}\n`)
  })

  it("in memory, keeps no program alive that has come to its end, and is closed where its block ends", async () => {
    const program = `
      import { createTurnout } from "turnout"
      const stays = createTurnout()
      await stays.ready()
      let closed
      {
        await using turnout = createTurnout()
        const event = ${JSON.stringify(Given.eventInput())}
        await turnout.createEvent({ ...event, startsAt: new Date(event.startsAt), endsAt: new Date(event.endsAt) })
        closed = turnout
      }
      await closed.ready().catch(({ _tag }) => console.log(_tag))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@turnout/source", "--input-type=module-typescript", "--eval", program],
      { timeout: 20_000 }
    )
    assert.strictEqual(stdout, "TurnoutClosed\n")
  })

  it("has every function of the service but those for decoded commands", async () => {
    const turnout: Readonly<Record<string, unknown>> = open()
    const service = await Effect.runPromise(
      Core.Turnout.use(Effect.succeed).pipe(Effect.provide(Core.layer()), Effect.provide(Memory.layer))
    )
    const expected = Object.entries(service).flatMap(([name, value]) =>
      typeof value === "function" && name !== "execute" && name !== "executeAll" ? [name] : []
    )
    const others = ["within", "subscribe", "ready", "close"]
    assert.strictEqual(turnout[Symbol.asyncDispose as never], turnout["close"])
    assert.sameMembers(Object.keys(turnout), [...expected, ...others])
    for (const name of expected) assert.isFunction(turnout[name], name)
  })

  it("rejects with the classes of the domain, with their tag and their facts", async () => {
    const turnout = open()
    const event = await published(turnout)
    const { registration } = await turnout.register(event.id, Given.person(1))
    const error = await failure(turnout.register(event.id, Given.person(1)))
    assert.instanceOf(error, AlreadyRegistered)
    assert.instanceOf(error, Error)
    assert.isTrue(isTurnoutError(error))
    assert.strictEqual((error as AlreadyRegistered)._tag, "AlreadyRegistered")
    assert.strictEqual((error as AlreadyRegistered).registrationId, registration.id)
  })

  it.each([
    ["eventId", ["not an id", Given.person(1)]],
    ["attendee", ["01a1fc98-aa31-70bb-aea8-a708368a1d5e", undefined]],
    ["attendee", ["01a1fc98-aa31-70bb-aea8-a708368a1d5e", {}]],
    ["attendee.email", ["01a1fc98-aa31-70bb-aea8-a708368a1d5e", { attendee: { email: "nobody" } }]],
    ["attendee.mail", ["01a1fc98-aa31-70bb-aea8-a708368a1d5e", { attendee: { email: "a@b", mail: "a@b" } }]],
    ["idempotencyKey", ["01a1fc98-aa31-70bb-aea8-a708368a1d5e", Given.person(1), { idempotencyKey: "" }]],
    ["actor", ["01a1fc98-aa31-70bb-aea8-a708368a1d5e", Given.person(1), { actor: 7 }]]
  ])("names the field %s of bad input", async (field, args) => {
    const register = open().register as (...args: ReadonlyArray<unknown>) => Promise<unknown>
    const error = await failure(register(...args))
    assert.instanceOf(error, InvalidInput)
    const fields = (error as InvalidInput).issues.map((issue) => issue.field)
    assert.isTrue(fields.includes(field) || (field === "attendee" && fields.includes("")), fields.join())
  })

  it("takes a field that is undefined as absent", async () => {
    const turnout = open()
    const event = await turnout.createEvent({ ...Given.eventInput(), description: undefined } as never)
    assert.strictEqual(event.description, "")
  })

  it.each([
    [{ database: "" }, "database"],
    [{ database: "postgres://[bad" }, "database"],
    [{ schema: "a-b" }, "schema"],
    [{ schema: "pg_mine" }, "schema"],
    [{ poolSize: 0 }, "poolSize"],
    [{ idempotencyTtlMillis: Number.NaN }, "idempotencyTtlMillis"],
    [{ idempotencyTtlMillis: 0 }, "idempotencyTtlMillis"],
    [{ lanes: 0 }, "lanes"],
    [{ maxBatch: 1.5 }, "maxBatch"],
    [{ maxWaiting: -1 }, "maxWaiting"],
    [{ commandTimeoutMillis: 0 }, "commandTimeoutMillis"],
    [{ drainMillis: Number.POSITIVE_INFINITY }, "drainMillis"],
    [{ database: "memory:", colour: "red" }, "colour"]
  ])("refuses the options %j", (options, field) => {
    assert.throws(() => createTurnout(options as never), InvalidInput, new RegExp(`^${field}: `))
  })

  it("refuses what is too much at once, and says when to come back", async () => {
    const turnout = open({ maxWaiting: 2 })
    const event = await published(turnout)
    const send = (n: number) => turnout.register(event.id, Given.person(n))
    const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => send(n)))
    const refused = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []))
    assert.isNotEmpty(refused)
    for (const error of refused) {
      assert.isTrue(isTurnoutError(error))
      assert.instanceOf(error, Overloaded)
      assert.isAtLeast((error as Overloaded).retryAfterMillis, 1)
    }
    const { items } = await turnout.listRegistrations(event.id)
    assert.strictEqual(items.length, settled.length - refused.length)
    assert.strictEqual((await send(21)).registration.state, "waitlisted")
  })

  it("keeps data in a folder across restarts", async () => {
    const database = join(temporaryFolder(), "data")
    const first = createTurnout({ database })
    const event = await published(first)
    await first.close()
    const second = open({ database })
    assert.deepStrictEqual(await second.getEvent(event.id), event)
  })

  it("refuses a folder that is in use, and a folder that is none", async () => {
    const folder = temporaryFolder()
    const database = join(folder, "data")
    await open({ database }).ready()
    const inUse = await failure(open({ database }).ready())
    assert.instanceOf(inUse, StoreError)
    assert.match((inUse as StoreError).message, /in use by this process/)
    writeFileSync(join(folder, "file"), "")
    const noFolder = await failure(open({ database: join(folder, "file") }).ready())
    assert.instanceOf(noFolder, StoreError)
    assert.include((noFolder as StoreError).message, `${join(folder, "file")} is not a folder; use another folder`)
  })

  it("forgets idempotency keys when it is told to", async () => {
    const turnout = open({ idempotencyTtlMillis: 1_000 })
    const event = await published(turnout)
    const send = () => turnout.register(event.id, Given.person(1), { idempotencyKey: "once" })
    const first = await send()
    assert.deepStrictEqual(await send(), first)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    assert.instanceOf(await failure(send()), AlreadyRegistered)
  })

  it("names every bad field at once", async () => {
    const error = await failure(open().createEvent({ title: "", capacity: -1 } as never))
    const fields = (error as InvalidInput).issues.map(({ field }) => field)
    assert.includeMembers(fields, ["title", "capacity", "organizer", "startsAt", "endsAt", "timeZone"])
  })

  it("answers what was called before close, and refuses what is called after", async () => {
    const turnout = createTurnout({ database: temporaryFolder() })
    const event = await published(turnout, 5)
    const called = Array.from({ length: 10 }, (_, n) => turnout.register(event.id, Given.person(n)))
    await turnout.close()
    const answers = await Promise.all(called)
    assert.strictEqual(answers.filter(({ registration }) => registration.state === "confirmed").length, 5)
    assert.instanceOf(await failure(turnout.getEvent(event.id)), TurnoutClosed)
    await turnout.close()
  })

  it.live("can be used once the database is up, though it was down at first", () =>
    Effect.gen(function* () {
      const url = new URL(yield* TestDatabase.make)
      const { hostname, port } = url
      const proxy = yield* Effect.promise(() => reservePort())
      url.host = `127.0.0.1:${proxy.port}`
      const turnout = open({ database: url.href })
      const down = yield* Effect.promise(() => failure(turnout.ready()))
      assert.strictEqual((down as StoreError).reason._tag, "Unavailable")
      yield* Effect.acquireRelease(
        Effect.promise(() => proxy.forward(hostname, Number(port || 5432))),
        (stop) => Effect.promise(stop)
      )
      yield* Effect.promise(() => turnout.ready())
      yield* Effect.promise(() => turnout.close())
    }).pipe(Effect.scoped)
  )
})

/** A free port that nobody listens on until it is forwarded. */
const reservePort = async () => {
  const { connect } = await import("node:net")
  const listen = (server: ReturnType<typeof createServer>, port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once("error", reject)
      server.listen(port, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
    })
  const reserved = createServer()
  const port = await listen(reserved, 0)
  await new Promise((resolve) => reserved.close(resolve))
  const forward = async (hostname: string, target: number) => {
    const server = createServer((client) => {
      const upstream = connect(target, hostname)
      client.on("error", () => upstream.destroy()).pipe(upstream)
      upstream.on("error", () => client.destroy()).pipe(client)
    })
    await listen(server, port)
    return () => new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { port, forward }
}

describe("the examples", () => {
  it.each(["with-effect", "without-effect"])("%s runs as the README says", async (name) => {
    const { run } = (await import(`../../examples/${name}.ts`)) as { run: () => Promise<unknown> }
    assert.deepStrictEqual(await run(), { waited: 1, afterwards: "confirmed", again: "already confirmed" })
  })

  it("gives the journal as it is written, to anybody who listens, until it is closed", async () => {
    const turnout = open()
    const event = await published(turnout, 2)
    const types: Array<string> = []
    const cursors: Array<string> = []
    const listening = (async () => {
      for await (const received of turnout.subscribe({ from: "beginning" })) {
        types.push(received.event._tag)
        cursors.push(received.cursor)
        if (types.length === 2) await turnout.register(event.id, Given.person(1))
        if (types.length === 3) break
      }
    })()
    await listening
    assert.deepStrictEqual(types, ["EventCreated", "EventPublished", "AttendeeRegistered"])
    const behind = turnout.subscribe({ from: { cursor: cursors[0]! }, types: ["AttendeeRegistered"] })
    const first = await behind[Symbol.asyncIterator]().next()
    assert.strictEqual(first.done === true ? "" : first.value.event._tag, "AttendeeRegistered")

    const waiting = turnout.subscribe()[Symbol.asyncIterator]().next()
    await new Promise((resolve) => setTimeout(resolve, 50))
    await turnout.close()
    assert.deepStrictEqual(await waiting, { done: true, value: undefined })
    assert.instanceOf(await failure(turnout.subscribe()[Symbol.asyncIterator]().next()), TurnoutClosed)
  })

  it("rejects a subscription whose options break a rule", async () => {
    const subscription = open().subscribe({ from: { cursor: "what" } })
    assert.instanceOf(await failure(subscription[Symbol.asyncIterator]().next()), InvalidInput)
  })
})
