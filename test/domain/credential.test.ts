/**
 * Credentials as text: what is read of each kind, and what is none.
 */
import { type CredentialKind, kindOf, parse, textOf } from "@turnout/core/access/domain/credentials/Credential"
import { assert, describe, it } from "vitest"

const ID = "01a1fc98aa3170bbaea8a708368a1d5e"
const SECRET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM_-01"

describe("the text of a credential", () => {
  it.each([
    ["apiKey", "tk"],
    ["session", "ts"],
    ["signInLink", "tm"],
    ["attendeeLink", "ta"]
  ] as ReadonlyArray<readonly [CredentialKind, string]>)("of the kind %s begins with %s_", (kind, prefix) => {
    const text = `${prefix}_${ID}_${SECRET}`
    assert.strictEqual(textOf(kind, ID, SECRET), text)
    assert.deepStrictEqual(parse(text), { kind, id: ID, secret: SECRET })
    assert.strictEqual(kindOf(text), kind)
    assert.strictEqual(kindOf(`${prefix}_`), kind)
  })

  it.each([
    "",
    "tk_",
    ID,
    `${ID}_${SECRET}`,
    `tk_${ID}`,
    `tk_${ID}_`,
    `tk_${ID}_${SECRET}x`,
    `tk_${ID}_${SECRET.slice(1)}`,
    `xtk_${ID}_${SECRET}`,
    `tx_${ID}_${SECRET}`,
    `TK_${ID}_${SECRET}`,
    `tk_${ID.toUpperCase()}_${SECRET}`,
    `tk_${ID.slice(1)}_${SECRET}`,
    `tk_${ID}_${SECRET.replace("-", "+")}`,
    `tk_${ID}_${SECRET}\n`
  ])("is not %j", (text) => assert.isUndefined(parse(text)))

  it.each(["", "tk", "tk-", "TK_", `${ID}tk_`, "tx_", "_tk_"])("is not meant by %j", (text) =>
    assert.isUndefined(kindOf(text))
  )
})
