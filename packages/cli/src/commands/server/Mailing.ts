/**
 * The mail of a server: how it is sent, and where the links in it lead.
 */
import { RULE as SENDER_RULE, parse as parseSender } from "@turnout/adapters/mail/sender"
import { parse as parseSmtpUrl, SMTP_URL_RULE } from "@turnout/adapters/mail/smtp-url"
import type { Mailer } from "@turnout/core/access/ports/Mailer"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { isLoopback, originOf, PUBLIC_URL_RULE } from "@turnout/http/PublicUrl"
import { type Command, InvalidArgumentError, Option } from "commander"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Database from "../../Database.ts"
import * as Output from "../../output/Output.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface MailingOptions {
  /** The URL of the server that takes the mails, with its password. */
  readonly smtp?: string
  /** The sender of the mails. */
  readonly mailFrom?: string
  /** Whether mails are printed, and not sent. */
  readonly printMail?: boolean
  /** The URL at which people reach the server. */
  readonly publicUrl?: string
}

type Given = MailingOptions & Database.GlobalOptions & { readonly host: string }

/** How mails leave: by SMTP, onto the terminal, or not at all. */
export type Way =
  | { readonly _tag: "Smtp"; readonly url: string; readonly from: string }
  | { readonly _tag: "Printed" }
  | { readonly _tag: "None" }

/**
 * The way of the mails. An embedded database that is served to this machine prints them: whoever tries Turnout needs no mail server.
 * Throws `WrongUsage` if an option lacks another.
 */
export const wayOf = ({ database, host, mailFrom, printMail, publicUrl, smtp }: Given): Way => {
  const isLocal = isLoopback(host)
  if (smtp === undefined && mailFrom !== undefined)
    throw new WrongUsage("--mail-from is the sender of mails that --smtp sends: name the mail server as well")
  if (smtp !== undefined && mailFrom === undefined)
    throw new WrongUsage("--smtp needs the sender of the mails: --mail-from with an address")
  const isPrinted = smtp === undefined && (printMail ?? (isLocal && database === undefined))
  if (smtp === undefined && !isPrinted) return { _tag: "None" }
  if (!isLocal && publicUrl === undefined)
    throw new WrongUsage("the links in mails need an address that people reach the server at: --public-url with a URL")
  return smtp === undefined ? { _tag: "Printed" } : { _tag: "Smtp", url: smtp, from: mailFrom! }
}

/** Prints the lines of a mail apart from others, on stderr, since they are no result. */
const print = (lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.sync(() => Output.notice("", ...lines.map((line) => `  ${line}`), ""))

/** The mailer, for as long as the scope is open; none if no mail is sent. What sends by SMTP is loaded only for that. */
export const make = Effect.fnUntraced(function* (
  way: Way
): Effect.fn.Return<{ readonly mailer?: Mailer["Service"] }, InvalidInput, Scope.Scope> {
  if (way._tag === "None") return {}
  if (way._tag === "Printed") {
    const Printing = yield* Effect.promise(() => import("@turnout/adapters/mail/printing"))
    return { mailer: Printing.make(print) }
  }
  const Smtp = yield* Effect.promise(() => import("@turnout/adapters/mail/smtp"))
  return { mailer: yield* Smtp.make({ url: Redacted.make(way.url), from: way.from }) }
})

/** What a server says of its mails. */
export const linesOf = (way: Way, address: string): ReadonlyArray<string> => {
  switch (way._tag) {
    case "Printed":
      return [`  Sign in   ${address}/sign-in (mails are printed here)`]
    case "Smtp":
      return [`  Sign in   ${address}/sign-in`]
    case "None":
      return []
  }
}

const keeping = (rule: string, isRight: (text: string) => boolean) => (text: string) => {
  if (!isRight(text)) throw new InvalidArgumentError(`${rule}.`)
  return text
}

/** Adds the options to a command. */
export const declare = (command: Command): Command =>
  command
    .addOption(
      new Option("--smtp <url>", "mail server that takes the mails with sign-in links")
        .env("TURNOUT_SMTP")
        .argParser(keeping(SMTP_URL_RULE, (text) => parseSmtpUrl(text) !== undefined))
    )
    .addOption(
      new Option("--mail-from <address>", "sender of the mails, as in Tickets <tickets@example.com>").argParser(
        keeping(SENDER_RULE, (text) => parseSender(text) !== undefined)
      )
    )
    .addOption(
      new Option(
        "--print-mail",
        "print mails on stderr, and send none (default: on an embedded database, for this machine)"
      ).conflicts("smtp")
    )
    .addOption(
      new Option("--public-url <url>", "URL at which people reach the server, without a path").argParser(
        keeping(PUBLIC_URL_RULE, (text) => originOf(text) !== undefined)
      )
    )
