/**
 * The configuration file: every option of every command can stand in it, gives way to variables and flags, and is refused by name if
 * it is wrong.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { Ajv2020 } from "ajv/dist/2020.js"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it, vi } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import { keysOf } from "../../packages/cli/src/configuration/ConfigurationFile.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as ConfigurationSchema from "../../packages/cli/src/configuration/ConfigurationSchema.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import { allOf } from "../../packages/cli/src/usage/Kinds.ts"
import { textOf } from "../support/Docs.ts"
import { configured, everyOption, nested, parse, program, samplesOf } from "../support/ParsedCommand.ts"

const folder = mkdtempSync(join(tmpdir(), "turnout-configuration-"))
const file = join(folder, "some.json")
const before = { ...process.env }

beforeAll(() => {
  for (const { option } of everyOption()) if (option.envVar !== undefined) delete process.env[option.envVar]
})
afterAll(() => {
  Object.assign(process.env, before)
  rmSync(folder, { recursive: true })
})

const OPTIONS = everyOption()

/** The message of wrong usage. */
const refusal = async (words: ReadonlyArray<string>): Promise<string> => {
  try {
    await parse(words)
  } catch (error) {
    return (error as Error).message
  }
  return "none"
}

const nameOf = ({ option, path }: (typeof OPTIONS)[number]): string => `${path} ${option.long!}`.trim()

describe("an option in the file", () => {
  it("of every command means what the flag means", async () => {
    assert.isAbove(OPTIONS.length, 100)
    for (const one of OPTIONS) {
      const { option, path, words } = one
      const key = option.attributeName()
      const { json, words: flag } = samplesOf(option)[0]!
      const byFlag = await parse([...words, ...flag])
      const byFile = await parse([...words, ...configured(file, nested(path, key, json))])
      assert.deepStrictEqual(byFile.options[key], byFlag.options[key], nameOf(one))
      assert.strictEqual(byFile.sourceOf(key), "config", nameOf(one))
    }
  })

  it("gives way to the flag, and to the variable, whatever it has", async () => {
    let compared = 0
    for (const one of OPTIONS) {
      const { option, path, words } = one
      const [inFile, given] = samplesOf(option)
      if (inFile === undefined || given === undefined) continue
      compared += 1
      const key = option.attributeName()
      const from = configured(file, nested(path, key, inFile.json))
      const alone = await parse([...words, ...given.words])
      const both = await parse([...words, ...given.words, ...from])
      assert.deepStrictEqual(both.options[key], alone.options[key], nameOf(one))
      if (option.envVar === undefined) continue
      process.env[option.envVar] = given.words[1]
      try {
        const byVariable = await parse([...words, ...from])
        assert.deepStrictEqual([byVariable.options[key], byVariable.sourceOf(key)], [alone.options[key], "env"])
      } finally {
        delete process.env[option.envVar]
      }
    }
    assert.isAbove(compared, 60)
  })

  it("gives way to a flag that it cannot be used together with", async () => {
    let pairs = 0
    for (const one of OPTIONS) {
      const rivals = OPTIONS.filter(
        (other) =>
          other.command === one.command &&
          (other.option as unknown as { conflictsWith: ReadonlyArray<string> }).conflictsWith.includes(
            one.option.attributeName()
          )
      )
      for (const rival of rivals)
        for (const [inFile, given] of [
          [one, rival],
          [rival, one]
        ] as const) {
          pairs += 1
          const key = inFile.option.attributeName()
          const from = configured(file, nested(one.path, key, samplesOf(inFile.option)[0]!.json))
          const { options } = await parse([...given.words, ...samplesOf(given.option)[0]!.words, ...from])
          assert.deepStrictEqual(options[key], inFile.option.defaultValue, `${nameOf(given)} over ${nameOf(inFile)}`)
        }
    }
    assert.isAbove(pairs, 10)
  })

  it("is refused with the file, the key and the rule if its value is wrong", async () => {
    for (const one of OPTIONS) {
      const { option, path, words } = one
      const key = [...path.split(" "), option.attributeName()].filter((part) => part !== "").join(".")
      const says = await refusal([...words, ...configured(file, nested(path, option.attributeName(), {}))])
      assert.isTrue(says.startsWith(`error: ${file}: ${key} must be `), `${nameOf(one)}: ${says}`)
    }
  })

  it("is refused if there is no such option, with the one that was meant", async () => {
    for (const { command, path } of allOf(program())) {
      const [first] = keysOf(command).keys()
      if (first === undefined) continue
      const misspelt = `${first}x`
      const says = await refusal(["events", "list", ...configured(file, nested(path.join(" "), misspelt, 1))])
      assert.include(says, `${[...path, misspelt].join(".")} is no option of turnout`)
      assert.include(says, `(did you mean ${first}?)`)
    }
    const spelled = await refusal(["relay", ...configured(file, { relay: { "lease-ttl": 1 } })])
    assert.include(spelled, "relay.lease-ttl is no option of turnout relay (did you mean leaseTtl?)")
    const strange = await refusal(["relay", ...configured(file, { frobnicate: 1 })])
    assert.include(strange, "frobnicate is no option of turnout, and no command of it")
    assert.notInclude(strange, "did you mean")
  })
})

