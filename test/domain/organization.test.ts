/**
 * How organizations are named: by an id, by a short name for commands and addresses, and by a name for people.
 */
import {
  OrganizationChanges,
  OrganizationInput,
  readName,
  Slug,
  SlugTaken
} from "@turnout/core/access/domain/Organization"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"
import { id } from "./Deciding.ts"

const SLUG_RULE = "must be lower-case letters, digits and single hyphens between them, at most 63 characters"

const problemOf = (schema: Schema.Codec<unknown, unknown>) => (input: unknown) =>
  Result.match(Schema.decodeUnknownResult(schema)(input), {
    onFailure: ({ message }) => message,
    onSuccess: () => null
  })

describe("the short name of an organization", () => {
  it.each(["a", "7", "music-society", "a-1-b", "a".repeat(63), id(1).slice(1)])("may be %s", (slug) => {
    assert.isNull(problemOf(Slug)(slug))
    assert.deepStrictEqual(readName(slug), { slug })
  })

  it.each([
    ["", SLUG_RULE],
    ["Music", SLUG_RULE],
    ["music society", SLUG_RULE],
    ["music_society", SLUG_RULE],
    ["müsic", SLUG_RULE],
    ["-music", SLUG_RULE],
    ["music-", SLUG_RULE],
    ["music--society", SLUG_RULE],
    ["music\n", SLUG_RULE],
    ["a".repeat(64), SLUG_RULE]
  ])("may not be %j, which names no organization", (slug, rule) => {
    assert.strictEqual(problemOf(Slug)(slug), rule)
    assert.isUndefined(readName(slug))
  })

  it("may not be an id", () => {
    assert.strictEqual(problemOf(Slug)("0192f0c1-2345-7abc-8def-0123456789ab"), "must not be a UUID")
  })

  it("is refused in words if another organization has it", () => {
    const { message } = new SlugTaken({ slug: "music-society" })
    assert.strictEqual(message, "Another organization has the short name music-society.")
  })
})

it("an organization is named by its id in any spelling", () => {
  for (const text of ["0192f0c1-2345-7abc-8def-0123456789ab", "0192F0C1-2345-7abc-8DEF-0123456789AB"])
    assert.deepStrictEqual(readName(text), { id: "0192f0c1-2345-7abc-8def-0123456789ab" } as never)
})

describe("the name of an organization", () => {
  const problem = (name: string) => problemOf(OrganizationInput)({ slug: "music-society", name })

  it("is a line of 1 to 200 characters with something to see", () => {
    for (const name of ["M", "Music society", "Übungs-Chor & Söhne", "n".repeat(200)]) assert.isNull(problem(name))
    for (const name of ["", "  ", "\u200b"])
      assert.strictEqual(problem(name), 'must have something to see\n  at ["name"]')
    assert.strictEqual(problem("a\nb"), 'must not contain control characters\n  at ["name"]')
    assert.strictEqual(problem("n".repeat(201)), 'Expected a value with a length of at most 200\n  at ["name"]')
  })

  it("is trimmed", () => {
    const input = Schema.decodeUnknownSync(OrganizationInput)({ slug: "music-society", name: " Music society " })
    assert.deepStrictEqual(input, { slug: "music-society", name: "Music society" })
  })
})

it("a change of an organization is one of either name, by the same rules", () => {
  const problem = problemOf(OrganizationChanges)
  for (const changes of [{}, { slug: "music-society" }, { name: "Music society" }]) assert.isNull(problem(changes))
  assert.strictEqual(problem({ slug: "Music" }), `${SLUG_RULE}\n  at ["slug"]`)
  assert.strictEqual(problem({ name: "" }), 'must have something to see\n  at ["name"]')
})
