/**
 * The rules for the options of adapters.
 */
import { between, mustBe, notEmpty } from "@turnout/core/kernel/domain/rules/OptionRules"
import { brokenRules } from "@turnout/core/kernel/domain/rules/RuleWords"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"

/** The rules that options break. */
const rulesBroken = (schema: Schema.Codec<unknown, unknown>, options: unknown): ReadonlyArray<string> => {
  const decoded = Schema.decodeUnknownResult(schema)(options)
  return Result.isSuccess(decoded) ? [] : brokenRules(decoded.failure.issue).map(({ rule }) => rule)
}

describe("an option", () => {
  it("may be text for which a rule holds, and is told the rule otherwise", () => {
    const region = mustBe("must be a region, such as eu-central-1", (text) => text.startsWith("eu-"))
    assert.deepStrictEqual(rulesBroken(region, "eu-north-1"), [])
    assert.deepStrictEqual(rulesBroken(region, "us-east-1"), ["must be a region, such as eu-central-1"])
    assert.deepStrictEqual(rulesBroken(region, 1), ["must be a string"])
  })

  it("may be absent, but may not be text of which nothing is shown", () => {
    const schema = Schema.Struct({ name: notEmpty })
    for (const options of [{}, { name: "orders" }]) assert.deepStrictEqual(rulesBroken(schema, options), [])
    for (const name of ["", " ", "\u200b"])
      assert.deepStrictEqual(rulesBroken(schema, { name }), ["must not be empty"], JSON.stringify(name))
  })

  it.each([
    [{}, []],
    [{ seconds: 2 }, []],
    [{ seconds: 9 }, []],
    [{ seconds: 1 }, ["must be between 2 and 9"]],
    [{ seconds: 10 }, ["must be between 2 and 9"]],
    [{ seconds: 2.5 }, ["must be an integer"]],
    [{ seconds: "2" }, ["must be a number"]]
  ])("may be absent, or a whole number within bounds: %j", (options, rules) => {
    assert.deepStrictEqual(rulesBroken(Schema.Struct({ seconds: between(2, 9) }), options), rules)
  })
})
