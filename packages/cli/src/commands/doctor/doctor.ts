/**
 * `turnout doctor`: looks at everything that Turnout stands on, and says of each finding what to do next. It writes nothing.
 *
 * A database that does not answer keeps only the checks of its own from being made. Opening an embedded database takes its folder for a
 * moment, as every command does; a folder that another process uses is a finding.
 */
import type { Command } from "commander"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { issuers, type IssuersOptions } from "../../options/access/Issuers.ts"
import { sqs, sqsEndpoint, sqsRegion } from "../../options/neighbours/Sqs.ts"
import * as Line from "../../output/Line.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Running from "../../Running.ts"
import type { NamedQueue } from "../../sinks/NamedQueue.ts"
import type { SqsOptions } from "../../sinks/Sqs.ts"
import * as Check from "./Check.ts"
import * as Checks from "./Checks.ts"
import { OWN_NAME } from "./checks/Clients.ts"
import type { Asked } from "./checks/Queues.ts"
import * as Schema from "./checks/Schema.ts"

export interface DoctorOptions extends SqsOptions, IssuersOptions {
  readonly sqs?: ReadonlyArray<NamedQueue>
}

/** The checks that run at the same time on a server, each on a connection of its own. */
const AT_ONCE = 4
/** How long the code of the database may take to load, and an embedded Postgres to start. A server is asked only after that. */
const START_MILLIS = 30_000
/** How long closing the database may take. */
const CLOSE_MILLIS = 1_000

const DATABASE = "database"

/** The finding about a folder that has no database; `undefined` if it has one. */
const ofFolder = ({ data, database }: Database.GlobalOptions): Check.Finding | undefined => {
  const folder = resolve(data)
  if (database !== undefined || existsSync(join(folder, "postgres"))) return undefined
  return Check.failure(
    `there is no database in ${folder}`,
    { address: folder, kind: "embedded" },
    "turnout migrate up",
    "or name another: turnout doctor --data FOLDER, turnout doctor --database URL"
  )
}

/** The error of a folder that another process uses has a cause with a name. */
const isInUse = (error: unknown): error is StoreError => {
  const cause = (error as { readonly reason?: { readonly cause?: unknown } } | null)?.reason?.cause
  return cause instanceof Error && cause.name === "FolderInUse"
}

/** The finding about a database that cannot be opened. */
const notOpened = (error: unknown, options: Database.GlobalOptions): Check.Finding => {
  if (!isInUse(error)) return Check.ofError(error)
  return Check.warning(
    `nothing can be looked at: ${(error.reason.cause as Error).message}`,
    { address: resolve(options.data), kind: "embedded", error: "FolderInUse" },
    "Stop that process, and then: turnout doctor"
  )
}

type Opened = Exit.Exit<Context.Context<Checks.Needed>, unknown> | undefined

/** Opens the database without migrating it. */
const open = (options: Database.GlobalOptions, scope: Scope.Scope): Effect.Effect<Opened> => {
  const opening = Layer.buildWithScope(Database.asItIs(options, 2 * AT_ONCE), scope)
  return Check.within(opening, START_MILLIS)
}

const runAll = <R>(checks: ReadonlyArray<Check.Check<R>>) =>
  Effect.map(Effect.forEach(checks, Check.run, { concurrency: AT_ONCE }), (found) => found.flat())

/** The issuers of the options and of the configuration file, each once. */
const issuersOf = ({ configuration, issuers = [] }: Database.GlobalOptions & DoctorOptions) => {
  const asked = [...issuers, ...(configuration?.issuers ?? [])]
  return asked.filter(({ issuer }, index) => asked.findIndex((one) => one.issuer === issuer) === index)
}

/** The findings about an open database: the later checks need what the first ones have found. */
const ofDatabase = Effect.fnUntraced(function* (options: Database.GlobalOptions & DoctorOptions) {
  const found: Array<Check.Found> = []
  for (const check of Checks.first(options)) {
    found.push(...(yield* Check.run(check)))
    if (check.name === DATABASE && found.some(({ facts }) => facts["error"] !== undefined)) return found
  }
  found.push(...(yield* runAll(Checks.ofServer(options))))
  const hasTables = !found.some(({ level, name }) => name === Schema.NAME && level === "failure")
  return hasTables ? [...found, ...(yield* runAll(Checks.ofTables(options, issuersOf(options))))] : found
})

