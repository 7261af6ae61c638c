/**
 * Options that name a database, a schema in it, or the file with such options.
 */
import * as DatabaseName from "@turnout/adapters/database-name"
import { isSchemaName, SCHEMA_NAME_RULE } from "@turnout/adapters/postgres/schema-name"
import { InvalidArgumentError, Option } from "commander"
import * as Result from "effect/Result"

export const schema = (text: string): string => {
  if (!isSchemaName(text)) throw new InvalidArgumentError(`${SCHEMA_NAME_RULE}.`)
  return text
}

/** Reads the URL of a server. `DatabaseName` decides which names are URLs of servers. */
export const server = (text: string): string => {
  const parsed = DatabaseName.parse(text)
  const name = Result.getOrUndefined(parsed)
  if (name?._tag === "Server") return name.url
  // The rule of a server's URL says what is wrong in it.
  if (Result.isFailure(parsed) && DatabaseName.isMeantForServer(text))
    throw new InvalidArgumentError(`${parsed.failure}.`)
  throw new InvalidArgumentError("must be a URL such as postgres://user@host:5432/database; for a folder use --data.")
}

/** Reads the path of a folder for the embedded Postgres. */
export const folder = (text: string): string => {
  const name = Result.getOrUndefined(DatabaseName.parse(text))
  if (name?._tag === "Folder") return name.folder
  throw new InvalidArgumentError(
    "must be a folder, written as a path such as ./name if its name looks like an address; for a server use --database."
  )
}

export const configurationFile = (): Option =>
  new Option("--config <file>", "JSON file with options (default: turnout.config.json, if it is there)").env(
    "TURNOUT_CONFIG"
  )
