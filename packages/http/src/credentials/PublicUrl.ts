/**
 * The URL at which people reach the service: sign-in links lead to it, and pages that write come from it. It is never taken from a
 * request, since whoever sends one chooses the host that it names.
 */

/** The rule, which follows the name of an option. */
export const PUBLIC_URL_RULE =
  "must be an https URL without a path, such as https://tickets.example.com; only a URL of this machine may be http"

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/

/** Whether a host is this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/** The longest URL. */
const MAX_LENGTH = 300

/** The origin of a public URL, such as `https://tickets.example.com`; `undefined` if the text is none. */
export const originOf = (text: string): string | undefined => {
  if (text.length > MAX_LENGTH || !/^https?:\/\/[!-~]+$/i.test(text) || !URL.canParse(text)) return undefined
  const { hash, hostname, origin, password, pathname, protocol, search, username } = new URL(text)
  // An empty query or fragment is no part of the parsed URL.
  const isBare = pathname === "/" && `${search}${hash}${username}${password}` === "" && !/[?#@]/.test(text)
  return isBare && (protocol === "https:" || isLoopback(hostname)) ? origin : undefined
}
