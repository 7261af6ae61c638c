/**
 * `turnout sessions` and `turnout people show`: operators find a person by address, see their sessions, and end them.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const [ADA, BOB] = ["01a1fc98-aa31-70bb-aea8-a708368a1d5e", "01a1fc98-aa31-70bb-aea8-a708368a1d5f"]
const sessionId = (n: number) => String(n).padStart(32, "0")

/** Ada has sessions 1 to 3, of which the third has ended, and Bob has session 4. */
const given = async () => {
  const turnout = await CommandLine.onPostgres()
  await turnout.run("migrate", "up")
  const session = (n: number, person: string, rest: string) =>
    `('${sessionId(n)}', '', '${person}', now() + interval '${rest}', 'Firefox ${n}', '2001:db8::${n}')`
  await CommandLine.sql(
    turnout.database!,
    `INSERT INTO turnout.people (id, name) VALUES ('${ADA}', 'Ada Lovelace'), ('${BOB}', NULL)`,
    `INSERT INTO turnout.person_addresses (address, person_id) VALUES ('ada@example.com', '${ADA}'), ('bob@example.com', '${BOB}')`,
    `INSERT INTO turnout.sessions (id, digest, person_id, ends_at, user_agent, address) VALUES
       ${session(1, ADA, "1 day")}, ${session(2, ADA, "1 day")}, ${session(3, ADA, "-1 day")}, ${session(4, BOB, "1 day")}`
  )
  const ids = async (...words: ReadonlyArray<string>) =>
    (await turnout.json("sessions", "list", ...words)).document.items.map(({ id }) => id)
  return { turnout, ids, [Symbol.asyncDispose]: () => turnout[Symbol.asyncDispose]() }
}

interface Entry {
  readonly who: string
  readonly action: string
  readonly details: unknown
}

describe("turnout sessions", { timeout: 180_000 }, () => {
  it.concurrent("lists those of a person that are valid, by id and by address in any spelling", async () => {
    await using world = await given()
    const { ids, turnout } = world
    const both = [sessionId(1), sessionId(2)]
    assert.deepStrictEqual(await ids("--person", ADA.toUpperCase()), both)
    assert.deepStrictEqual(await ids("--address", "Ada@EXAMPLE.com"), both)
    assert.deepStrictEqual(await ids("--person", BOB), [sessionId(4)])
    const { stdout } = await turnout.run("sessions", "list", "--address", "ada@example.com")
    assert.match(stdout, /^session +signed in +last used +ends +from +browser\n/)
    assert.include(stdout, "2001:db8::2  Firefox 2")
    assert.notInclude(stdout, "Firefox 3")
    for (const words of [
      ["--address", "nobody@example.com"],
      ["--person", BOB.replace("5f", "60")]
    ]) {
      const { code, document } = await turnout.json("sessions", "list", ...words)
      assert.deepStrictEqual([code, document.error._tag], [1, "PersonNotFound"])
    }
  })

  it.concurrent("ends one, whoever has it, or all of a person, and the audit log names the operator", async () => {
    await using world = await given()
    const { ids, turnout } = world
    const one = await turnout.json("sessions", "end", sessionId(1), "--as", "grace")
    const { session } = one.document as unknown as { readonly session: object }
    assert.deepInclude(session, { id: sessionId(1), personId: ADA })
    assert.deepStrictEqual(await ids("--person", ADA), [sessionId(2)])
    // A session that has ended stays as it is.
    assert.strictEqual((await turnout.run("sessions", "end", sessionId(1), "--as", "grace")).code, 0)
    const missing = await turnout.json("sessions", "end", sessionId(9))
    assert.deepStrictEqual([missing.code, missing.document.error._tag], [1, "SessionNotFound"])
    const all = await turnout.json("sessions", "end", "--all", "--address", "ada@example.com", "--as", "grace")
    assert.deepInclude(all.document as object, { person: ADA, ended: 1 })
    const again = await turnout.run("sessions", "end", "--all", "--person", ADA, "--as", "grace")
    assert.deepStrictEqual([again.code, again.stdout], [0, "0 sessions have ended.\n"])
    assert.deepStrictEqual([await ids("--person", ADA), await ids("--person", BOB)], [[], [sessionId(4)]])
    const { document } = await turnout.json("audit", "list")
    assert.deepStrictEqual(
      (document.items as unknown as ReadonlyArray<Entry>).map(({ action, details, who }) => [who, action, details]),
      [
        ["grace", "sessions.endAll", { person: ADA, sessions: 1 }],
        ["grace", "sessions.end", { person: ADA, session: sessionId(1) }]
      ]
    )
  })

  it.concurrent("refuses what names nobody, or more than one, and ends nothing", async () => {
    await using world = await given()
    const { ids, turnout } = world
    const wrong: ReadonlyArray<readonly [string, string]> = [
      ["sessions list", "name the person by --person or --address"],
      [`sessions list --person ${ADA} --address ada@example.com`, "cannot be used with"],
      ["sessions list --address ada", "must be an e-mail address"],
      ["sessions end", "name one session by its id, or --all of a person"],
      [`sessions end ${sessionId(1)} --all --person ${ADA}`, "name one session by its id, or --all of a person"],
      ["sessions end --all", "--all needs the person"],
      [`sessions end ${sessionId(1)} --person ${BOB}`, "--person and --address are for --all"],
      ["sessions end ada", "must be the id of a session"],
      ["people show", "name the person either by id or by --address"],
      [`people show ${ADA} --address ada@example.com`, "name the person either by id or by --address"]
    ]
    for (const [line, says] of wrong) {
      const { code, stderr } = await turnout.run(...line.split(" "))
      assert.deepStrictEqual([code, stderr.includes(says)], [2, true], `${line}: ${stderr}`)
    }
    assert.lengthOf(await ids("--person", ADA), 2)
  })
})

describe("turnout people show", { timeout: 180_000 }, () => {
  it.concurrent("finds a person by id, and by an address that they have proved", async () => {
    await using world = await given()
    const { turnout } = world
    const byId = await turnout.json("people", "show", ADA)
    const { person } = byId.document as unknown as { readonly person: object }
    assert.deepInclude(person, { id: ADA, name: "Ada Lovelace", addresses: ["ada@example.com"], deactivatedAt: null })
    assert.deepStrictEqual(
      (await turnout.json("people", "show", "--address", "ADA@example.com")).document,
      byId.document
    )
    assert.match((await turnout.run("people", "show", ADA)).stdout, /Ada Lovelace +mailto:ada@example\.com +active/)
    const nobody = await turnout.json("people", "show", "--address", "nobody@example.com")
    assert.deepStrictEqual([nobody.code, nobody.document.error._tag], [1, "PersonNotFound"])
    assert.include(nobody.document.error.message, "There is no person mailto:nobody@example.com.")
  })
})
