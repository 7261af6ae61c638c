/**
 * The parts of the sources as data, and the parts that each may import.
 *
 * The rules of the linter (`oxlint.config.ts`), the rows of its tests (`test/tooling/importRules.test.ts`) and the picture in
 * `docs/architecture.md` are made from this table.
 */

/** A part of `packages/core/src`. */
export interface Subject {
  readonly name: string
  /** A description for the picture. */
  readonly about: string
  /** The subjects that it may import, or rooms of them, such as `admission/ports`. */
  readonly imports: ReadonlyArray<string>
}

/** The layers of a subject. A layer imports itself and the layers before it. A subject may lack some of them. */
export const layers = ["domain", "ports", "application"] as const

export const subjects: ReadonlyArray<Subject> = [
  { name: "kernel", about: "values and words that know no subject", imports: [] },
  { name: "access", about: "who may do what: principals, roles, the policy; the audit log", imports: ["kernel"] },
  { name: "caching", about: "caches of several processes that are never wrong together", imports: ["kernel"] },
  { name: "admission", about: "events, seats, waitlists", imports: ["kernel", "caching"] },
  {
    name: "journal",
    about: "the record of what has happened, and reading it",
    imports: ["kernel", "admission/domain/model"]
  },
  { name: "delivery", about: "the outbox: relays, leases, replays", imports: ["kernel", "access", "journal"] },
  {
    name: "webhooks",
    about: "delivery to the URLs of others",
    imports: ["kernel", "access", "journal", "delivery", "admission/ports"]
  },
  {
    name: "consumer",
    about: "the other end of a queue: each message has one effect",
    imports: ["kernel", "access", "journal", "delivery"]
  },
  {
    name: "projections",
    about: "tables that are made from the journal, to be read",
    imports: ["kernel", "access", "journal", "delivery", "admission/domain/model", "admission/ports"]
  },
  {
    name: "guard",
    about: "the use cases behind the policy, for transports",
    imports: ["kernel", "access", "admission", "journal", "delivery", "webhooks", "consumer", "projections"]
  }
]

/** The rooms of a subject, as imports name them: folders, and `domain/[A-Z]` for the files directly in `domain`. */
export const rooms: Readonly<Record<string, ReadonlyArray<string>>> = {
  admission: ["domain/model", "domain/state", "domain/rules", "domain/[A-Z]", "ports", "application"]
}

/** The storeys of `admission/domain`, from the ground up: each may import those before it. */
export const storeys = ["domain/model", "domain/state", "domain/rules", "domain/[A-Z]"] as const

/** The packages, and the packages that each may import. */
export const packages: ReadonlyArray<{
  readonly name: string
  readonly about: string
  readonly imports: ReadonlyArray<string>
}> = [
  { name: "core", about: "the rules, the use cases, and the ports", imports: [] },
  { name: "adapters", about: "the ports on Postgres, PGlite, SQS, HTTP, SMTP and in memory; Redis", imports: ["core"] },
  {
    name: "turnout",
    about: "wiring for those who embed: createTurnout, the choice of a database",
    imports: ["core", "adapters"]
  },
  { name: "http", about: "the service over HTTP, and its client", imports: ["core"] },
  { name: "cli", about: "the command line of operators", imports: ["core", "adapters", "turnout", "http"] }
]

/**
 * The service over HTTP calls use cases behind the policy only, those of the subject `guard`. These files put the services together, or ask
 * for what needs no policy: the health of the store, the time for a command, who the bearer of a credential is, and what a mail with a link
 * leads to.
 */
export const UNGUARDED_FILES: ReadonlyArray<string> = [
  "server/Services.ts",
  "server/Server.ts",
  "health/HealthHandlers.ts",
  "credentials/CredentialCheck.ts",
  "signIn/LinkMailer.ts"
]

/** What all of its files may import from the applications and ports of other subjects: schemas and errors, and nothing that can be called. */
export const WORDS_FOR_HTTP: ReadonlyArray<string> = [
  "DeadLettersOutOfReach",
  "EventQuery",
  "IssuerState",
  "IssuerUnreachable",
  "JournalPruned",
  "PeopleQuery",
  "QueueUnavailable",
  "RegistrationQuery",
  "Replacement",
  "ReplayNotFound",
  "ReplayNotOpen",
  "Rotation",
  "SalesNotCounted",
  "SignInRequest",
  "SinkNotFound",
  "StreamMovedOn",
  "StreamNotBlocked",
  "TooManySecrets",
  "TooManyWebhooks",
  "WebhookChanges",
  "WebhookNotFound"
]

/** The technologies of `packages/adapters/src`, and those that each may import. */
export const technologies: Readonly<Record<string, ReadonlyArray<string>>> = {
  memory: [],
  postgres: [],
  pglite: ["postgres"],
  sqs: [],
  webhooks: [],
  tokens: [],
  mail: [],
  redis: []
}

/** Effect's pure modules, which the domain may import besides its own files. */
export const pureModules = [
  "BigInt",
  "Boolean",
  "Brand",
  "Data",
  "DateTime",
  "Duration",
  "Equal",
  "Equivalence",
  "Function",
  "Hash",
  "HashMap",
  "HashSet",
  "Iterable",
  "Match",
  "Number",
  "Option",
  "Order",
  "Predicate",
  "Record",
  "Result",
  "Schema",
  "SchemaGetter",
  "SchemaIssue",
  "SchemaTransformation",
  "String",
  "Struct",
  "Tuple",
  "Types"
] as const

/** The most files in a folder of the sources. Folders are not counted. */
export const MAX_FILES_IN_A_FOLDER = 12

/** The folders that may have more files, since each of their files is one of a numbered series. */
export const SERIES: ReadonlyArray<string> = ["packages/adapters/src/postgres/schema/migrations"]

/** The most lines of a function. Blank lines and comments are not counted. */
export const MAX_LINES_OF_A_FUNCTION = 100

const roomsOf = (subject: string): ReadonlyArray<string> => rooms[subject] ?? layers

/** The rooms of other subjects that a subject may not import, as in `admission/domain/state`. */
export const forbiddenTo = ({ imports, name }: Subject): ReadonlyArray<string> =>
  subjects.flatMap((other) => {
    if (other.name === name || imports.includes(other.name)) return []
    const all = roomsOf(other.name).map((room) => `${other.name}/${room}`)
    return all.filter((room) => !imports.includes(room))
  })

/** The layers that a file of this layer may not import, in its own subject and in others. */
export const layersAbove = (layer: (typeof layers)[number]): ReadonlyArray<string> =>
  layers.slice(layers.indexOf(layer) + 1)
