/**
 * The URL of a mail server: `smtp://user:password@host:port`, or `smtps://` for TLS from the first byte. User and password are
 * percent-encoded. Without a port it is 587 for `smtp`, 465 for `smtps`.
 */

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** Whether the connection begins with TLS. */
  readonly isSecure: boolean
  /** Whether the host is this machine, so that nobody listens in between. */
  readonly isLoopback: boolean
  readonly user: string
  readonly password: string
}

/** The rule, which follows the name of a field. It shows nothing of the URL, which has a password. */
export const SMTP_URL_RULE =
  "must be a URL such as smtp://user:password@mail.example.com:587 or smtps://mail.example.com, without a path"

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/
const PORTS = { "smtp:": 587, "smtps:": 465 } as const

const decode = (text: string): string | undefined => {
  try {
    const decoded = decodeURIComponent(text)
    // SMTP sends both between zeros.
    return decoded.includes("\u0000") ? undefined : decoded
  } catch {
    return undefined
  }
}

/** Reads a URL; `undefined` if the text is none of a mail server. */
export const parse = (text: string): SmtpServer | undefined => {
  if (!/^smtps?:\/\/[!-~]+$/.test(text) || !URL.canParse(text)) return undefined
  const { hash, hostname, password: encodedPassword, pathname, port, protocol, search, username } = new URL(text)
  const [user, password] = [decode(username), decode(encodedPassword)]
  const isWhole = (pathname === "" || pathname === "/") && search === "" && hash === ""
  if (!isWhole || hostname === "" || port === "0" || user === undefined || password === undefined) return undefined
  if ((user === "") !== (password === "")) return undefined
  const host = hostname.replaceAll(/[[\]]/g, "").toLowerCase()
  return {
    host,
    port: port === "" ? PORTS[protocol as keyof typeof PORTS] : Number(port),
    isSecure: protocol === "smtps:",
    isLoopback: LOOPBACK.test(host),
    user,
    password
  }
}
