/**
 * The mails that a server has sent in a test, and the sign-in links in them.
 */
import * as MemoryMailer from "@turnout/adapters/mail/memory"
import { Effect } from "effect"

/** The text of the sign-in link in a mail, as a page takes it from its address. */
export const linkIn = (text: string): string => /#(tm_[0-9a-f]{32}_[\w-]{43})\s/.exec(text)![1]!

const MOST_TRIES = 500

/** A mailer, and the link of the latest mail to an address, which is waited for. */
export const make = Effect.map(MemoryMailer.make, ({ mailer, mails }) => ({
  mailer,
  mails,
  linkTo: Effect.fnUntraced(function* (address: string) {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const mail = (yield* mails.all).findLast(({ to }) => to === address)
      if (mail !== undefined) return linkIn(mail.text)
      yield* Effect.promise(() => new Promise((resolve) => void setTimeout(resolve, 10)))
    }
    throw new Error(`no mail has come to ${address}`)
  })
}))

export type Mailbox = Effect.Success<typeof make>