describe("a file", () => {
  it.each([
    ["{", "must be JSON"],
    ["[]", "must be an object with options"],
    ["1", "must be an object with options"],
    ['{"relay": 1}', "relay must be an object with options of the command"],
    ['{"relay": {"leaseTtl": 5}}', "relay.leaseTtl must be a whole number from 1000 to 600000"],
    ['{"relay": {"leaseTtl": "20000"}}', "relay.leaseTtl must be a whole number from 1000 to 600000"],
    ['{"relay": {"startFrom": "end"}}', "relay.startFrom must be one of beginning, now"],
    ['{"relay": {"owner": ["a"]}}', "relay.owner must be one value, and no list"],
    ['{"relay": {"owner": " "}}', "relay.owner must not be empty"],
    ['{"relay": {"sqs": []}}', "relay.sqs must have one value at least"],
    ['{"database": "mysql://secret@b/c"}', "database must be a URL such as postgres://"],
    ['{"database": "postgres://a@b/c", "data": "d"}', "database and data cannot be used together"]
  ])("is refused: %s", async (content, says) => {
    const message = await refusal(["relay", ...configured(file, content)])
    assert.include(message, `error: ${file}: ${says}`)
    assert.notInclude(message, "secret")
  })

  it("is refused if it is named and not there, and is not read for help", async () => {
    const gone = join(folder, "gone.json")
    assert.include(await refusal(["relay", "--config", gone]), `${gone}: there is no such file`)
    const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true)
    try {
      assert.include(await refusal(["relay", "--help", ...configured(file, "{")]), "outputHelp")
    } finally {
      stdout.mockRestore()
    }
  })

  it("gives options that a command needs", async () => {
    const { options } = await parse([
      "worker",
      ...configured(file, { worker: { sqs: "https://sqs.example/1/a.fifo", handlers: "h.mjs", consumer: "mail" } })
    ])
    assert.deepInclude(options, { sqs: "https://sqs.example/1/a.fifo", handlers: "h.mjs", consumer: "mail" })
  })

  it.skipIf(process.platform === "win32")("with a secret is warned of if everybody may read it", async () => {
    const warned = async (content: object, mode: number) => {
      const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true)
      try {
        const words = configured(file, content)
        chmodSync(file, mode)
        await parse(["events", "list", ...words])
        return stderr.mock.calls.map(([text]) => String(text)).join("")
      } finally {
        stderr.mockRestore()
      }
    }
    const secrets = [{ database: "postgres://a:b@c/d" }, { serve: { adminToken: "0123456789abcdef" } }]
    for (const secret of secrets) {
      assert.match(await warned(secret, 0o644), /has a secret \((database|serve\.adminToken)\).*chmod 600/)
      assert.strictEqual(await warned(secret, 0o600), "")
    }
    assert.strictEqual(await warned({ database: "postgres://a@c/d" }, 0o644), "")
  })
})

describe("a document in the file", () => {
  const issuer = { issuer: "https://login.example.com", audience: "https://tickets.example.com" }

  it("is refused with the place of each rule that it breaks", async () => {
    const says = await refusal([
      "serve",
      ...configured(file, { serve: { issuers: [issuer, { ...issuer, audience: " ", kind: "oidc" }] } })
    ])
    assert.include(says, `${file}: serve.issuers.1.kind is not a field here; serve.issuers.1.audience must be text`)
    const flag = await refusal(["serve", "--issuers", JSON.stringify([{ issuer: "login.example.com" }])])
    assert.include(flag, "0.issuer: must be a URL, such as https://login.example.com; 0.audience: is required")
    assert.include(await refusal(["serve", "--issuers", "[{"]), "must be JSON")
  })

  it("is told to the commands that look at what the file names", async () => {
    const { options } = await parse(["doctor", ...configured(file, { serve: { issuers: [issuer] } })])
    assert.deepInclude(options["configuration"] as object, { issuers: [issuer], keys: ["serve.issuers"] })
    assert.isUndefined(options["issuers"])
  })

  it("has its rules in the schema", () => {
    const validate = new Ajv2020({ strict: false }).compile(ConfigurationSchema.make(program()))
    const isValid = (issuers: unknown) => validate({ serve: { issuers } })
    assert.isTrue(isValid([issuer, { ...issuer, roles: [{ claim: "a", value: "b", role: "operator" }] }]))
    for (const wrong of [issuer, [{ issuer: "a" }], [{ ...issuer, kind: 1 }], [{ ...issuer, algorithms: ["HS256"] }]])
      assert.isFalse(isValid(wrong), JSON.stringify(wrong))
  })
})

describe("the reference of the file", () => {
  it("has the keys of the commands that it names, and no others", () => {
    const text = textOf("docs/reference/settings.md").split("## The configuration file")[1]!.split("\n## ")[0]!
    const rows = [...text.matchAll(/^\| (at the top|`[\w.]+`) +\| (.+?) +\|$/gm)].map(
      ([, name = "", keys = ""]) => [name.replaceAll("`", ""), keys.replaceAll("`", "").split(", ")] as const
    )
    const commands = new Map(
      allOf(program()).map(({ command, path }) => [path.join(".") || "at the top", [...keysOf(command).keys()]])
    )
    assert.includeMembers(
      rows.map(([name]) => name),
      ["at the top", "serve", "relay", "worker", "doctor"]
    )
    for (const [name, keys] of rows) assert.deepStrictEqual(keys.toSorted(), commands.get(name)?.toSorted(), name)
  })

  it("is a schema with every key", () => {
    interface Schema {
      readonly properties?: Readonly<Record<string, Schema>>
    }
    const schema = ConfigurationSchema.make(program()) as Schema
    for (const { option, path } of OPTIONS) {
      const at = path.split(" ").filter((part) => part !== "")
      const own = at.reduce<Schema | undefined>((one, part) => one?.properties?.[part], schema)
      assert.isDefined(own?.properties?.[option.attributeName()], `${path} ${option.attributeName()}`)
    }
  })
})