const ofStore = Effect.fnUntraced(function* (options: Database.GlobalOptions & DoctorOptions) {
  const missing = ofFolder(options)
  if (missing !== undefined) return [{ name: DATABASE, ...missing }]
  const scope = yield* Scope.make()
  const opened = yield* open(options, scope)
  const closing = Check.within(Scope.close(scope, Exit.void), CLOSE_MILLIS)
  if (opened !== undefined && Exit.isSuccess(opened))
    return yield* Effect.ensuring(Effect.provide(ofDatabase(options), opened.value), closing)
  yield* closing
  const finding = opened === undefined ? Check.ofSilence(START_MILLIS) : notOpened(Cause.squash(opened.cause), options)
  return [{ name: DATABASE, ...finding }]
})

/** The queues of the options and of the configuration file, each once. */
const queuesOf = ({ configuration, sqs = [], sqsEndpoint, sqsRegion }: Database.GlobalOptions & DoctorOptions) => {
  const own = {
    ...(sqsEndpoint === undefined ? {} : { sqsEndpoint }),
    ...(sqsRegion === undefined ? {} : { sqsRegion })
  }
  const asked: ReadonlyArray<Asked> = [
    ...sqs.map((queue) => ({ ...own, queue })),
    ...(configuration?.queues ?? []).map((queue) => ({ ...own, ...queue }))
  ]
  return asked.filter(({ queue }, index) => asked.findIndex((one) => one.queue.url === queue.url) === index)
}

/** How findings are shown: the level, in a column of its own. */
const STYLES: Readonly<Record<Check.Level, (text: string) => Line.Line>> = {
  ok: (text) => text,
  notice: Line.heading,
  warning: Line.warning,
  failure: Line.error
}

const WIDTH = "failure".length

const inWords = ({ advice, level, says }: Check.Found): ReadonlyArray<Line.Line> => [
  Line.of`  ${STYLES[level](level.padEnd(WIDTH))}  ${says}`,
  ...advice.map((one) => Line.of`  ${" ".repeat(WIDTH)}  ${Line.faint("next:")} ${one}`)
]

const linesOf = (found: ReadonlyArray<Check.Found>): ReadonlyArray<Line.Line> => [
  ...[...Map.groupBy(found, ({ name }) => name)].flatMap(([name, own]) => [
    Line.heading(name),
    ...own.flatMap(inWords),
    ""
  ]),
  summaryOf(found)
]

const summaryOf = (found: ReadonlyArray<Check.Found>): Line.Line => {
  const count = (level: Check.Level) => found.filter((one) => one.level === level).length
  const [failures, warnings] = [count("failure"), count("warning")]
  if (failures + warnings === 0) return "Nothing to do."
  return `${failures} ${failures === 1 ? "failure" : "failures"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}.`
}

export const doctor = async (options: Database.GlobalOptions & DoctorOptions): Promise<boolean> => {
  // The server knows the sessions of this command by their name, unless the URL names them.
  process.env["PGAPPNAME"] = OWN_NAME
  const checksOutside = await Checks.outside(options, queuesOf(options), issuersOf(options))
  const [outside, ofTheStore] = await Logs.runPromise(
    { ...options, quiet: true },
    Effect.all([runAll(checksOutside), ofStore(options)], { concurrency: "unbounded" })
  )
  // A connection that hangs must not keep the command from ending.
  Running.leaveTheRest()
  const found = [...outside.slice(0, 1), ...ofTheStore, ...outside.slice(1)]
  const level = Check.worst(found.map((one) => one.level))
  const checks = found.map(({ advice, facts, level, name, says }) => ({ name, level, says, facts, advice }))
  Output.result(options, { level, checks }, () => linesOf(found))
  return level === "ok" || level === "notice"
}

const EXIT_CODES = `
Exit code: 0 if there is nothing to do (ok and notices), 1 if something is wrong (warnings and failures), 2 for
wrong usage.`

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  program
    .command("doctor")
    .description(
      "look at the database, the queues, sinks, webhooks and token issuers, and say what to do next; nothing is changed"
    )
    .addOption(sqs("URL of an SQS queue to look at as well; may be given several times"))
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .addOption(issuers("issuers of bearer tokens to look at as well"))
    .addHelpText("after", EXIT_CODES)
    .action(action(doctor))
}
