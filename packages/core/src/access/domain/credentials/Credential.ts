/**
 * Credentials as text: `<prefix>_<id>_<secret>`. The prefix tells the kind, the id is for finding, and the secret is 256 random bits, of
 * which only a digest is stored.
 *
 * | prefix | kind           | id                             |
 * | ------ | -------------- | ------------------------------ |
 * | `tk`   | `apiKey`       | of the API key                 |
 * | `ts`   | `session`      | of the session                 |
 * | `tm`   | `signInLink`   | of the link, which was mailed  |
 * | `ta`   | `attendeeLink` | of the registration            |
 */
import * as Schema from "effect/Schema"

const PREFIXES = { apiKey: "tk", session: "ts", signInLink: "tm", attendeeLink: "ta" } as const

export type CredentialKind = keyof typeof PREFIXES

const KINDS = new Map(Object.entries(PREFIXES).map(([kind, prefix]) => [prefix as string, kind as CredentialKind]))

/** The id in a credential: 32 hexadecimal digits. Ids that are made for credentials are higher the later they are made. */
export const CredentialId = Schema.String.annotate({
  pattern: "^[0-9a-f]{32}$",
  examples: ["01a1fc98aa3170bbaea8a708368a1d5e"]
}).check(Schema.makeFilter((text) => /^[0-9a-f]{32}$/.test(text) || "must be 32 lower-case hexadecimal digits"))
export type CredentialId = typeof CredentialId.Type

/** The number of random bytes in a secret. */
export const SECRET_BYTES = 32

export interface Credential {
  readonly kind: CredentialKind
  readonly id: CredentialId
  readonly secret: string
}

const TEXT = /^(t[a-z])_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/

/** The parts of a credential's text; `undefined` if the text is none. */
export const parse = (text: string): Credential | undefined => {
  const found = TEXT.exec(text)
  const kind = found === null ? undefined : KINDS.get(found[1]!)
  return kind === undefined ? undefined : { kind, id: found![2]!, secret: found![3]! }
}

/** The kind that a text is meant to be, since it begins as one; `undefined` for other texts. */
export const kindOf = (text: string): CredentialKind | undefined =>
  text[2] === "_" ? KINDS.get(text.slice(0, 2)) : undefined

/** The text of a credential. `secret` is base64url of `SECRET_BYTES` bytes. */
export const textOf = (kind: CredentialKind, id: CredentialId, secret: string): string =>
  `${PREFIXES[kind]}_${id}_${secret}`
