/**
 * The rules of the linter. Which part of the house may import which is made from `scripts/house.ts`.
 */
import { defineConfig, type OxlintOverride } from "oxlint"
import {
  forbiddenTo,
  layers,
  layersAbove,
  MAX_LINES_OF_A_FUNCTION,
  packages,
  pureModules,
  storeys,
  subjects,
  technologies,
  UNGUARDED_FILES,
  WORDS_FOR_HTTP
} from "./scripts/house.ts"

interface Pattern {
  readonly regex?: string
  readonly group?: Array<string>
  readonly allowImportNames?: Array<string>
  readonly allowTypeImports?: boolean
  readonly message: string
}

const byName: Pattern = { regex: "^\\..*/src/", message: "reach another package by its name, never by path" }

const drivers: Pattern = {
  regex: "^(pg|pg-.*|postgres|ioredis|redis|@electric-sql/.*|@aws-sdk/.*|@effect/.*)(/|$)",
  message: "core knows no driver"
}

/** A package knows some others, and its own files by relative paths only. */
const others = (name: string): Pattern => {
  const { imports } = packages.find((one) => one.name === name)!
  const known = packages.filter((other) => !imports.includes(other.name)).map((other) => other.name)
  // The package "turnout" has no scope.
  const names = known.map((other) => (other === "turnout" ? "turnout" : `@turnout/${other}`))
  return {
    regex: `^(${names.join("|")})(/|$)`,
    message: `${name} imports ${imports.join(", ") || "no other package"}, and its own files by relative paths`
  }
}

/** Rooms, after any number of steps up. */
const rooms = (names: ReadonlyArray<string>, message: string): ReadonlyArray<Pattern> =>
  names.length === 0 ? [] : [{ regex: `^(\\.\\./)+(${names.join("|")})`, message }]

const restrict = (
  files: Array<string>,
  patterns: ReadonlyArray<Pattern>,
  paths: Array<{ name: string; message: string; importNames?: Array<string> }> = []
): OxlintOverride => ({
  files,
  rules: { "eslint/no-restricted-imports": ["error", { paths, patterns: [...patterns] }] }
})

const effectIsPickedApart = { name: "effect", message: "import effect's pure modules one by one: effect/Schema" }
/** Comes last in a list of patterns: what it lets through is not looked at by those after it. */
const pure: Pattern = {
  group: ["*", "!./**", "!../**", "!effect", "effect/*", ...pureModules.map((name) => `!effect/${name}`)],
  message: "domain imports domain, and effect's pure modules"
}

const core = subjects.flatMap((subject) => {
  const ofOthers = rooms(
    forbiddenTo(subject),
    `${subject.name} imports ${subject.imports.join(", ") || "no other subject"}`
  )
  return layers.map((layer) => {
    const above = layersAbove(layer)
    const folder = `packages/core/src/${subject.name}/${layer}`
    const upward =
      above.length === 0
        ? []
        : [
            {
              regex: `^(\\.\\./)+([a-z]+/)?(${above.join("|")})/`,
              message: `${layer} never imports ${above.join(" or ")}`
            }
          ]
    const common = [...ofOthers, ...upward, byName, others("core"), drivers]
    return layer === "domain"
      ? restrict([`${folder}/**/*.ts`], [...common, pure], [effectIsPickedApart])
      : restrict([`${folder}/**/*.ts`], common)
  })
})

/** The storeys of a domain: no file imports from a storey above its own. */
const admission = storeys.slice(0, -1).map((storey, index) => {
  const above = storeys.slice(index + 1).map((name) => name.replace("domain/", ""))
  const subject = subjects.find(({ name }) => name === "admission")!
  return restrict(
    [`packages/core/src/admission/${storey}/**/*.ts`],
    [
      {
        regex: `^(\\.\\./)+(admission/domain/)?(${above.join("|")})`,
        message: `${storey} imports the storeys below it`
      },
      ...rooms(forbiddenTo(subject), "admission imports kernel"),
      { regex: "^(\\.\\./)+([a-z]+/)?(ports|application)/", message: "domain never imports ports or application" },
      byName,
      others("core"),
      drivers,
      pure
    ],
    [effectIsPickedApart]
  )
})

const adapters = Object.entries(technologies).map(([name, known]) => {
  const unknown = Object.keys(technologies).filter((other) => other !== name && !known.includes(other))
  return restrict(
    [`packages/adapters/src/${name}/**/*.ts`],
    [
      byName,
      others("adapters"),
      ...rooms(
        unknown.map((other) => `${other}/`),
        `${name} knows no other technology`
      )
    ]
  )
})

const guarded = subjects.filter(({ name }) => name !== "kernel" && name !== "guard").map(({ name }) => name)

/** What can be called over HTTP has been through the policy. */
const behindThePolicy: Pattern = {
  regex: `^@turnout/core/(${guarded.join("|")})/(application|ports)/`,
  allowImportNames: [...WORDS_FOR_HTTP],
  allowTypeImports: true,
  message: "http calls use cases behind the policy: those of @turnout/core/guard"
}

