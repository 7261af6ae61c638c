/**
 * The table of limits in the docs is that of the code.
 */
import { actions, ownActions } from "@turnout/core/access/domain/policy/Action"
import * as LimitChanges from "@turnout/http/LimitChanges"
import { DEFAULT_POLICIES } from "@turnout/http/LimitPolicy"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"
import * as MarkdownTable from "../support/MarkdownTable.ts"

describe("the limits by default", () => {
  it("are in the docs", () => {
    const [cells = []] = MarkdownTable.cells("docs/reference/settings.md", "Limits of requests")
    const rows = Map.groupBy(cells, ({ row }) => row)
    assert.deepStrictEqual(
      [...rows].map(([row, all]) => [row, ...all.map(({ text }) => text)]),
      DEFAULT_POLICIES.map(({ callers, countedBy, limit, name, operations, whenStoreIsAway, windowSeconds }) => [
        `\`${name}\``,
        countedBy,
        callers,
        operations === "all" ? "all" : operations.map((one) => `\`${one}\``).join(", "),
        String(limit),
        String(windowSeconds),
        whenStoreIsAway
      ])
    )
  })

  it("name operations that there are", () => {
    for (const { operations } of DEFAULT_POLICIES)
      if (operations !== "all")
        assert.includeMembers([...Object.keys(actions), ...Object.keys(ownActions)], [...operations])
  })
})

describe("changes of limits", () => {
  const decode = Schema.decodeUnknownResult(LimitChanges.LimitChanges, { onExcessProperty: "error" })
  const refusal = (changes: unknown) => {
    const decoded = decode(changes)
    return Result.isFailure(decoded) ? String(decoded.failure) : "taken"
  }

  it("change what they name, and add what they do not", () => {
    const changed = LimitChanges.apply([
      { name: "anonymous", limit: 7 },
      { name: "one-event", countedBy: "event", limit: 5 }
    ])
    assert.lengthOf(changed, DEFAULT_POLICIES.length + 1)
    assert.deepStrictEqual(changed[0], { ...DEFAULT_POLICIES[0]!, limit: 7 })
    assert.deepStrictEqual(changed.at(-1), {
      name: "one-event",
      countedBy: "event",
      callers: "all",
      operations: "all",
      limit: 5,
      windowSeconds: 60,
      cost: 1,
      whenStoreIsAway: "open"
    })
  })

  it("are refused by name and rule", () => {
    assert.strictEqual(refusal([{ name: "anonymous", limit: 7 }]), "taken")
    assert.include(refusal([{ name: "other", limit: 7 }]), "must have countedBy and limit")
    assert.include(refusal([{ name: "anonymous", limit: 4, cost: 3 }]), "half of its limit at most")
    assert.include(refusal([{ name: "anonymous" }, { name: "anonymous" }]), "must name each policy once")
    assert.include(refusal([{ name: "Anonymous" }]), "lower-case letters")
    assert.notStrictEqual(refusal([{ name: "anonymous", limit: 0 }]), "taken")
    assert.notStrictEqual(refusal([{ name: "anonymous", windowSeconds: 100_000 }]), "taken")
  })
})
