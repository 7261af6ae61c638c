/**
 * The mailer of a server, and what its mails lead to: the page of this server that takes a sign-in link.
 *
 * The text of a link stands after `#`. Browsers keep that part to themselves: it is in no request, in no log of a proxy, and in no
 * `Referer`.
 */
import { mailOf } from "@turnout/core/access/domain/signIn/LinkMail"
import type { Mailer } from "@turnout/core/access/ports/Mailer"
import { LinkNotSent, SignInMail } from "@turnout/core/access/ports/SignInMail"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SIGN_IN_PATH } from "./SignInApi.ts"

export interface MailOptions {
  /** Sends the mails with sign-in links, such as `SmtpMailer` of `@turnout/adapters/mail`. Default: nobody can sign in by mail. */
  readonly mailer?: Mailer["Service"]
  /**
   * The URL at which people reach the server, without a path: https, or http for this machine. Sign-in links lead to it, and writes with
   * the cookie of a session come from it. Default: where the server listens, if that is this machine; otherwise a server that has a
   * mailer must have it.
   */
  readonly publicUrl?: string
}

const noMailer = Effect.fail(new LinkNotSent({ cause: new Error("this server has no mailer") }))

/** Mails links that lead to the page below `ownUrl`, which is asked for when a mail is sent. */
export const layer = (mailer: Mailer["Service"] | undefined, ownUrl: () => string): Layer.Layer<SignInMail> =>
  Layer.succeed(SignInMail, {
    send: (address, linkText, expiresAt) =>
      mailer === undefined
        ? noMailer
        : Effect.suspend(() => {
            const url = new URL(`${ownUrl()}${SIGN_IN_PATH}#${linkText}`)
            return mailer.send(mailOf(address, url, expiresAt))
          }).pipe(Effect.mapError((cause) => new LinkNotSent({ cause })))
  })