const OUTPUT = "all output goes through packages/cli/src/output/Streams.ts, which makes text from elsewhere visible"

/** Modules that write past the one place, each with the only file of the command line that may import it. */
const writers: ReadonlyArray<readonly [name: string, only: string | undefined]> = [
  ["effect/Logger", "output/Logs.ts"],
  ["cli-progress", "output/Progress.ts"],
  ...["process", "console", "tty", "readline", "readline/promises", "fs/promises"].flatMap((name) =>
    [name, `node:${name}`].map((name) => [name, undefined] as const)
  ),
  ...["Console", "ManagedRuntime", "Runtime", "Stdio", "Terminal"].map((name) => [`effect/${name}`, undefined] as const)
]
const writersOfFiles = {
  importNames: ["appendFileSync", "createWriteStream", "writeFileSync", "writeSync"],
  message: OUTPUT
}

/** What a file of the command line imports; all of them, without a file. */
const cliImports = (file?: string): OxlintOverride =>
  restrict(
    [`packages/cli/src/${file ?? "**/*.ts"}`],
    [byName, others("cli")],
    [
      ...writers.filter(([, only]) => only === undefined || only !== file).map(([name]) => ({ name, message: OUTPUT })),
      { name: "fs", ...writersOfFiles },
      { name: "node:fs", ...writersOfFiles }
    ]
  )

/** Members that write past the one place. Effects that are run without a logger of `output/Logs.ts` log to stdout. */
const members: Readonly<Record<string, ReadonlyArray<string>>> = {
  process: ["stdout", "stderr", "_rawDebug"],
  globalThis: ["process", "console"],
  Effect: ["runCallback", "runFork", "runPromise", "runPromiseExit", "runSync", "runSyncExit"]
}

/** The members that files of the command line may not use; those of one object are allowed to some files. */
const cliMembers = (files: ReadonlyArray<string>, allowed?: string): OxlintOverride => ({
  files: files.map((file) => `packages/cli/src/${file}`),
  rules: {
    "eslint/no-console": "error",
    "eslint/no-restricted-properties": [
      "error",
      ...Object.entries(members).flatMap(([object, properties]) =>
        object === allowed ? [] : properties.map((property) => ({ object, property, message: OUTPUT }))
      )
    ]
  }
})

const cli = [
  cliImports(),
  ...writers.flatMap(([, only]) => (only === undefined ? [] : [cliImports(only)])),
  cliMembers(["**/*.ts"]),
  cliMembers(["output/Streams.ts", "output/Uncaught.ts"], "process"),
  cliMembers(["output/Logs.ts"], "Effect")
]

/** Functions that may be longer: each makes a port, and is as long as the port has operations. */
const makesOfPorts = [
  "packages/adapters/src/memory/delivery/MemoryOutbox.ts",
  "packages/adapters/src/memory/delivery/MemoryOutboxOperations.ts",
  "packages/adapters/src/memory/delivery/MemoryReplays.ts",
  "packages/adapters/src/memory/webhooks/MemoryWebhooks.ts",
  "packages/adapters/src/postgres/delivery/OutboxStatements.ts",
  "packages/adapters/src/postgres/delivery/PostgresOutbox.ts"
]

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import"],
  categories: { correctness: "error", suspicious: "error" },
  env: { builtin: true, node: true },
  ignorePatterns: ["**/dist/**", "**/.tsbuild/**", "**/coverage/**"],
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-unassigned-import": "off",
    "import/no-self-import": "error",
    "import/no-duplicates": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "off",
    "eslint/no-unused-vars": "error",
    "eslint/no-var": "error",
    "eslint/prefer-const": "error",
    "eslint/eqeqeq": "error",
    "eslint/no-underscore-dangle": "off",
    "eslint/no-shadow": "off",
    "unicorn/consistent-function-scoping": "off"
  },
  overrides: [
    {
      files: ["packages/*/src/**/*.ts"],
      rules: {
        "typescript/explicit-module-boundary-types": "error",
        "eslint/max-lines-per-function": [
          "error",
          { max: MAX_LINES_OF_A_FUNCTION, skipBlankLines: true, skipComments: true }
        ]
      }
    },
    { files: makesOfPorts, rules: { "eslint/max-lines-per-function": "off" } },
    ...core,
    ...admission,
    ...adapters,
    ...cli,
    restrict(["packages/turnout/src/**/*.ts"], [byName, others("turnout")]),
    restrict(["packages/http/src/**/*.ts"], [byName, others("http"), behindThePolicy]),
    restrict(
      UNGUARDED_FILES.map((file) => `packages/http/src/${file}`),
      [byName, others("http")]
    ),
    restrict(
      ["test/**/*.ts", "examples/**/*.ts", "bench/**/*.ts"],
      [{ regex: "^\\..*packages/", message: "reach a package by its name, never by path" }]
    )
  ]
})
