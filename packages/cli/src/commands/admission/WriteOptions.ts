/**
 * The options of every command that changes an event or a registration: who does it, under which idempotency key, and on which version
 * of the event.
 */
import { isIdempotencyKey } from "@turnout/core/admission/domain/state/Idempotency"
import { type Command, InvalidArgumentError, Option } from "commander"
import { randomUUID } from "node:crypto"
import { type ActorOptions, as } from "../../options/access/Actor.ts"
import { ifVersion } from "../../options/Versions.ts"

export interface WriteOptions extends ActorOptions {
  readonly idempotencyKey?: string
}

/** The options of a write about an event that is there. */
export interface ChangeOptions extends WriteOptions {
  readonly ifVersion?: number
}

/** The longest key: a command with several registrations adds the id of each to it. */
const MAX_KEY = 200

const key = (text: string): string => {
  if (!isIdempotencyKey(text) || text.length > MAX_KEY)
    throw new InvalidArgumentError(`must be 1 to ${MAX_KEY} printable ASCII characters.`)
  return text
}

/** The key of a command: that of its options, or a new one. */
export const keyOf = ({ idempotencyKey }: WriteOptions): string => idempotencyKey ?? randomUUID()

/** The version that a write about an event is based on, as the library takes it. */
export const expecting = ({ ifVersion: expectedVersion }: ChangeOptions): { readonly expectedVersion?: number } =>
  expectedVersion === undefined ? {} : { expectedVersion }

/** Adds the options of every write to a command. */
export const withWriteOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--idempotency-key <key>",
        "run again with the same key, the command changes nothing more (default: a new key)"
      ).argParser(key)
    )
    .addOption(as())

/** Adds the options of every write about an event that is there. */
export const withChangeOptions = (command: Command): Command => withWriteOptions(command.addOption(ifVersion()))
