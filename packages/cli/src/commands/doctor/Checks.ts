/**
 * All checks, by what they need. A new neighbour, such as a cache, is a file under `checks`, and a line here.
 */
import type { TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import type { SqlClient } from "effect/sql/SqlClient"
import type { GlobalOptions } from "../../Database.ts"
import type { Check } from "./Check.ts"
import * as Clients from "./checks/Clients.ts"
import * as Clock from "./checks/Clock.ts"
import * as Configuration from "./checks/Configuration.ts"
import * as Growth from "./checks/Growth.ts"
import * as Issuers from "./checks/Issuers.ts"
import * as Queues from "./checks/Queues.ts"
import * as OpenReplays from "./checks/Replays.ts"
import * as Schema from "./checks/Schema.ts"
import * as Server from "./checks/Server.ts"
import * as Settings from "./checks/Settings.ts"
import * as Sinks from "./checks/Sinks.ts"
import * as Webhooks from "./checks/Webhooks.ts"

/** What the checks of a database need. */
export type Needed = SqlClient | OrganizationStore | OutboxOperations | Replays | WebhookStore

/** Checks that need no database. */
export const outside = async (
  options: GlobalOptions,
  queues: ReadonlyArray<Queues.Asked>,
  issuers: ReadonlyArray<TokenIssuerInput>
): Promise<ReadonlyArray<Check>> => [
  Configuration.check(options),
  ...(await Queues.checks(queues)),
  ...(await Issuers.checks(issuers))
]

/** The checks without which no other one of the database makes sense: whether it answers, and whether it has the tables. */
export const first = (options: GlobalOptions): ReadonlyArray<Check<Needed>> => [
  Server.check(options),
  Schema.check(options)
]

/** Checks that need a server which answers. */
export const ofServer = (options: GlobalOptions): ReadonlyArray<Check<Needed>> => [
  Settings.check(options),
  Clients.check
]

/** Checks that need the tables. */
export const ofTables = (
  options: GlobalOptions,
  issuers: ReadonlyArray<TokenIssuerInput>
): ReadonlyArray<Check<Needed>> => [
  Clock.check,
  Sinks.check,
  OpenReplays.check,
  Webhooks.check,
  Growth.check(options),
  Issuers.ofRules(issuers)
]
