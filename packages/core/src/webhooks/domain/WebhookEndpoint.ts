/**
 * Endpoints: the URLs that webhooks may be posted to.
 *
 * The rule is the same for the operator who adds a webhook and for the relay that posts to it: a webhook that a relay would refuse for ever
 * is refused when it is added. The members of an organization are not those who run the network that requests are made from, so what
 * private addresses allow is for webhooks of the installation alone. The rule looks at the URL alone. What a name resolves to is for
 * `WebhookEndpoints` to find out, and for the connection to check again.
 */
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import { type AddressBytes, notPublic } from "./PublicAddress.ts"

export interface EndpointRule {
  /** Whether addresses of private networks, and plain http, are allowed. */
  readonly allowPrivate: boolean
}

/** The rule for the URL of a webhook, in an installation with this rule. */
export const ruleFor = (organizationId: OrganizationId | null, { allowPrivate }: EndpointRule): EndpointRule => ({
  allowPrivate: allowPrivate && organizationId === null
})

/** The limits of DNS for a name and for each of its labels, in characters. */
const MAX_NAME_LENGTH = 253
const MAX_LABEL_LENGTH = 63

/** Reads an address as a URL spells it: IPv4 as four numbers, IPv6 in brackets; `undefined` for a name. */
const bytesOf = (hostname: string): AddressBytes | undefined => {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(hostname)) return hostname.split(".").map(Number)
  const text = /^\[(.*)\]$/.exec(hostname)?.[1]
  if (text === undefined) return undefined
  const [head = "", tail] = text.split("::")
  // A group that is not there would be NaN, whose two bytes are 0, as those of the zeros that "::" stands for.
  // Stryker disable next-line ConditionalExpression,StringLiteral,ArrayDeclaration: bytes of NaN are those of 0
  const groupsOf = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)))
  // Stryker disable next-line StringLiteral: as above
  const [first, last] = [groupsOf(head), groupsOf(tail ?? "")]
  // Stryker disable next-line ConditionalExpression,ArrayDeclaration,ArrowFunction: as above, and nothing reads past the 16th byte
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => 0)
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 255])
}

/** The name of the host in a URL, without the dot that may end it; `undefined` if the host is an address. */
export const nameOf = ({ hostname }: URL): string | undefined =>
  bytesOf(hostname) === undefined ? hostname.replace(/\.$/, "") : undefined

const addressRule = (hostname: string, bytes: AddressBytes): string | undefined => {
  const refused = notPublic(bytes)
  if (refused === undefined) return undefined
  const leads = refused === bytes ? "" : `, which leads to ${refused.join(".")}`
  return `must not lead to ${hostname.replaceAll(/[[\]]/g, "")}${leads}, which is not a public address`
}

const nameRule = (name: string, { allowPrivate }: EndpointRule): string | undefined => {
  if (name.length > MAX_NAME_LENGTH || name.split(".").some(({ length }) => length === 0 || length > MAX_LABEL_LENGTH))
    return "must name a host that there can be"
  // The names of the machine itself, whatever a resolver says of them (RFC 6761).
  return !allowPrivate && /(?:^|\.)localhost$/.test(name)
    ? `must not lead to ${name}, which is not a public address`
    : undefined
}

/** The rule that a URL breaks, beginning with "must"; `undefined` if it may be posted to. */
export const refusalOf = (url: URL, rule: EndpointRule): string | undefined => {
  const { hostname, port, protocol } = url
  if (protocol !== "https:" && !(rule.allowPrivate && protocol === "http:"))
    return "must begin with https://, since only https is allowed"
  if (port === "0") return "must not have port 0, which nothing can listen on"
  const bytes = bytesOf(hostname)
  if (bytes === undefined) return nameRule(hostname.replace(/\.$/, ""), rule)
  return rule.allowPrivate ? undefined : addressRule(hostname, bytes)
}
