/**
 * `turnout sessions`: lists and ends the sessions of those who sign in by mail.
 */
import { Argument, type Command } from "commander"
import * as People from "@turnout/core/access/application/People"
import * as SessionsOfPeople from "@turnout/core/access/application/signIn/SessionsOfPeople"
import type { Session, SessionId } from "@turnout/core/access/domain/signIn/Session"
import type { SessionStore } from "@turnout/core/access/ports/SessionStore"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import { address, find, isNamed, person, type PersonOptions } from "../../options/access/People.ts"
import * as Ids from "../../options/Ids.ts"
import { cursor, limit } from "../../options/Paging.ts"
import type * as Line from "../../output/Line.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"
import { WrongUsage } from "../../WrongUsage.ts"

/** Runs a use of sessions, and of the people who have them, to its end. */
const run = <A, E>(
  options: Database.GlobalOptions,
  work: Effect.Effect<A, E, People.People | SessionStore>
): Promise<A> =>
  Logs.runPromise(options, Effect.provide(work, Layer.provideMerge(People.layer, Database.stores(options))))

const sessionId = Ids.credential("a session")

const HEAD = [
  "session",
  Table.spare("signed in"),
  "last used",
  "ends",
  Table.spareText("from"),
  Table.spareText("browser")
]
const row = ({ address, createdAt, endsAt, id, lastUsedAt, userAgent }: Session) => [
  id,
  time(createdAt),
  time(lastUsedAt),
  time(endsAt),
  address ?? "",
  userAgent ?? ""
]

export const list = async (
  options: Database.GlobalOptions & PersonOptions & Paging.KeyPaging<SessionId>
): Promise<boolean> => {
  if (!isNamed(options)) throw new WrongUsage("name the person by --person or --address")
  const page = Paging.byKey(
    await run(
      options,
      Effect.flatMap(find(options), ({ id: personId }) =>
        pageByKey(
          (asked) => SessionsOfPeople.list(personId, asked),
          Paging.toRequest(options),
          ({ id }) => id
        )
      )
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["There are no sessions."]
      : [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)]
  )
  return true
}

interface EndOptions extends PersonOptions, ActorOptions {
  readonly all?: boolean
}

/** What is wrong about what is to be ended: one session by its id, or all of a person. */
const problemOf = (options: EndOptions, id: SessionId | undefined): string | undefined => {
  const { all = false } = options
  if (all === (id !== undefined)) return "name one session by its id, or --all of a person"
  if (all && !isNamed(options)) return "--all needs the person, by --person or --address"
  return all || !isNamed(options)
    ? undefined
    : "--person and --address are for --all: a session is named by its id alone"
}

/** Ends all sessions of the person whom the options name. */
const endAll = async (options: Database.GlobalOptions & EndOptions): Promise<boolean> => {
  const ended = await run(
    options,
    Effect.flatMap(find(options), ({ id: person }) =>
      Effect.map(SessionsOfPeople.endAll(person, whoOf(options)), (ended) => ({ person, ended }))
    )
  )
  const words = (): ReadonlyArray<Line.Line> => [
    ended.ended === 1 ? "1 session has ended." : `${count(ended.ended)} sessions have ended.`
  ]
  Output.changed(options, ended, words)
  return true
}

export const end = async (options: Database.GlobalOptions & EndOptions, id?: SessionId): Promise<boolean> => {
  const problem = problemOf(options, id)
  if (problem !== undefined) throw new WrongUsage(problem)
  if (id === undefined) return endAll(options)
  const session = await run(options, SessionsOfPeople.end(id, whoOf(options)))
  Output.changed(options, { session }, () => [`The session ${session.id} of person ${session.personId} has ended.`])
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const sessions = program.command("sessions").description("sessions, the credentials of those who sign in by mail")
  sessions
    .command("list")
    .description("list the sessions of a person that are valid, the oldest first")
    .addOption(person())
    .addOption(address())
    .addOption(limit())
    .addOption(cursor(sessionId))
    .action(action(list))
  sessions
    .command("end")
    .description("end a session, or all sessions of a person; every process refuses them within ten seconds")
    .addArgument(new Argument("[session]", "id of the session").argParser(sessionId))
    .option("--all", "end all sessions of the person")
    .addOption(person())
    .addOption(address())
    .addOption(as())
    .action(action(end))
}
