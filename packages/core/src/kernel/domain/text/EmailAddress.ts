/**
 * The e-mail address of a person: a mailbox at a host, as in `ada@example.com`.
 *
 * An address is stored as mail is sent to it: the local part, before the `@`, as it was written, in Unicode normal form C; the
 * domain as the domain name system has it, in ASCII and lower case (UTS 46, nontransitional). So `Ada@München.DE` is stored as
 * `Ada@xn--mnchen-3ya.de`.
 *
 * Two addresses are one if they fold to the same text: the domains are equal as they are stored, and the local parts fold to the
 * same text (see `Text.fold`). A host may tell `Ada` and `ada` apart, but mail systems in use do not.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Text from "../Text.ts"

/** The most characters of an address, as given, as stored, and folded. A path of SMTP has no more (RFC 5321, 4.5.3.1.3). */
export const MAX_ADDRESS = 254
const MAX_LOCAL_BYTES = 64
/** The most characters of a domain, which then has 255 octets in the domain name system (RFC 1035, 2.3.4). */
const MAX_DOMAIN = 253
const MAX_LABEL = 63

/** Characters that addresses are pasted with, and that none begins or ends with. */
const AROUND = String.raw`['"\x60<>()[\]]`
/** Quotation marks other than `'`, which is in addresses such as o'brien@example.com, and characters that are taken for them. */
const QUOTATION = String.raw`(?!')\p{Quotation_Mark}|[´\u2032-\u2037<>]`
const PASTED = new RegExp(`^${AROUND}|${AROUND}$|['\\x60](?=@)|${QUOTATION}`, "u")

const PART = String.raw`[^\s@"(),:;<>[\]\\.\p{C}\p{Z}]+`
/** No quoting, no comments, no blanks. */
const LOCAL = new RegExp(`^${PART}(?:\\.${PART})*$`, "u")
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u
/** Two joiners belong to some domains: UTS 46 says to which. */
const INVISIBLE_IN_A_DOMAIN = /(?![\u200c\u200d])[\p{Default_Ignorable_Code_Point}\p{Cf}]/u

/** ASCII that would end the host of a URL, or that URLs decode; and punctuation, which IDNA 2008 has few of and UTS 46 all. */
const NOT_OF_A_DOMAIN = /[^-.0-9A-Za-z\x80-\u{10ffff}]|(?![-.。｡·͵׳״・])\p{P}/u
const LABEL = /^[a-z0-9-]+$/
const NUMBER = /^[0-9]+$/
/** A label for the end of a domain, as it is given to a URL and as it comes back. */
const END = [".ü", ".xn--tda"] as const

/** Full-width forms of ASCII, which keyboards for Chinese and Japanese make. */
const FULL_WIDTH = /[\uff01-\uff5e]/g
const FULL_WIDTH_OFFSET = 0xfee0

const toHalfWidth = (text: string): string =>
  text.replaceAll(FULL_WIDTH, (char) => String.fromCharCode(char.charCodeAt(0) - FULL_WIDTH_OFFSET))

/** A domain that UTS 46 leaves as it is, unless it has two hyphens in a row, and that ends in no number: most are, and cost least so. */
const PLAIN_DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?$/

/**
 * The domain in ASCII, by UTS 46 as URLs apply it; `undefined` if it is none.
 *
 * A label that is not ASCII stands at the end meanwhile. Without it, a URL would take a domain that ends in a number for an IPv4
 * address, and would leave the labels of an ASCII domain unchecked that begin with `xn--`.
 */
const toAscii = (domain: string): string | undefined => {
  if (PLAIN_DOMAIN.test(domain) && !domain.includes("--")) return domain
  const url = `http://${domain}${END[0]}`
  if (NOT_OF_A_DOMAIN.test(domain) || INVISIBLE_IN_A_DOMAIN.test(domain) || !URL.canParse(url)) return undefined
  return new URL(url).hostname.slice(0, -END[1].length)
}

