/**
 * Commands of many commits that do not come to their end: what was done is told, in words and in the document, beside what
 * kept them from going on; and never that nothing has changed.
 */
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { userInfo } from "node:os"
import { assert, describe, inject, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

const UNKNOWN = "00000000-0000-4000-8000-000000000000"

// oxlint-disable-next-line typescript/no-explicit-any -- documents of all kinds
type Any = any

const json = async (turnout: CommandLine.CommandLine, ...args: ReadonlyArray<string>) => {
  const { document, ...ended } = await turnout.json(...args)
  return { ...ended, document: document as Any }
}

const assertHonest = ({ stderr, stdout }: CommandLine.Ended) => {
  assert.notMatch(stdout + stderr, /nothing (has|was) changed/i)
  assert.notMatch(stdout + stderr, /\n\s+at .+:\d+/)
  assert.match(stderr, /error: /)
}

/** Ends the connection of whoever changes a row of this kind, every time. */
const loseAt = (turnout: CommandLine.CommandLine, table: string, operation: string, when: string) =>
  CommandLine.sql(
    turnout.database!,
    `CREATE OR REPLACE FUNCTION turnout.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL;
END $$`,
    `CREATE TRIGGER lose BEFORE ${operation} ON turnout.${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION turnout.lose()`
  )
/** Fails at whoever changes a row of this kind, and leaves the connection. */
const failAt = async (turnout: CommandLine.CommandLine, table: string, operation: string, when: string) => {
  await loseAt(turnout, table, operation, when)
  await CommandLine.sql(
    turnout.database!,
    "CREATE OR REPLACE FUNCTION turnout.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'boom'; END $$"
  )
}
const mend = (turnout: CommandLine.CommandLine, table: string) =>
  CommandLine.sql(turnout.database!, `DROP TRIGGER lose ON turnout.${table}`)

const count = async (turnout: CommandLine.CommandLine, from: string) => {
  const [row] = await CommandLine.sql(turnout.database!, `SELECT count(*)::int AS count FROM turnout.${from}`)
  return (row as { readonly count: number }).count
}

const csv = (people: number) => `email\n${CommandLine.upTo(people).map(CommandLine.email).join("\n")}\n`
const EVENT = ["--title", "Party", "--capacity", "400"]

/** An event with people, and their ids in the order of entry. */
const given = async (turnout: CommandLine.CommandLine, people: number) => {
  const file = turnout.write("people.csv", csv(people))
  const { eventId } = (await turnout.json("import", file, ...EVENT)).document
  const { items } = (await turnout.json("registrations", "list", eventId, "--limit", "500")).document
  return { eventId, ids: items.map(({ id }) => id) }
}

describe("registrations cancel", { timeout: 180_000 }, () => {
  it.concurrent("writes who it was into the journal, as the other commands write it into the audit log", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId, ids } = await given(turnout, 2)
    for (const [id, ...as] of [[ids[0]!, "--as", "ada"], [ids[1]!]])
      assert.strictEqual((await turnout.run("registrations", "cancel", eventId, id!, ...as)).code, 0)
    const actors = await CommandLine.sql(
      turnout.database!,
      "SELECT actor FROM turnout.journal WHERE type = 'RegistrationCancelled' ORDER BY seq"
    )
    assert.deepStrictEqual(
      actors.map((row) => (row as { readonly actor: string }).actor),
      ["ada", userInfo().username]
    )
  })

  it.concurrent("looks at every id before it changes anything", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId, ids } = await given(turnout, 2)
    const [ada, bob] = ids as [string, string]
    const malformed = await json(turnout, "registrations", "cancel", eventId, ada, "not-an-id", bob, "nor this")
    assert.deepStrictEqual(malformed.code, 2)
    for (const told of ['"not-an-id"', '"nor this"', "UUID"]) assert.include(malformed.document.error.message, told)
    const missing = await json(turnout, "registrations", "cancel", eventId, ada, UNKNOWN, bob)
    assert.deepStrictEqual(
      [missing.code, missing.document.cancelled, missing.document.failed[0].id, missing.document.notDone],
      [1, [], UNKNOWN, [ada, bob]]
    )
    const noEvent = await json(turnout, "registrations", "cancel", UNKNOWN, ada)
    assert.deepStrictEqual([noEvent.code, noEvent.document.error._tag], [1, "EventNotFound"])
    assert.strictEqual(await count(turnout, "registrations WHERE state = 'cancelled'"), 0)

    const twice = await json(turnout, "registrations", "cancel", eventId, ada, ada.toUpperCase(), ada)
    assert.deepStrictEqual([twice.code, twice.document.cancelled.length], [0, 1])
  })

  it.concurrent("tells who was cancelled before the store was lost", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId, ids } = await given(turnout, 3)
    await loseAt(turnout, "registrations", "UPDATE", `OLD.id = '${ids[1]}'`)

    const words = await turnout.run("registrations", "cancel", eventId, ...ids)
    assertHonest(words)
    assert.deepStrictEqual([words.code, words.stdout], [1, `cancelled ${ids[0]} of ${CommandLine.email(1)}\n`])
    for (const told of ["store", ids[1]!, ids[2]!]) assert.include(words.stderr, told)

    const ended = await json(turnout, "registrations", "cancel", eventId, ...ids)
    assertHonest(ended)
    const { cancelled, error, failed, notDone, unknown = [] } = ended.document
    assert.deepStrictEqual(
      [ended.code, cancelled.map(({ id }: Any) => id), failed, [...unknown, ...notDone]],
      [1, [ids[0]], [], ids.slice(1)]
    )
    assert.include(["Unavailable", "OutcomeUnknown"], error._tag)
    await mend(turnout, "registrations")
    assert.strictEqual((await turnout.run("registrations", "cancel", eventId, ...ids)).code, 0)
  })

  it.concurrent("tells who was cancelled before it was stopped, and lets the one under way end", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId, ids } = await given(turnout, 400)
    const running = turnout.start(["registrations", "cancel", eventId, ...ids, "--json"])
    const cancelled = "registrations WHERE state = 'cancelled'"
    while ((await count(turnout, cancelled)) < 20) await new Promise((resolve) => setTimeout(resolve, 5))
    const unlock = await CommandLine.lockEvents(turnout.database!)
    await CommandLine.untilBlocked(turnout.database!)
    running.process.kill("SIGTERM")
    await new Promise((resolve) => setTimeout(resolve, 200))
    await unlock()
    const ended = await running.ended
    assertHonest(ended)
    const document = CommandLine.documentOf(ended) as Any
    assert.deepStrictEqual([ended.code, document.error.message.includes("Stopped by SIGTERM")], [1, true])
    assert.strictEqual(document.cancelled.length, await count(turnout, cancelled))
    assert.deepStrictEqual([...document.cancelled.map(({ id }: Any) => id), ...document.notDone], ids)
  })
})

