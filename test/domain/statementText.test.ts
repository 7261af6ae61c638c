/**
 * What the text of a statement tells about its transaction and its session.
 */
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- texts are read inside of the adapter only
import {
  endsTransaction,
  outlivesTransaction,
  toLine
} from "../../packages/adapters/src/postgres/statements/StatementText.ts"

describe("a statement", () => {
  it.each([
    "COMMIT",
    "commit;",
    ";; \n COMMIT AND CHAIN",
    "END TRANSACTION",
    "abort",
    "ROLLBACK",
    "ROLLBACK WORK",
    "ROLLBACK AND CHAIN",
    "ROLLBACK PREPARED 'to'",
    "PREPARE TRANSACTION 'x'",
    "PREPARE /* so */ TRANSACTION 'x'",
    "-- SELECT 1\nCOMMIT",
    "/* a /* nested */ comment */ COMMIT",
    "/**/COMMIT/**/"
  ])("ends its transaction: %s", (text) => assert.isTrue(endsTransaction(text)))

  it.each([
    "",
    "SELECT 'COMMIT'",
    "ROLLBACK TO here",
    "rollback transaction to savepoint here",
    "ROLLBACK /* x */ TO here",
    "SAVEPOINT commit",
    "RELEASE here",
    "BEGIN",
    "PREPARE one AS SELECT 1",
    "-- COMMIT",
    "/* COMMIT */ SELECT 1",
    "/* COMMIT",
    "INSERT INTO commit VALUES (1)",
    "endless"
  ])("does not end its transaction: %s", (text) => assert.isFalse(endsTransaction(text)))

  it.each([
    "SET search_path = x",
    "set session search_path to x",
    "SET ROLE x",
    "SET SESSION AUTHORIZATION x",
    "RESET ALL",
    "DISCARD TEMP",
    "LISTEN x",
    "PREPARE one AS SELECT 1",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "CREATE TEMP TABLE x (n int)",
    "CREATE OR REPLACE LOCAL TEMPORARY VIEW x AS SELECT 1",
    "SELECT 1 INTO TEMP x",
    "SELECT set_config('a.b', $1, false)",
    "SELECT set_config('a.b', $1, $2)",
    "SELECT pg_advisory_lock(1)",
    "DO $$ BEGIN PERFORM pg_try_advisory_lock_shared(1); END $$"
  ])("may leave something on its session: %s", (text) => assert.isTrue(outlivesTransaction(text)))

  it.each([
    "SET LOCAL search_path = x",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SET TRANSACTION READ ONLY",
    "UPDATE x SET n = 1",
    "INSERT INTO temperatures VALUES (1)",
    "SELECT set_config('a.b', $1, true)",
    "SELECT pg_advisory_xact_lock(1)"
  ])("leaves nothing on its session: %s", (text) => assert.isFalse(outlivesTransaction(text)))

  it("is shown on one line, without what could change a terminal, and cut", () => {
    assert.strictEqual(toLine("  SELECT\n\t1,\u001b[2J 2\u0000 "), "SELECT 1, [2J 2")
    assert.strictEqual(toLine("x".repeat(200)), "x".repeat(200))
    assert.strictEqual(toLine(`${"x".repeat(199)}😀 and more`), `${"x".repeat(199)}\ufffd…`)
  })
})
