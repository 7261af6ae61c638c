/**
 * What each SQLSTATE means for a batch, over all of Postgres' classes.
 */
import { kindOf, sqlErrorIn, toStoreError } from "@turnout/adapters/postgres/sql-failure"
import { AuthenticationError, ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import { assert, describe, it } from "vitest"

type Told = Readonly<Record<string, string>>

const failure = (told: Told, operation = "query") => {
  const cause = Object.assign(new Error("the server's words"), told)
  return new SqlError({ reason: new UnknownError({ cause, operation }) })
}

/** What the classes and codes of `errcodes.txt` come to, and what becomes of it. */
const KINDS = {
  lost: ["08000 08003 08006 08001 08004 08007 08P01 25P03 25P04 40003 57P01 57P02 57P04 57P05", "Unavailable"],
  refused: [
    "25006 53000 53100 53200 53300 53400 57000 57P03 58000 58030 58P01 58P02 72000 F0000 F0001 XX001 XX002",
    "Unavailable"
  ],
  denied: ["0L000 0LP01 0P000 28000 28P01 3D000 42501", "Unavailable"],
  contended: ["22012 23505 25P02 40000 40001 40002 40P01 55P03", "Contention"],
  mistimed: ["2201G", "Unavailable"],
  slow: ["57014", "Contention"],
  missing: ["3F000 42703 42704 42883 42P01", "NotMigrated"],
  broken: [
    "03000 0A000 0B000 0F000 0Z000 24000 25001 25P01 26000 2B000 2D000 34000 3B001 42601 42804 42P10 55000 55006",
    "Unexpected"
  ],
  other: [
    "20000 21000 22001 22003 22021 22P02 22P05 23502 23514 23P01 44000 54000 54001 09000 27000 2F000 38000 39000 P0001 HV000 XX000 45000",
    "Unexpected"
  ]
} as const

describe("a failure of Postgres", () => {
  const all = Object.entries(KINDS).flatMap(([kind, [codes, reason]]) =>
    codes.split(" ").map((code) => [code, kind, reason] as const)
  )
  it.each(all)("%s is %s: %s", (code, kind, reason) => {
    const error = failure({ code })
    assert.strictEqual(kindOf(error), kind)
    const told = toStoreError(error).reason
    assert.strictEqual(told._tag, reason)
    // Only over what a command brings along is a batch split.
    assert.strictEqual(told._tag === "Unexpected" && told.concernsAll !== true, kind === "other")
  })

  it.each([
    ["54000", "varsup.c", "refused"],
    ["54000", "multixact.c", "refused"],
    ["54000", "nbtutils.c", "other"],
    ["XX000", "md.c", "refused"],
    ["XX000", "fd.c", "refused"],
    ["XX000", "xlog.c", "refused"],
    ["XX000", "nodeModifyTable.c", "other"],
    ["40001", "postgres.c", "refused"],
    ["40P01", "postgres.c", "refused"]
  ])("%s from %s is %s", (code, file, kind) => assert.strictEqual(kindOf(failure({ code, file })), kind))

  it.each(["FATAL", "PANIC"])("that is %s ends the session, whatever its code", (severityUnlocalized) => {
    for (const code of ["53200", "XX000", "22023", "42501"])
      assert.strictEqual(kindOf(failure({ code, severityUnlocalized })), "lost")
  })

  it.each([
    ["53300", "refused"],
    ["57P03", "refused"],
    ["55000", "refused"],
    ["XX000", "refused"],
    ["28P01", "denied"],
    ["3D000", "denied"],
    ["42501", "denied"],
    ["22023", "denied"],
    ["42704", "denied"]
  ])("%s while connecting is %s", (code, kind) =>
    assert.strictEqual(kindOf(failure({ code, severityUnlocalized: "FATAL" }, "connect")), kind)
  )

  it("without a code is lost, denied, or of what was asked for", () => {
    const cause = new Error("no answer")
    const kinds = [ConnectionError, AuthenticationError, UnknownError].map((Reason) =>
      kindOf(new SqlError({ reason: new Reason({ cause, operation: "connect" }) }))
    )
    assert.deepStrictEqual(kinds, ["lost", "denied", "other"])
    // Node's codes are no SQLSTATE.
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
    assert.strictEqual(kindOf(new SqlError({ reason: new ConnectionError({ cause: refused }) })), "lost")
  })

  it("keeps the server's words and its code for operators, and out of the message", () => {
    const error = toStoreError(failure({ code: "25006" }))
    assert.strictEqual(error.words, "SQLSTATE 25006: the server's words")
    assert.notInclude(error.message, "words")
  })

  it("is found behind what others made of it", () => {
    const error = failure({ code: "25006" })
    const wrapped = new Error("no mail", { cause: new Error("no row", { cause: error }) })
    assert.strictEqual(sqlErrorIn(wrapped), error)
    assert.isUndefined(sqlErrorIn(new Error("no mail")))
    const endless: { cause?: unknown } = {}
    endless.cause = endless
    assert.isUndefined(sqlErrorIn(endless))
  })
})