describe("import", { timeout: 180_000 }, () => {
  it.concurrent(
    "that loses the store says how far it has come, and goes on when the file is imported again",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      await turnout.run("migrate", "up")
      const file = turnout.write("people.csv", csv(900).replace(CommandLine.email(3), "nobody"))
      await loseAt(turnout, "registrations", "INSERT", `NEW.email = '${CommandLine.email(600)}'`)

      const words = await turnout.run("import", file, ...EVENT)
      assertHonest(words)
      assert.strictEqual(words.code, 1)
      assert.match(words.stdout, /^400 confirmed, 99 waitlisted\.\n0 refused, 1 invalid\.\nEvent \S+\n$/)
      assert.match(words.stderr, /^people\.csv:4 email: .*\nerror: .*store/)
      assert.include(words.stderr, "500 of 900 rows are dealt with, those before line 502.")
      assert.include(words.stderr, "Importing the same file again")
      assert.strictEqual(await count(turnout, "registrations"), 499)

      await mend(turnout, "registrations")
      const again = await json(turnout, "import", file, ...EVENT)
      const { confirmed, invalid, unchanged, waitlisted } = again.document
      assert.deepStrictEqual([again.code, confirmed, waitlisted, unchanged, invalid], [1, 0, 400, 499, 1])
      assert.deepStrictEqual([await count(turnout, "events"), await count(turnout, "registrations")], [1, 899])
    }
  )

  it.concurrent("that fails is told in the document as well", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const file = turnout.write("people.csv", csv(600))
    await failAt(turnout, "registrations", "INSERT", `NEW.email = '${CommandLine.email(300)}'`)
    const ended = await json(turnout, "import", file, ...EVENT)
    assertHonest(ended)
    const { confirmed, error, eventId, notDone, rows, rowsDone, unknown } = ended.document
    assert.deepStrictEqual(
      [ended.code, confirmed, rows, rowsDone, unknown, notDone, error._tag, typeof eventId],
      [1, 250, 600, 250, undefined, { rows: 350, fromLine: 252, toLine: 601 }, "Unexpected", "string"]
    )
    assert.match(ended.stderr, /^error: The store failed: .*boom/)
  })

  it.concurrent("of which nobody knows whether its last rows are in says which", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const file = turnout.write("people.csv", csv(600))
    await loseAt(turnout, "registrations", "INSERT", `NEW.email = '${CommandLine.email(300)}'`)
    const ended = await json(turnout, "import", file, ...EVENT)
    assertHonest(ended)
    const { error, notDone, rowsDone, unknown } = ended.document
    const isUnknown = error._tag === "OutcomeUnknown"
    assert.deepStrictEqual(
      [rowsDone, unknown, notDone],
      [
        250,
        isUnknown ? { rows: 250, fromLine: 252, toLine: 501 } : undefined,
        isUnknown ? { rows: 100, fromLine: 502, toLine: 601 } : { rows: 350, fromLine: 252, toLine: 601 }
      ]
    )
  })

  it.concurrent("that has made its event and nothing else says so", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const file = turnout.write("people.csv", csv(3))
    await loseAt(turnout, "events", "UPDATE", "true")
    const ended = await json(turnout, "import", file, ...EVENT)
    assertHonest(ended)
    const [event] = await CommandLine.sql(turnout.database!, "SELECT id FROM turnout.events")
    assert.deepStrictEqual(
      [ended.code, ended.document.eventId, ended.document.rowsDone],
      [1, (event as { readonly id: string }).id, 0]
    )
  })

  it.concurrent("that has changed nothing says only why", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { eventId } = await given(turnout, 1)
    const file = turnout.write("more.csv", "email\nx@example.com\n")
    await failAt(turnout, "registrations", "INSERT", "true")
    const ended = await json(turnout, "import", file, "--event", eventId)
    assert.deepStrictEqual([ended.code, Object.keys(ended.document)], [1, ["error"]])
  })

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    it.concurrent(
      `that is stopped by ${signal} ends with a whole batch, says how far it came, and goes on`,
      async () => {
        await using turnout = await CommandLine.onPostgres()
        await turnout.run("migrate", "up")
        const file = turnout.write("people.csv", csv(5_000))
        const running = turnout.start(["import", file, ...EVENT, "--json"])
        while ((await count(turnout, "registrations")) < 250) await new Promise((resolve) => setTimeout(resolve, 5))
        const unlock = await CommandLine.lockEvents(turnout.database!)
        await CommandLine.untilBlocked(turnout.database!)
        running.process.kill(signal)
        await new Promise((resolve) => setTimeout(resolve, 200))
        await unlock()
        const ended = await running.ended
        assertHonest(ended)
        const { confirmed, error, notDone, rowsDone, waitlisted } = CommandLine.documentOf(ended) as Any
        assert.deepStrictEqual([ended.code, error.message.includes(`Stopped by ${signal}`)], [1, true])
        assert.deepStrictEqual([rowsDone % 250, notDone.rows], [0, 5_000 - rowsDone])
        assert.deepStrictEqual([confirmed + waitlisted, await count(turnout, "registrations")], [rowsDone, rowsDone])
        const again = await json(turnout, "import", file, ...EVENT)
        assert.deepStrictEqual([again.code, again.document.unchanged], [0, rowsDone])
        assert.strictEqual(await count(turnout, "registrations"), 5_000)
      }
    )

  it.concurrent("of which nobody reads the result tells it on stderr", async () => {
    await using turnout = await CommandLine.onPostgres()
    turnout.write("people.csv", csv(2))
    const command = `"${process.execPath}" "${CommandLine.COMMAND}" --database "${turnout.database}" import people.csv`
    const ended = await turnout.shell(`${command} --title P --capacity 5 | true; exit \${PIPESTATUS[0]}`)
    assert.deepStrictEqual([ended.code, ended.stdout], [0, ""])
    assert.match(ended.stderr, /^2 confirmed, 0 waitlisted\.\nEvent \S+\n$/)
    const bad = turnout.write("bad.csv", "email\nx\n")
    const noErrors = await turnout.shell(`${command.replace("people.csv", bad)} --title Q --capacity 5 2> >(true)`)
    assert.deepStrictEqual([noErrors.code, noErrors.stdout.startsWith("0 confirmed")], [1, true])
  })
})

