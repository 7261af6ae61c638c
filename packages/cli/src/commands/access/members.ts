/**
 * `turnout members`: adds, lists, changes and removes the members of an organization.
 */
import { Argument, type Command, InvalidArgumentError, Option } from "commander"
import * as Members from "@turnout/core/access/application/Members"
import type { Member } from "@turnout/core/access/domain/Member"
import { MemberRole, permissionsOf, roles } from "@turnout/core/access/domain/policy/Role"
import * as Subject from "@turnout/core/access/domain/Subject"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import * as Organizations from "../../options/access/Organizations.ts"
import * as Ids from "../../options/Ids.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { time } from "../../output/Words.ts"

/** Whoever has the database runs the installation, and has every permission. */
const HELD = permissionsOf("operator")

type Options = Database.GlobalOptions & Organizations.RequiredOrganization

interface RoleOptions {
  readonly role: MemberRole
}

/** Runs a use of the members of the organization that the options name. */
const withMembers = <A, E>(
  options: Options,
  work: (members: Members.Members["Service"], organizationId: OrganizationId) => Effect.Effect<A, E>
): Promise<A> =>
  Logs.runPromise(
    options,
    Effect.provide(
      Effect.flatMap(Organizations.idOf(options), (id) => Members.Members.use((members) => work(members, id))),
      Layer.provideMerge(Members.layer, Database.stores(options))
    )
  )

/** Reads who somebody is. */
const subject = (text: string): Subject.Subject => {
  const read = Subject.read(text)
  if (read === undefined)
    throw new InvalidArgumentError(
      "must be an e-mail address, or the issuer of tokens, # and its name of the person, such as https://id.example.com#248289761001."
    )
  return read
}

const theSubject = (): Argument =>
  new Argument("<subject>", "who it is: an e-mail address, or issuer#name of a token issuer").argParser(subject)

const role = (): Option => {
  const abouts = MemberRole.literals.map((role) => `${role} ${roles[role].about}`).join("; ")
  return new Option("--role <role>", `what the member may do: ${abouts}`)
    .choices(MemberRole.literals)
    .makeOptionMandatory()
}

const HEAD = ["member", Table.text("who"), "role", Table.spare("since")]
const row = ({ addedAt, id, role, subject }: Member) => [id, Subject.textOf(subject), role, time(addedAt)]
const inWords = (member: Member) => Table.lines(HEAD, [row(member)])

export const add = async (
  options: Options & ActorOptions & RoleOptions,
  subject: Subject.Subject
): Promise<boolean> => {
  const { role } = options
  const member = await withMembers(options, ({ add }, id) => add(id, { subject, role }, HELD, whoOf(options)))
  Output.changed(options, { member }, () => inWords(member))
  return true
}

export const list = async (options: Options & Paging.KeyPaging<Member["id"]>): Promise<boolean> => {
  const page = Paging.byKey(
    await withMembers(options, ({ list }, organization) =>
      pageByKey(
        (asked) => list(organization, asked),
        Paging.toRequest(options),
        ({ id }) => id
      )
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["The organization has no members: turnout members add"]
      : [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)]
  )
  return true
}

export const change = async (
  options: Options & ActorOptions & RoleOptions,
  subject: Subject.Subject
): Promise<boolean> => {
  const { role } = options
  const member = await withMembers(options, (members, organization) =>
    Effect.flatMap(members.get(organization, { subject }), ({ id }) =>
      members.change(organization, id, { role }, HELD, whoOf(options))
    )
  )
  Output.changed(options, { member }, () => inWords(member))
  return true
}

export const remove = async (options: Options & ActorOptions, subject: Subject.Subject): Promise<boolean> => {
  const member = await withMembers(options, (members, organization) =>
    Effect.flatMap(members.get(organization, { subject }), ({ id }) =>
      members.remove(organization, id, HELD, whoOf(options))
    )
  )
  Output.changed(options, { member }, () => inWords(member))
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const members = program.command("members").description("who belongs to an organization, and in which role")
  const organization = () => Organizations.organization("the organization").makeOptionMandatory()
  members
    .command("add")
    .description("add a member, who need not have signed in before")
    .addArgument(theSubject())
    .addOption(organization())
    .addOption(role())
    .addOption(as())
    .action(action(add))
  members
    .command("list")
    .description("list the members, the oldest first")
    .addOption(organization())
    .addOption(limit())
    .addOption(cursor(Ids.id))
    .action(action(list))
  members
    .command("change")
    .description("give a member another role")
    .addArgument(theSubject())
    .addOption(organization())
    .addOption(role())
    .addOption(as())
    .action(action(change))
  members
    .command("remove")
    .description("remove a member; an organization keeps its last owner")
    .addArgument(theSubject())
    .addOption(organization())
    .addOption(as())
    .action(action(remove))
}
