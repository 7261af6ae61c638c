/**
 * The cookie that is the credential of a browser: its value is the text of a session.
 *
 * The prefix of its name makes browsers keep it to this host, to connections that nobody listens to, and to the whole host, so that no
 * neighbour under the same domain can set one. Scripts of pages cannot read it.
 */
import { SESSION_MILLIS } from "@turnout/core/access/domain/signIn/Session"

export const NAME = "__Host-turnout"

const ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Lax"

/** Only these stand around the parts of the header (RFC 6265, 4.2.1): a name with another blank in it is another name. */
const BLANKS = /^[ \t]+|[ \t]+$/g

const NONE: ReadonlyArray<string> = []

/** The values of the cookies of this name in a header `Cookie`. Other cookies are none of ours. */
export const valuesIn = (header: string | undefined): ReadonlyArray<string> => {
  if (header === undefined || !header.includes(NAME)) return NONE
  return header.split(";").flatMap((pair) => {
    const at = pair.indexOf("=")
    const name = (at < 0 ? pair : pair.slice(0, at)).replaceAll(BLANKS, "")
    return name === NAME ? [at < 0 ? "" : pair.slice(at + 1).replaceAll(BLANKS, "")] : []
  })
}

/** `Set-Cookie` with the text of a session, for as long as a session is valid that is not used. */
export const setting = (text: string): string =>
  `${NAME}=${text}; ${ATTRIBUTES}; Max-Age=${Math.floor(SESSION_MILLIS / 1_000)}`

/** `Set-Cookie` that takes the cookie away. */
export const CLEARING: string = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`
