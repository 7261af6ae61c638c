/**
 * `turnout import` of people who share an address, or who are one person in several spellings.
 */
import { createTurnout } from "turnout"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

/** An event that three people are registered for: Ada by her address, Bob under an id, and Eve no longer. */
const givenEvent = async (database: string) => {
  const host = createTurnout({ database })
  const { id } = await host.createEvent(Given.eventInput({ capacity: 50 }))
  await host.publishEvent(id)
  const ada = await host.register(id, { attendee: { email: "ada@münchen.de" } })
  const bob = await host.register(id, { attendee: { id: "B-1", email: "Bob@example.com" } })
  const eve = await host.register(id, { attendee: { id: "E-1", email: "eve@example.com" } })
  await host.cancelRegistration(id, eve.registration.id)
  await host.close()
  return { id, ada: ada.registration, bob: bob.registration }
}

describe("turnout import, addresses", { timeout: 120_000 }, () => {
  it.concurrent("warns of an address that has another registration, or takes it for the same person", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { ada, bob, id } = await givenEvent(turnout.database!)
    const file = turnout.write(
      "people.csv",
      [
        "id,email,name",
        "V-1,Ada@xn--mnchen-3ya.de,Ada",
        ",bob@example.com,Bob",
        "E-2,eve@example.com,Eve",
        "K-1,kim@example.com,Kim",
        "K-2,KIM@example.com,Kim's child",
        "N-1,new@example.com,Nobody else"
      ].join("\n")
    )
    const imported = await turnout.json("import", file, "--event", id)
    const { code, document, stderr } = imported
    assert.strictEqual(code, 1, stderr)
    // No name speaks against one person with two ids.
    assert.deepStrictEqual(
      document.problems.map(({ line, reason }) => `${line} ${/^.*? as \S+:/.exec(reason)![0]}`),
      [`2 ada@xn--mnchen-3ya.de is registered otherwise, as ${ada.id}:`, `3 b-1 is registered otherwise, as ${bob.id}:`]
    )
    assert.strictEqual(document.confirmed, 4)
    const [toKim, ...others] = document.warnings
    assert.deepStrictEqual([toKim!.line, others], [6, []])
    assert.match(
      toKim!.reason,
      /^KIM@example\.com has another registration of this event: \S+ of k-1 is confirmed\. Cancel one of the two if both are of one person$/
    )
    assert.include(stderr, `people.csv:6 ${toKim!.reason}`)

    const again = await turnout.json("import", file, "--event", id)
    assert.deepStrictEqual([again.code, again.document.warnings, again.document.unchanged], [1, [], 4])
  })

  it.concurrent("finds the other registration on any page of a long list", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { id } = await givenEvent(turnout.database!)
    const rows = CommandLine.upTo(1_200).map((n) => `P-${n},${CommandLine.email(n)}`)
    await turnout.json("import", turnout.write("many.csv", ["id,email", ...rows].join("\n")), "--event", id)
    const file = turnout.write(
      "few.csv",
      `id,email\nQ-3,${CommandLine.email(3)}\nQ-1199,${CommandLine.email(1_199)}\nQ-x,x@example.com\n`
    )
    const { document } = await turnout.json("import", file, "--event", id)
    const { warnings } = document
    assert.deepStrictEqual(
      warnings.map(({ line }) => line),
      [2, 3]
    )
  })

  it.concurrent("makes one person of what differs in nothing that can be seen", async () => {
    await using turnout = await CommandLine.onPostgres()
    const file = turnout.write(
      "people.csv",
      [
        "id,email",
        "V-1,ada@example.com",
        "V-1\u200b,ada@example.com",
        "\u00ad,eve@example.com",
        ",bob@münchen.de",
        ",bob@xn--mnchen-3ya.de\u200b",
        ",'bob@example.com'",
        "mailto:bob@example.com,bob@example.com"
      ].join("\n")
    )
    const { code, document } = await turnout.json("import", file, "--title", "Party", "--capacity", "9")
    assert.deepStrictEqual([code, document.confirmed], [1, 2])
    assert.deepStrictEqual(
      document.problems.map(({ line, reason }) => `${line} ${/^.*?(?=: registration|$)/.exec(reason)![0]}`),
      [
        "3 v-1 is in line 2 as well; one person has one registration",
        "4 id: must have something to see",
        "6 bob@xn--mnchen-3ya.de is in line 5 as well; one person has one registration",
        "7 email: must be the address alone, without quote marks, brackets or a name, such as ada@example.com",
        "8 id: must not begin with mailto:, as the ids of people who are known by their address do: leave the id out for them"
      ]
    )
  })
})
