/**
 * The OpenAPI documents by the rules of others: the recommended rules of Redocly, and those of Spectral, without a word.
 */
import { createConfig, lintFromString } from "@redocly/openapi-core"
import core from "@stoplight/spectral-core"
import rulesets from "@stoplight/spectral-rulesets"
import { assert, describe, it } from "vitest"
import * as ApiDocument from "../support/ApiDocument.ts"

const documents = [
  ["the API", ApiDocument.api],
  ["the API for operators", ApiDocument.adminApi]
] as const

const byRedocly = async (source: string): Promise<ReadonlyArray<string>> => {
  const config = await createConfig({ extends: ["recommended"] })
  const problems = await lintFromString({ source, absoluteRef: "openapi.json", config })
  return problems.map(({ location: [place], message, ruleId }) => `${ruleId} ${place?.pointer}: ${message}`)
}

const bySpectral = async (source: string): Promise<ReadonlyArray<string>> => {
  const spectral = new core.Spectral()
  spectral.setRuleset({ extends: [rulesets.oas] } as Parameters<typeof spectral.setRuleset>[0])
  return (await spectral.run(source)).map(({ code, message, path }) => `${code} ${path.join("/")}: ${message}`)
}

describe.each(documents)("the document of %s", (_name, documented) => {
  const source = () => JSON.stringify(documented().document)

  it("keeps the recommended rules of Redocly", async () => {
    assert.deepStrictEqual(await byRedocly(source()), [])
  })

  it("keeps the rules of Spectral", async () => {
    assert.deepStrictEqual(await bySpectral(source()), [])
  })
})

describe("the linters", () => {
  const worse = JSON.stringify({ openapi: "3.1.0", info: { title: "Turnout", version: "0" }, paths: {} })

  it("say what is wrong with a document", async () => {
    assert.match((await byRedocly(worse)).join("\n"), /^info-license /m)
    assert.match((await bySpectral(worse)).join("\n"), /^info-contact /m)
  })
})
