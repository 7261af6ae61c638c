/**
 * `turnout organizations`: adds, renames and shows organizations, which events belong to.
 */
import { type Command, InvalidArgumentError } from "commander"
import * as Organizations from "@turnout/core/access/application/Organizations"
import { type Organization, Slug } from "@turnout/core/access/domain/Organization"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import { theOrganization } from "../../options/access/Organizations.ts"
import { given } from "../../options/Given.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { time } from "../../output/Words.ts"
import { WrongUsage } from "../../WrongUsage.ts"

const isSlug = Schema.is(Slug)

/** Reads a short name. */
const slug = (text: string): string => {
  if (!isSlug(text)) throw new InvalidArgumentError("must be a short name: lower-case letters, digits and hyphens.")
  return text
}

/** Runs a use of organizations to its end. */
const withOrganizations = <A, E>(
  options: Database.GlobalOptions,
  work: (organizations: Organizations.Organizations["Service"]) => Effect.Effect<A, E>
): Promise<A> =>
  Logs.runPromise(
    options,
    Effect.provide(Organizations.Organizations.use(work), Layer.provide(Organizations.layer, Database.stores(options)))
  )

const HEAD = ["organization", Table.text("short name"), Table.text("name"), Table.spare("since")]
const row = ({ createdAt, id, name, slug }: Organization) => [id, slug, name, time(createdAt)]
const inWords = (organization: Organization) => Table.lines(HEAD, [row(organization)])

interface NameOptions {
  readonly slug?: string
  readonly name?: string
}

export const add = async (
  options: Database.GlobalOptions & ActorOptions & { readonly name: string },
  slug: string
): Promise<boolean> => {
  const { name } = options
  const organization = await withOrganizations(options, ({ create }) => create({ slug, name }, whoOf(options)))
  Output.changed(options, { organization }, () => inWords(organization))
  return true
}

export const list = async (options: Database.GlobalOptions & Paging.KeyPaging<string>): Promise<boolean> => {
  const page = Paging.byKey(
    await withOrganizations(options, (organizations) =>
      pageByKey(organizations.list, Paging.toRequest(options), ({ slug }) => slug)
    )
  )
  Output.result(options, page, () => [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)])
  return true
}

export const show = async (options: Database.GlobalOptions, name: string): Promise<boolean> => {
  const organization = await withOrganizations(options, ({ get }) => get(name))
  Output.result(options, { organization }, () => inWords(organization))
  return true
}

export const update = async (
  options: Database.GlobalOptions & ActorOptions & NameOptions,
  organization: string
): Promise<boolean> => {
  const { name, slug } = options
  if (name === undefined && slug === undefined) throw new WrongUsage("say what to change: --slug or --name")
  const changed = await withOrganizations(options, (organizations) =>
    organizations.update(organization, given({ slug, name }), whoOf(options))
  )
  Output.changed(options, { organization: changed }, () => inWords(changed))
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const organizations = program.command("organizations").description("who events belong to")
  organizations
    .command("add")
    .description("add an organization")
    .argument("<slug>", "its short name: lower-case letters, digits and hyphens")
    .requiredOption("--name <text>", "its name as people are shown it")
    .addOption(as())
    .action(action(add))
  organizations
    .command("list")
    .description("list organizations by their short names")
    .addOption(limit())
    .addOption(cursor(slug))
    .action(action(list))
  organizations.command("show").description("show an organization").addArgument(theOrganization()).action(action(show))
  organizations
    .command("update")
    .description("rename an organization")
    .addArgument(theOrganization())
    .option("--slug <slug>", "its short name")
    .option("--name <text>", "its name as people are shown it")
    .addOption(as())
    .action(action(update))
}
