/**
 * The mail that brings a sign-in link: a text without HTML, which every mail program shows as it is.
 */
import type { Mail } from "../Mail.ts"

/** The most characters of a host that a subject shows; a longer one is left out. */
const MAX_HOST_LENGTH = 100

/** An instant to the minute, in UTC, as people read it: `2026-05-01 09:30 UTC`. */
const minuteOf = (instant: Date): string => `${instant.toISOString().slice(0, 16).replace("T", " ")} UTC`

/** A mail to an address, with the URL of the page that takes the link, and the time at which the link ends. */
export const mailOf = (to: string, url: URL, expiresAt: Date): Mail => {
  const { host } = url
  return {
    to,
    subject: host.length > MAX_HOST_LENGTH ? "Your link to sign in" : `Your link to sign in at ${host}`,
    text: [
      `Somebody, probably you, wants to sign in at ${host} with this e-mail address.`,
      "",
      "To sign in, open this link and confirm on the page:",
      "",
      url.href,
      "",
      `It works once, until ${minuteOf(expiresAt)}, in any browser.`,
      "",
      "If it was not you, do nothing: without the link nobody can sign in as you. Pass it on to nobody.",
      ""
    ].join("\n")
  }
}