describe("outbox", { timeout: 180_000 }, () => {
  /** Two events whose streams are parked for a sink. */
  const parked = async (turnout: CommandLine.CommandLine) => {
    const streams: Array<string> = []
    for (const title of ["A", "B", "C"]) {
      const file = turnout.write(`${title}.csv`, csv(2))
      streams.push((await turnout.json("import", file, "--title", title, "--capacity", "5")).document.eventId)
    }
    await CommandLine.sql(
      turnout.database!,
      "INSERT INTO turnout.sinks (name) VALUES ('mail')",
      ...streams.map(
        (stream) =>
          `INSERT INTO turnout.outbox_blocked (sink, slot, stream, version, attempts, error, since)
VALUES ('mail', 0, '${stream}', 2, 20, 'no', now())`
      )
    )
    return streams
  }

  it.concurrent(
    "parked skip tells what was skipped before the store was lost, and does not try the others",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const streams = await parked(turnout)
      await loseAt(turnout, "outbox_blocked", "UPDATE", `OLD.stream = '${streams[1]}'`)
      const malformed = await json(turnout, "outbox", "parked", "skip", "--sink", "mail", streams[0]!, "party")
      assert.deepStrictEqual([malformed.code, malformed.document.error.message.includes('"party"')], [2, true])
      assert.strictEqual(await count(turnout, "outbox_blocked WHERE version = 2"), 3)

      const ended = await json(turnout, "outbox", "parked", "skip", "--sink", "mail", UNKNOWN, ...streams)
      assertHonest(ended)
      const { blocks, error, failed, notDone, unknown } = ended.document
      assert.deepStrictEqual(
        [ended.code, blocks.map(({ stream }: Any) => stream), failed.map(({ stream }: Any) => stream), error._tag],
        [1, [streams[0]], [UNKNOWN], "OutcomeUnknown"]
      )
      assert.deepStrictEqual([unknown, notDone], [[streams[1]], [streams[2]]])
      const words = await turnout.run("outbox", "parked", "discard", "--sink", "mail", streams[2]!, ...streams)
      assertHonest(words)
      assert.match(words.stdout, new RegExp(`^${streams[2]} goes on.*\\n${streams[0]} goes on.*\\n$`))
      assert.include(words.stderr, `It is not known whether it was done: ${streams[1]}.`)
    }
  )

  it.concurrent("prune tells how many were deleted before the store was lost", async () => {
    await using turnout = await CommandLine.onPostgres()
    await given(turnout, 5_100)
    await CommandLine.sql(turnout.database!, "UPDATE turnout.journal SET occurred_at = now() - interval '2 hours'")
    await loseAt(turnout, "journal", "DELETE", "OLD.version = 5090")
    const before = await count(turnout, "journal")
    const ended = await json(turnout, "outbox", "prune", "--before", "2999-01-01")
    assertHonest(ended)
    assert.deepStrictEqual(
      [ended.code, ended.document.deleted, ended.document.error._tag],
      [1, 5_000, "OutcomeUnknown"]
    )
    assert.strictEqual(before - (await count(turnout, "journal")), 5_000)
    await mend(turnout, "journal")
    assert.strictEqual(
      (await json(turnout, "outbox", "prune", "--before", "2999-01-01")).document.deleted,
      before - 5_000
    )
  })

  it.concurrent("replay names the replay that was started when the store is lost while it is watched", async () => {
    await using turnout = await CommandLine.onPostgres()
    await given(turnout, 1)
    await CommandLine.sql(turnout.database!, "INSERT INTO turnout.sinks (name) VALUES ('mail')")
    const running = turnout.start(["outbox", "replay", "--sink", "mail", "--all", "--json"])
    while ((await count(turnout, "replays")) === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const [row] = await CommandLine.sql(turnout.database!, "SELECT id FROM turnout.replays")
    const { id } = row as { readonly id: string }
    const name = new URL(turnout.database!).pathname.slice(1)
    await CommandLine.sql(
      inject("postgresUrl"),
      `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`
    )
    const ended = await running.ended
    assertHonest(ended)
    const document = CommandLine.documentOf(ended) as Any
    assert.deepStrictEqual([ended.code, document.replay.id, typeof document.error._tag], [1, id, "string"])
    assert.include(ended.stderr, `turnout outbox replay watch ${id}`)
  })
})

