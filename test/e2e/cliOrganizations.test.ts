/**
 * `turnout organizations`, and the events of one organization on the command line: making, importing and listing them.
 */
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const PATIENCE = { timeout: 180_000 }

const EVENT =
  "--title Talk --organizer Ada --capacity 2 --time-zone Europe/London --starts-at 2099-05-01 --ends-at 2099-05-02".split(
    " "
  )

interface Shown {
  readonly organization: { readonly id: string; readonly slug: string; readonly name: string }
}
const organizationIn = ({ document }: { readonly document: unknown }) => (document as Shown).organization

interface Owned {
  readonly event: { readonly id: string; readonly organizationId: string }
}

describe("turnout organizations", () => {
  it.concurrent("are added, listed, shown and renamed, and refused with the command that helps", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const added = await turnout.json("organizations", "add", "music", "--name", "Music society", "--as", "ada")
    assert.deepInclude(organizationIn(added), { slug: "music", name: "Music society" })
    const { id } = organizationIn(added)
    const listed = await turnout.json("organizations", "list", "--limit", "1")
    assert.deepStrictEqual(
      listed.document.items.map((item) => item.id),
      [DEFAULT_ORGANIZATION]
    )
    const rest = await turnout.json("organizations", "list", "--cursor", listed.document.nextCursor!)
    assert.deepStrictEqual(
      rest.document.items.map((item) => item.id),
      [id]
    )
    const renamed = await turnout.json("organizations", "update", "music", "--slug", "choir", "--name", "The choir")
    assert.deepInclude(organizationIn(renamed), { id, slug: "choir", name: "The choir" })
    assert.deepStrictEqual(organizationIn(await turnout.json("organizations", "show", id)), organizationIn(renamed))

    const taken = await turnout.run("organizations", "add", "choir", "--name", "Another")
    assert.deepStrictEqual([taken.code, taken.stdout], [1, ""])
    assert.include(taken.stderr, "Another organization has the short name choir.")
    const unknown = await turnout.run("organizations", "show", "music")
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, 'There is no organization music. "turnout organizations list" lists them.')
    const wrong = await turnout.run("organizations", "add", "Music Society", "--name", "X")
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.stderr, "<slug> must be lower-case letters, digits and single hyphens")
    const nothing = await turnout.run("organizations", "update", "choir")
    assert.strictEqual(nothing.code, 2)
    assert.include(nothing.stderr, "say what to change")
  })

  it.concurrent("own the events that are made and imported for them, which are listed alone", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const { id } = organizationIn(await turnout.json("organizations", "add", "music", "--name", "Music society"))
    const made = await turnout.json("events", "create", ...EVENT, "--organization", "music")
    const { event } = made.document as unknown as Owned
    assert.strictEqual(event.organizationId, id)
    const byDefault = await turnout.json("events", "create", ...EVENT)
    assert.strictEqual((byDefault.document as unknown as Owned).event.organizationId, DEFAULT_ORGANIZATION)

    turnout.write("people.csv", "name,email\nAda,ada@example.com\n")
    const described = [
      "--title",
      "A workshop",
      "--capacity",
      "5",
      "--starts-at",
      "2099-05-02",
      "--ends-at",
      "2099-05-03"
    ]
    const imported = await turnout.json("import", "people.csv", ...described, "--organization", id.toUpperCase())
    assert.deepInclude(imported.document, { confirmed: 1 })
    const again = await turnout.json("import", "people.csv", ...described, "--organization", "music")
    assert.deepInclude(again.document, { unchanged: 1, eventId: imported.document.eventId })
    const differing = await turnout.run("import", "people.csv", ...described, "--organization", "default")
    assert.strictEqual(differing.code, 1)
    assert.include(differing.stderr, "--organization says")

    const ids = async (...options: ReadonlyArray<string>) =>
      (await turnout.json("events", "list", ...options)).document.items.map((item) => item.id).toSorted()
    assert.deepStrictEqual(await ids("--organization", "music"), [event.id, imported.document.eventId].toSorted())
    assert.lengthOf(await ids(), 3)
    for (const command of [
      ["events", "list"],
      ["events", "create", ...EVENT],
      ["import", "people.csv", ...described]
    ]) {
      const refused = await turnout.run(...command, "--organization", "nobody")
      assert.deepStrictEqual([refused.code, refused.stdout], [1, ""], command.join(" "))
      assert.include(refused.stderr, 'There is no organization nobody. "turnout organizations list" lists them.')
    }
    assert.lengthOf(await ids(), 3)
  })
})
