/**
 * `turnout people`: lists those who have registered for the events of an organization, and shows and deactivates those who sign in.
 */
import { Argument, type Command } from "commander"
import * as People from "@turnout/core/access/application/People"
import { type Person, PersonId } from "@turnout/core/access/domain/Person"
import * as Subject from "@turnout/core/access/domain/Subject"
import * as RegisteredPeople from "@turnout/core/admission/application/RegisteredPeople"
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import type { RegisteredPerson } from "@turnout/core/admission/domain/model/RegisteredPerson"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import * as Organizations from "../../options/access/Organizations.ts"
import { address, find, type PersonOptions } from "../../options/access/People.ts"
import { given } from "../../options/Given.ts"
import * as Ids from "../../options/Ids.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"
import { WrongUsage } from "../../WrongUsage.ts"

/** Runs a use of people who sign in. */
const withPeople = <A, E>(
  options: Database.GlobalOptions,
  work: (people: People.People["Service"]) => Effect.Effect<A, E>
): Promise<A> =>
  Logs.runPromise(
    options,
    Effect.provide(People.People.use(work), Layer.provide(People.layer, Database.stores(options)))
  )

const REGISTERED = [
  "attendee",
  Table.text("name"),
  Table.text("email"),
  "registrations",
  Table.spare("last registered")
]
const registered = ({ email, id, lastRegisteredAt, name, registrations }: RegisteredPerson) => [
  id,
  name,
  email,
  count(registrations),
  time(lastRegisteredAt)
]

const stateOf = ({ deactivatedAt }: Person): string =>
  deactivatedAt === null ? "active" : `deactivated ${time(deactivatedAt)}`

const inWords = (person: Person) =>
  Table.lines(
    ["person", Table.text("name"), Table.text("known by"), Table.text("state")],
    [
      [
        person.id,
        person.name ?? "",
        [
          ...person.addresses.map((address) => Subject.textOf({ address })),
          ...person.identities.map(Subject.textOfIdentity)
        ].join(", "),
        stateOf(person)
      ]
    ]
  )

interface ListOptions extends Organizations.RequiredOrganization, Paging.KeyPaging<AttendeeId> {
  readonly search?: string
}

export const list = async (options: Database.GlobalOptions & ListOptions): Promise<boolean> => {
  const { search } = options
  const page = Paging.byKey(
    await Logs.runPromise(
      options,
      RegisteredPeople.check(given({ search })).pipe(
        Effect.andThen(Organizations.idOf(options)),
        Effect.flatMap((organization) =>
          pageByKey(
            (asked) => RegisteredPeople.list(organization, given({ search }), asked),
            Paging.toRequest(options),
            ({ id }) => id
          )
        ),
        Effect.provide(Database.stores(options))
      )
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["Nobody."]
      : [...Table.lines(REGISTERED, page.items.map(registered)), ...Paging.more(options, page)]
  )
  return true
}

export const show = async (options: Database.GlobalOptions & PersonOptions, id?: string): Promise<boolean> => {
  if ((id === undefined) === (options.address === undefined))
    throw new WrongUsage("name the person either by id or by --address")
  const named = id === undefined ? options : { person: id }
  const person = await withPeople(options, (people) => Effect.provideService(find(named), People.People, people))
  Output.result(options, { person }, () => inWords(person))
  return true
}

const change =
  (work: "deactivate" | "reactivate") =>
  async (options: Database.GlobalOptions & ActorOptions, id: string): Promise<boolean> => {
    const person = await withPeople(options, (people) => people[work](PersonId.make(id), whoOf(options)))
    Output.changed(options, { person }, () => inWords(person))
    return true
  }

export const deactivate = change("deactivate")
export const reactivate = change("reactivate")

const thePerson = (): Argument => new Argument("<person>", "id of the person").argParser(Ids.id)

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const people = program.command("people").description("those who have registered, and those who sign in")
  people
    .command("list")
    .description("list the people who have registered for events of an organization")
    .addOption(Organizations.organization("the organization").makeOptionMandatory())
    .option("--search <text>", "only those whose address, or a word of whose name, begins with this")
    .addOption(limit())
    .addOption(cursor(Ids.attendee))
    .action(action(list))
  people
    .command("show")
    .description("show a person who signs in: all that they are known by, and whether they can sign in")
    .addArgument(new Argument("[person]", "id of the person").argParser(Ids.id))
    .addOption(address())
    .action(action(show))
  people
    .command("deactivate")
    .description("let a person sign in no more, and end their sessions")
    .addArgument(thePerson())
    .addOption(as())
    .action(action(deactivate))
  people
    .command("reactivate")
    .description("let a person sign in again")
    .addArgument(thePerson())
    .addOption(as())
    .action(action(reactivate))
}