describe("sales rebuild", { timeout: 180_000 }, () => {
  it.concurrent("tells what was made anew before the store was lost, and writes it down", async () => {
    await using turnout = await CommandLine.onPostgres()
    const events: Array<string> = []
    for (const title of ["A", "B", "C"]) {
      const file = turnout.write(`${title}.csv`, csv(2))
      events.push((await turnout.json("import", file, "--title", title, "--capacity", "5")).document.eventId)
    }
    await loseAt(turnout, "projections", "INSERT OR UPDATE", `NEW.stream = '${events[1]}'`)
    const missing = await json(turnout, "sales", "rebuild", events[0]!, UNKNOWN)
    assert.deepStrictEqual([missing.code, missing.document.error._tag], [1, "EventNotFound"])
    assert.strictEqual(await count(turnout, "projections"), 0)

    const ended = await json(turnout, "sales", "rebuild", events[0]!, ...events)
    assertHonest(ended)
    const { error, notDone = [], rebuilt, unknown = [] } = ended.document
    assert.deepStrictEqual([ended.code, rebuilt, typeof error._tag], [1, 1, "string"])
    assert.deepStrictEqual([...unknown, ...notDone], events.slice(1))
    const { document } = await json(turnout, "audit", "list", "--limit", "1")
    assert.deepInclude(document.items[0], { action: "sales.rebuild", details: { event: events[0] } })
  })
})

