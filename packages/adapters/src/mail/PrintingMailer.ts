/**
 * A mailer that prints the mails and sends none: for a service on a developer's machine, where the link in a mail is followed from the
 * terminal. HTML is left out, since the text says the same.
 */
import type { Mail } from "@turnout/core/access/domain/Mail"
import { Mailer } from "@turnout/core/access/ports/Mailer"
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { checked } from "./CheckedMail.ts"

/** Writes the lines of one mail, with nothing of another one in between. */
export type WriteLines = (lines: ReadonlyArray<string>) => Effect.Effect<void>

/** A mail in lines that a terminal shows and does not obey: the recipient, the subject, an empty line, and the text. */
export const linesOf = ({ subject, text, to }: Mail): ReadonlyArray<string> => [
  `To: ${visible(to)}`,
  `Subject: ${visible(subject)}`,
  "",
  ...text.replaceAll("\r\n", "\n").split("\n").map(visible)
]

export const make = (write: WriteLines): Mailer["Service"] => ({ send: checked((mail) => write(linesOf(mail))) })

export const layer = (write: WriteLines): Layer.Layer<Mailer> => Layer.succeed(Mailer, make(write))
