/**
 * The option with the issuers whose bearer tokens are taken.
 */
import { type TokenIssuerInput, TokenIssuers } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { Option } from "commander"
import type * as Schema from "effect/Schema"
import * as Documents from "../../usage/Documents.ts"

export interface IssuersOptions {
  readonly issuers?: ReadonlyArray<TokenIssuerInput>
}

const read = Documents.list(
  TokenIssuers as unknown as Schema.Codec<ReadonlyArray<TokenIssuerInput>, unknown>,
  "TokenIssuer"
)

/** `description` says what the issuers are to the command. */
export const issuers = (description: string): Option =>
  new Option("--issuers <json>", `${description}: a list, as in the configuration file`)
    .env("TURNOUT_ISSUERS")
    .argParser(read)