/** An address in the form that is stored. A text that is no address stays one that `problemOf` refuses. */
export const normalise = (text: string): string => {
  const written = toHalfWidth(Text.withoutInvisibleEnds(text)).normalize("NFC")
  const begin = written.lastIndexOf("@") + 1
  const domain = begin === 0 || PASTED.test(written) ? undefined : toAscii(written.slice(begin))
  return domain === undefined ? written : written.slice(0, begin) + domain
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

const domainProblemOf = (domain: string): string | undefined => {
  const labels = domain.split(".")
  if (labels.some((label) => !LABEL.test(label)) || toAscii(domain) === undefined)
    return "must have a domain of letters, digits and hyphens (UTS 46) after the @, such as example.com"
  if (labels.some((label) => label.length > MAX_LABEL))
    return `must have at most ${MAX_LABEL} characters in each part of its domain, in ASCII`
  if (domain.length > MAX_DOMAIN) return `must have a domain of at most ${MAX_DOMAIN} characters, in ASCII`
  if (labels.some((label) => label.startsWith("-") || label.endsWith("-")))
    return "must not have a hyphen at the beginning or the end of a part of its domain"
  return NUMBER.test(labels.at(-1)!) ? "must not have a domain that ends in a number" : undefined
}

/** The form under which two spellings of an address are equal. */
export const fold = (normalised: string): string => Text.fold(normalised)

/** Begins the ids that are made of addresses, and no other. */
export const BY_ADDRESS = "mailto:"

/** The id of the person who is known by an address: `mailto:` and the address, folded. */
export const idOf = (normalised: string): string => BY_ADDRESS + fold(normalised)

/** The rule that a normalised text breaks; `undefined` if it is an address. */
export const problemOf = (text: string): string | undefined => {
  const example = "such as ada@example.com"
  if (PASTED.test(text)) return `must be the address alone, without quote marks, brackets or a name, ${example}`
  const [local = "", domain = "", ...more] = text.split("@")
  const [invisible] = INVISIBLE.exec(local) ?? INVISIBLE_IN_A_DOMAIN.exec(domain) ?? []
  if (invisible !== undefined) return `must not contain the invisible character ${Text.codePoint(invisible)}`
  const isMailbox = more.length === 0 && LOCAL.test(local) && LOCAL.test(Text.fold(local)) && domain !== ""
  if (!isMailbox) return `must be an e-mail address, ${example}`
  if (bytesOf(local) > MAX_LOCAL_BYTES) return `must have at most ${MAX_LOCAL_BYTES} bytes before the @`
  const problem = domainProblemOf(domain)
  if (problem !== undefined) return problem
  if (bytesOf(text) > MAX_ADDRESS) return `must have at most ${MAX_ADDRESS} bytes, with its domain in ASCII`
  return fold(text).length > MAX_ADDRESS ? `must have at most ${MAX_ADDRESS} characters once it is folded` : undefined
}

/** An e-mail address, decoded to the form that is stored. */
export const Email: Schema.Codec<string> = Text.line({ maxLength: MAX_ADDRESS }).pipe(
  Schema.decodeTo(
    Schema.String.check(Schema.makeFilter((text) => problemOf(text) ?? true)),
    SchemaTransformation.transform({ decode: normalise, encode: (text: string) => text })
  ),
  Schema.annotateEncoded({
    format: "idn-email",
    description: `A mailbox at a host, without quote marks, brackets or a name; at most ${MAX_ADDRESS} bytes, with its domain in ASCII`
  })
)

/** An e-mail address, decoded to the form under which its spellings are equal. */
export const Folded: Schema.Codec<string> = Email.pipe(
  Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode: fold, encode: (text: string) => text }))
)

/** The folded address that a text from elsewhere has, such as a claim of a token; `null` if it has none. */
export const foldedOf = (text: string): string | null => {
  const address = normalise(text)
  return problemOf(address) === undefined ? fold(address) : null
}