describe("webhooks", { timeout: 180_000 }, () => {
  it.concurrent(
    "are added and removed with their sinks, or not at all, when the store is lost in between",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const kept = async () => [await count(turnout, "webhooks"), await count(turnout, "sinks")]
      const added = await json(turnout, "webhooks", "add", "https://example.com/a")
      const { id } = added.document.webhook
      assert.deepStrictEqual(await kept(), [1, 1])
      await loseAt(turnout, "sinks", "DELETE", "true")
      const failed = await json(turnout, "webhooks", "remove", id)
      assertHonest(failed)
      assert.deepStrictEqual([failed.code, await kept()], [1, [1, 1]])
      await mend(turnout, "sinks")
      const removed = await json(turnout, "webhooks", "remove", id)
      assert.deepStrictEqual([removed.code, await kept()], [0, [0, 0]])

      await loseAt(turnout, "sinks", "INSERT", "true")
      const lost = await json(turnout, "webhooks", "add", "https://example.com/b")
      assertHonest(lost)
      assert.deepStrictEqual([lost.code, await kept()], [1, [0, 0]])
    }
  )
})

describe("dlq redrive", { timeout: 180_000 }, () => {
  /** The server, of which the second message that is sent to it is refused. */
  const failing = async (endpoint: string) => {
    let sent = 0
    const proxy = createServer((asked, reply) => {
      const isSending = asked.headers["x-amz-target"] === "AmazonSQS.SendMessage"
      if (isSending && ++sent > 1) return void reply.writeHead(403).end('{"__type":"AccessDenied","message":"no"}')
      const to = request(endpoint, { method: asked.method!, path: asked.url!, headers: asked.headers }, (answer) => {
        reply.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(reply)
      })
      asked.pipe(to)
    })
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
    return {
      endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      [Symbol.dispose]: () => void proxy.close()
    }
  }

  it.concurrent("tells how many were moved before the queue failed", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { bury, dead, live } = sqs.deadLetterQueues()
    for (const letter of ["a", "b", "c"]) bury(letter, letter)
    using proxy = await failing(sqs.endpoint())
    const to = ["--sqs", dead.queueUrl, "--to", live.queueUrl, "--sqs-region", "us-east-1"]
    const ended = await json(turnout, "dlq", "redrive", ...to, "--sqs-endpoint", proxy.endpoint)
    assertHonest(ended)
    assert.deepStrictEqual([ended.code, ended.document.moved, ended.document.error._tag], [1, 1, "QueueUnavailable"])
    assert.strictEqual(live.bodies().length, 1)
    const { document } = await json(turnout, "audit", "list", "--limit", "1")
    assert.deepInclude(document.items[0], {
      action: "dlq.redrive",
      details: { from: dead.name, to: live.name, messages: 1 }
    })
  })

  it.concurrent("tells what was moved when the store cannot be told who did it", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    await loseAt(turnout, "audit_log", "INSERT", "true")
    const { bury, dead, live } = sqs.deadLetterQueues()
    bury("a")
    const to = ["--sqs", dead.queueUrl, "--to", live.queueUrl, ...sqs.options()]
    const ended = await turnout.run("dlq", "redrive", ...to)
    assertHonest(ended)
    assert.deepStrictEqual([ended.code, ended.stdout], [1, `1 dead letters were moved to ${live.queueUrl}.\n`])
    assert.include(ended.stderr, "audit log")
  })

  it.concurrent("says what stands before a letter of a group that is asked for alone", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { bury, dead, live } = sqs.deadLetterQueues()
    for (const letter of ["a", "b"]) bury(letter, "group")
    bury("c", "other")
    const ask = ["--sqs", dead.queueUrl, "--to", live.queueUrl, ...sqs.options()]
    const { document: list } = await json(turnout, "dlq", "list", "--sqs", dead.queueUrl, ...sqs.options())
    const [first, third] = list.items.map((letter: Any) => letter.id)
    const hidden = sqs
      .queues()
      .inspectQueue(dead.name)!
      .messages.ready.find(({ body }) => body === "b")!.messageId
    const some = await json(turnout, "dlq", "redrive", ...ask, "--message", hidden, third)
    assert.deepStrictEqual([some.code, some.document.moved, some.document.notDone], [1, 1, [hidden]])
    assert.include(some.document.error.message, `Move or delete first: ${first} in the group group.`)
    assert.notInclude(some.document.error.message, "goes on with the rest")
    const none = await turnout.run("dlq", "redrive", ...ask, "--message", hidden)
    assert.deepStrictEqual([none.code, none.stdout], [1, ""])
    assert.include(none.stderr, `Move or delete first: ${first}`)
    const both = await json(turnout, "dlq", "redrive", ...ask, "--message", hidden, first)
    assert.deepStrictEqual([both.code, both.document], [0, { moved: 2 }])
    assert.deepStrictEqual(live.bodies(), ["c", "a", "b"])
  })

  it.concurrent("names those that are not there, and takes each that is asked for twice once", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { bury, dead, live } = sqs.deadLetterQueues()
    bury("a", "a")
    bury("b", "b")
    const ask = ["--sqs", dead.queueUrl, "--to", live.queueUrl, ...sqs.options()]
    const { document: list } = await json(turnout, "dlq", "list", "--sqs", dead.queueUrl, ...sqs.options())
    const [id, other] = list.items.map((letter: Any) => letter.id)
    const some = await json(turnout, "dlq", "redrive", ...ask, "--message", id, "none", id)
    assert.deepStrictEqual([some.code, some.document], [1, { moved: 1, notFound: ["none"] }])
    assert.include(some.stderr, "none is not among the dead letters")
    const twice = await json(turnout, "dlq", "redrive", ...ask, "--message", other, other)
    assert.deepStrictEqual([twice.code, twice.document], [0, { moved: 1 }])
  })
})
