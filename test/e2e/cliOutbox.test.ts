/**
 * `turnout outbox`: in words and as JSON, on a sink that has been given a part of what there is.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as ParkedStream from "../support/ParkedStream.ts"

const NOBODY = "00000000-0000-7000-8000-000000000000"

const lines = (text: string) => text.split("\n").map((line) => line.trimEnd().replaceAll(/ {2,}/g, " | "))

interface Documents {
  readonly sinks: ReadonlyArray<Record<string, unknown>>
  readonly items: ReadonlyArray<Record<string, unknown>>
  readonly blocks: ReadonlyArray<Record<string, unknown>>
  readonly failed: ReadonlyArray<Record<string, unknown>>
  readonly block: Record<string, unknown>
  readonly waiting: ReadonlyArray<Record<string, unknown>>
  readonly retried: number
  readonly deleted: number
  readonly repaired: unknown
  readonly error: { readonly _tag: string; readonly message: string }
}

const json = async (turnout: CommandLine.CommandLine, ...args: ReadonlyArray<string>) => {
  const { code, document } = await turnout.json(...args)
  return { code, document: document as unknown as Documents }
}

describe("turnout outbox", { timeout: 180_000 }, () => {
  it.concurrent("shows what waits for whom, and who delivers it", async () => {
    await using turnout = await CommandLine.onPostgres()
    const none = await turnout.run("outbox", "status")
    assert.include(none.stdout, "start a relay")
    await ParkedStream.make(turnout)
    const { code, stderr, stdout } = await turnout.run("outbox", "status", "--sample", "50")
    assert.deepStrictEqual([code, stderr, stdout.includes("\u001b")], [0, "", false])
    const [head, mail, , leases, lease] = lines(stdout)
    assert.strictEqual(head, "sink | backlog | oldest | a second | relays | free slots | retrying | parked | since")
    assert.match(mail!, /^mail \| 0 +\| +0 \| 1 \| 0 \| 0 \| 1 \| \d+ s$/)
    assert.strictEqual(leases, "sink | lease of | slots | epoch | ends")
    assert.match(lease!, /^mail \| worker-1 \| 64 \| 1 \| in \d+ s$/)
    const { document } = await json(turnout, "outbox", "status", "--sample", "0")
    assert.deepInclude(document.sinks[0], { name: "mail", backlog: 0, parked: 1, perSecond: null })
  })

  it.concurrent(
    "shows parked streams, and carries out what is decided about them, with the name of who did",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const stream = await ParkedStream.make(turnout)
      const mail = ["--sink", "mail"]

      const listed = await turnout.run("outbox", "parked", "list", ...mail)
      assert.include(lines(listed.stdout)[1], `${stream} | 2 | 20`)
      const shown = await turnout.run("outbox", "parked", "show", ...mail, stream)
      assert.include(shown.stdout, "550 no such mailbox")
      const { document } = await json(turnout, "outbox", "parked", "show", ...mail, stream.toUpperCase())
      assert.strictEqual(document.block["version"], 2)
      assert.deepStrictEqual(
        document.waiting.map(({ type, version }) => [version, type]),
        [
          [2, "EventPublished"],
          [3, "AttendeeRegistered"],
          [4, "AttendeeRegistered"],
          [5, "AttendeeWaitlisted"]
        ]
      )

      const skipped = await turnout.run("outbox", "parked", "skip", ...mail, stream, "--as", "ada")
      assert.deepStrictEqual([skipped.code, skipped.stderr], [0, ""])
      assert.include(skipped.stdout, "goes on with version 3")
      assert.include((await turnout.run("outbox", "parked", "list", ...mail)).stdout, "Nothing is parked for mail.")
      const all = await json(turnout, "outbox", "parked", "list", ...mail, "--all")
      assert.strictEqual(all.document.items[0]!["version"], 3)
      const retried = await json(turnout, "outbox", "parked", "retry", ...mail, stream)
      assert.strictEqual(retried.document.blocks[0]!["version"], 3)
      assert.strictEqual((await json(turnout, "outbox", "parked", "retry", ...mail, "--all")).document.retried, 0)
      const discarded = await json(turnout, "outbox", "parked", "discard", ...mail, stream, "--as", "grace")
      assert.strictEqual(discarded.document.blocks[0]!["version"], 6)

      const audit = await json(turnout, "audit", "list", "--limit", "3")
      assert.deepStrictEqual(audit.document.items.map(({ action, who }) => [action, who]).toSpliced(1, 1), [
        ["outbox.discard", "grace"],
        ["outbox.skip", "ada"]
      ])
      assert.include((await turnout.run("audit", "list")).stdout, "grace")
      assert.include((await turnout.run("audit", "list", "--limit", "2")).stdout, "next page: turnout ")
    }
  )

  it.concurrent("does for each stream what can be done, and says what could not", async () => {
    await using turnout = await CommandLine.onPostgres()
    const stream = await ParkedStream.make(turnout)
    const mail = ["--sink", "mail"]
    const { code, document } = await json(turnout, "outbox", "parked", "skip", ...mail, NOBODY, stream, stream)
    assert.strictEqual(code, 1)
    assert.deepStrictEqual(
      document.blocks.map(({ stream: of, version }) => [of, version]),
      [[stream, 3]],
      "once, though it was named twice"
    )
    assert.deepStrictEqual(
      document.failed.map(({ stream: of }) => of),
      [NOBODY]
    )
    const again = await turnout.run("outbox", "parked", "retry", ...mail, NOBODY, stream)
    assert.deepStrictEqual([again.code, again.stdout.includes(`${stream} is tried again`)], [1, true])
    assert.include(again.stderr, NOBODY)
  })

  it.concurrent("says what is wrong with what it is asked, and changes nothing", async () => {
    await using turnout = await CommandLine.onPostgres()
    const stream = await ParkedStream.make(turnout)
    const wrong = async (...args: ReadonlyArray<string>) => {
      const { code, document } = await json(turnout, "outbox", ...args)
      return [code, document.error._tag, document.error.message] as const
    }
    const [code, tag, message] = await wrong("parked", "skip", "--sink", "none", stream)
    assert.deepStrictEqual([code, tag], [1, "SinkNotFound"])
    assert.include(message, "turnout outbox status")
    assert.strictEqual((await wrong("parked", "show", "--sink", "mail", NOBODY))[1], "StreamNotBlocked")
    assert.strictEqual((await wrong("parked", "list", "--sink", "none"))[1], "SinkNotFound")
    assert.include((await wrong("parked", "show", "--sink", "mail", "party"))[2], "a UUID")
    assert.include((await wrong("parked", "retry", "--sink", "mail"))[2], "--all")
    assert.include((await wrong("parked", "retry", "--sink", "mail", stream, "--all"))[2], "--all")
    assert.strictEqual((await turnout.run("outbox", "parked", "list")).code, 2)
    for (const before of ["yesterday", "2027-01-01T00:00", "5", "2027"]) {
      const { code, stderr } = await turnout.run("outbox", "prune", "--before", before)
      assert.deepStrictEqual([code, stderr.includes("with an offset")], [2, true], before)
    }
    const { document } = await json(turnout, "audit", "list")
    // What happened to events is in the journal.
    assert.deepStrictEqual(
      document.items.filter(({ id }) => String(id).startsWith("log:")),
      []
    )
  })

  it.concurrent("prunes what everybody has been given, and nothing that waits or has just happened", async () => {
    await using turnout = await CommandLine.onPostgres()
    const stream = await ParkedStream.make(turnout)
    const prune = async () => (await json(turnout, "outbox", "prune", "--before", "2999-01-01")).document.deleted
    assert.strictEqual(await prune(), 0)
    await CommandLine.sql(turnout.database!, "UPDATE turnout.journal SET occurred_at = now() - interval '2 hours'")
    assert.strictEqual(await prune(), 1)
    const left = await CommandLine.sql(turnout.database!, "SELECT version::int FROM turnout.journal ORDER BY version")
    assert.deepStrictEqual(
      left.map((row) => (row as { version: number }).version),
      [2, 3, 4, 5]
    )
    assert.isString(stream)
  })

  it.concurrent("says what keeps entries from being pruned, since when, and what lets go", async () => {
    await using turnout = await CommandLine.onPostgres()
    const stream = await ParkedStream.make(turnout)
    await turnout.json("outbox", "replay", "--sink", "mail", "--all", "--no-wait")
    const [replay] = (await CommandLine.sql(turnout.database!, "SELECT id FROM turnout.replays")) as [{ id: string }]
    const [first] = (await CommandLine.sql(
      turnout.database!,
      "SELECT min(occurred_at) AS at FROM turnout.journal"
    )) as [{ at: Date }]
    const prune = ["outbox", "prune", "--before", "2999-01-01"]
    const { document } = await turnout.json(...prune)
    const told = document as unknown as {
      readonly deleted: number
      readonly oldest: string
      readonly keepers: ReadonlyArray<Record<string, unknown>>
    }
    assert.deepStrictEqual([told.deleted, told.oldest], [0, first.at.toISOString()])
    assert.deepStrictEqual(
      told.keepers.map(({ _tag, advice, entries, sink }) => [_tag, sink, entries, advice]),
      [
        ["BlockedStreams", "mail", undefined, "To look, and decide: turnout outbox parked list --sink mail --all"],
        [
          "Replay",
          "mail",
          5,
          `To look: turnout outbox replay watch ${replay.id}. To let go: turnout outbox replay cancel ${replay.id}`
        ],
        ["Store", undefined, 5, "Prune again in an hour."]
      ]
    )
    assert.deepInclude(told.keepers[0], { streams: 1, parked: 1, stream })
    const { code, stdout } = await turnout.run(...prune)
    assert.strictEqual(code, 0)
    const [deleted, others, , head, blocked, replayed, store, , ...advice] = lines(stdout)
    assert.deepStrictEqual(
      [deleted, others, head],
      [
        "0 entries that happened before 2999-01-01T00:00:00Z are deleted.",
        "Others are kept:",
        "kept by | since | oldest entry | entries | state"
      ]
    )
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
    assert.match(
      blocked!,
      new RegExp(String.raw`^mail \| ${time} \| ${time} \| 1 stream blocked, 1 parked; the first is ${stream}$`)
    )
    assert.match(
      replayed!,
      new RegExp(String.raw`^mail \| ${time} \| ${time} \| 5 \| replay ${replay.id} is running; 0 of 5 sent$`)
    )
    assert.match(store!, new RegExp(String.raw`^the store \| ${time} \| ${time} \| 5 \| the last hour stays$`))
    assert.deepStrictEqual(
      advice.slice(0, 3).map((line) => line.split(": ")[0]),
      ["mail", "mail", "the store"]
    )
  })

  it.concurrent("names a sink that nobody serves, and goes on once it is forgotten", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write("people.csv", "email\nada@example.com\n")
    await turnout.json("import", file, "--title", "First", "--capacity", "2")
    const relay = turnout.start(["relay", "--stdout", "old"])
    await CommandLine.until(() => relay.printed.stdout.split("\n").length === 4, "the messages")
    relay.process.kill("SIGTERM")
    await relay.ended
    await turnout.json("import", file, "--title", "Second", "--capacity", "2")
    await CommandLine.sql(turnout.database!, "UPDATE turnout.journal SET occurred_at = now() - interval '2 hours'")
    const prune = async () =>
      (await turnout.json("outbox", "prune", "--before", "2999-01-01")).document as never as Pruned
    interface Pruned {
      readonly deleted: number
      readonly oldest: string | null
      readonly keepers: ReadonlyArray<Record<string, unknown>>
    }
    const { deleted, keepers, oldest } = await prune()
    assert.strictEqual(deleted, 3)
    assert.isBelow(new Date(oldest!).getTime(), Date.now() - 3_600_000)
    const advice =
      "No relay of it runs: start one (turnout relay --stdout old), or let go: turnout outbox forget --sink stdout:old"
    assert.deepStrictEqual(keepers, [
      { _tag: "Sink", sink: "stdout:old", relays: 0, entries: 3, isMore: false, oldest, advice }
    ])
    assert.strictEqual((await turnout.run("outbox", "forget", "--sink", "stdout:old")).code, 0)
    assert.deepStrictEqual(await prune(), { deleted: 3, oldest: null, keepers: [] })
    assert.include(
      (await turnout.run("outbox", "prune", "--before", "2999-01-01")).stdout,
      "Nothing keeps other entries from before"
    )
  })

  it.concurrent("shows the journal as it is written, from behind any event, until it is stopped", async () => {
    await using turnout = await CommandLine.onPostgres()
    const stream = await ParkedStream.make(turnout)
    const tail = async (count: number, ...args: ReadonlyArray<string>) => {
      const running = turnout.start(["outbox", "tail", ...args])
      const shown = () => running.printed.stdout.split("\n").filter((line) => line !== "")
      await CommandLine.until(() => shown().length >= count, "the events")
      running.process.kill("SIGTERM")
      assert.strictEqual((await running.ended).code, 0)
      return shown()
    }
    const [created] = await tail(5, "--from", "beginning")
    assert.include(created, `${stream}  1  EventCreated`)
    const documents = (await tail(5, "--from", "beginning", "--json")).map(
      (line) => JSON.parse(line) as { version: number; cursor: string; event: { _tag: string } }
    )
    assert.deepStrictEqual(documents.map(({ event, version }) => [version, event._tag]).slice(1, 3), [
      [2, "EventPublished"],
      [3, "AttendeeRegistered"]
    ])
    const behind = await tail(1, "--cursor", documents[2]!.cursor, "--type", "AttendeeWaitlisted")
    assert.include(behind[0], `${stream}  5  AttendeeWaitlisted`)
    const wrong = await turnout.run("outbox", "tail", "--cursor", "what")
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.stderr, "error: --cursor must be ")
  })

  it.concurrent("repairs nothing that is in order", async () => {
    await using turnout = await CommandLine.onPostgres()
    await ParkedStream.make(turnout)
    assert.isNull((await json(turnout, "outbox", "repair")).document.repaired)
    await CommandLine.sql(turnout.database!, "UPDATE turnout.journal_origin SET system_identifier = 1")
    assert.deepStrictEqual((await json(turnout, "outbox", "repair")).document.repaired, { positions: 64, entries: 0 })
    assert.include((await turnout.run("outbox", "repair")).stdout, "Nothing to repair")
  })
})
