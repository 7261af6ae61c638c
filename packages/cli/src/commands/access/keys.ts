/**
 * `turnout keys`: makes, lists, replaces and revokes API keys.
 */
import { type Command, Option } from "commander"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import type { ApiKey } from "@turnout/core/access/domain/credentials/ApiKey"
import { permissionsOf, Role, roles } from "@turnout/core/access/domain/policy/Role"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import * as Organizations from "../../options/access/Organizations.ts"
import * as Ids from "../../options/Ids.ts"
import { instant } from "../../options/Instants.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Line from "../../output/Line.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { time, timeIfAny } from "../../output/Words.ts"

/** Whoever has the database runs the installation, and has every permission. */
const HELD = permissionsOf("operator")

/** Runs a use of keys to its end. */
const withKeys = <A, E>(
  options: Database.GlobalOptions,
  work: (keys: ApiKeys.ApiKeys["Service"]) => Effect.Effect<A, E, OrganizationStore>
): Promise<A> =>
  Logs.runPromise(
    options,
    Effect.provide(ApiKeys.ApiKeys.use(work), Layer.provideMerge(ApiKeys.layer, Database.stores(options)))
  )

const keyId = Ids.credential("a key")

const stateOf = ({ expiresAt, replacedBy, revokedAt }: ApiKey): string => {
  if (revokedAt !== null) return `revoked ${time(revokedAt)}`
  const end = expiresAt === null ? [] : [`until ${time(expiresAt)}`]
  return [...end, ...(replacedBy === null ? [] : [`replaced by ${replacedBy}`])].join(", ")
}

const HEAD = [
  "key",
  Table.text("name"),
  "role",
  Table.spareText("organization"),
  Table.spare("last used"),
  Table.text("state")
]
const row = (key: ApiKey) => [
  key.id,
  key.name,
  key.role,
  key.organizationId ?? "",
  timeIfAny(key.lastUsedAt, "never"),
  stateOf(key)
]
const inWords = (key: ApiKey) => Table.lines(HEAD, [row(key)])

/** A key and its text in words. The text is shown this once only. */
const textInWords = ({ key, text }: ApiKeys.WithText): ReadonlyArray<Line.Line> => [
  ...inWords(key),
  "",
  Line.of`Requests send it as ${Line.heading(`Authorization: Bearer ${text}`)}`,
  "Keep it: it is not shown again."
]

interface CreateOptions extends Organizations.OrganizationOptions {
  readonly name: string
  readonly role: Role
  readonly expiresAt?: Date
}

export const create = async (options: Database.GlobalOptions & ActorOptions & CreateOptions): Promise<boolean> => {
  const { expiresAt = null, name, role } = options
  const made = await withKeys(options, (keys) =>
    Effect.flatMap(Organizations.fieldOf(options), ({ organizationId = null }) =>
      keys.create({ name, role, organizationId, expiresAt }, HELD, whoOf(options))
    )
  )
  Output.changed(options, made, () => textInWords(made))
  return true
}

export const list = async (
  options: Database.GlobalOptions & Organizations.OrganizationOptions & Paging.KeyPaging<string>
): Promise<boolean> => {
  const page = Paging.byKey(
    await withKeys(options, (keys) =>
      Effect.flatMap(Organizations.fieldOf(options), ({ organizationId }) =>
        pageByKey(
          (asked) => keys.list(organizationId ?? "all", asked),
          Paging.toRequest(options),
          ({ id }) => id
        )
      )
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["There are no API keys: turnout keys create"]
      : [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)]
  )
  return true
}

export const rotate = async (
  options: Database.GlobalOptions & ActorOptions & { readonly overlap: number },
  id: string
): Promise<boolean> => {
  const made = await withKeys(options, (keys) =>
    keys.replace(id, { overlapMillis: options.overlap }, HELD, whoOf(options))
  )
  Output.changed(options, made, () => textInWords(made))
  return true
}

export const revoke = async (options: Database.GlobalOptions & ActorOptions, id: string): Promise<boolean> => {
  const key = await withKeys(options, (keys) => keys.revoke(id, whoOf(options)))
  Output.changed(options, { key }, () => inWords(key))
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const keys = program.command("keys").description("API keys, the credentials of programs")
  const abouts = Role.literals.map((role) => `${role} ${roles[role].about}`).join("; ")
  keys
    .command("create")
    .description("make an API key, and show it, once")
    .requiredOption("--name <text>", "what it is for")
    .addOption(new Option("--role <role>", `what it may do: ${abouts}`).choices(Role.literals).makeOptionMandatory())
    .addOption(Organizations.organization("the organization that it is for, which every role but operator needs"))
    .option("--expires-at <time>", "when it ends (default: never)", instant)
    .addOption(as())
    .action(action(create))
  keys
    .command("list")
    .description("list API keys, the oldest first")
    .addOption(Organizations.organization("only those that are for this organization"))
    .addOption(limit())
    .addOption(cursor(keyId))
    .action(action(list))
  keys
    .command("rotate")
    .description("make a key that replaces another one, which goes on for a while")
    .argument("<key>", "id of the key", keyId)
    .option(
      "--overlap <millis>",
      "for how long the one before goes on",
      wholeNumber(0, ApiKeys.MAX_OVERLAP_MILLIS),
      ApiKeys.DEFAULT_OVERLAP_MILLIS
    )
    .addOption(as())
    .action(action(rotate))
  keys
    .command("revoke")
    .description("end a key at once")
    .argument("<key>", "id of the key", keyId)
    .addOption(as())
    .action(action(revoke))
}
